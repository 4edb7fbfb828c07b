package dev.hone.train.data;

import dev.hone.nn.Labels;
import java.math.BigDecimal;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Looks for labels that are likely meant otherwise than they are written: signs of a missing value, one class in two spellings,
 * values of several types, measured numbers among classes. Each is said in one line, with the setting that decides.
 */
public final class LabelCheck {
  /** Signs of a missing value, as pandas knows them. */
  private static final Set<String> MISSING = Set.of("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND",
      "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null");
  private static final String NUMBER = "[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,3})?";
  private static final String COMMA_NUMBER = "[+-]?(\\d+|\\d{1,3}(\\.\\d{3})+),\\d+";
  /** What cannot be seen; joiners shape the letters and pictures around them. */
  private static final String UNSEEN = "[\\p{Cf}&&[^\\u200C\\u200D]]";
  /** So many different whole numbers may be classes; more are, unless most rows share theirs with another. */
  private static final int CLASSES = 20;

  private final RawTable table;
  private final int column;
  private final Labels.Kind kind;
  private final boolean decided;
  private final boolean exact;
  private final Map<String, String> spellings = new HashMap<>(); // by what they have in common
  private final Map<String, Integer> lines = new HashMap<>(); // of the first row of each label
  private final Set<String> values = new HashSet<>();
  private boolean numbers = true;
  private boolean commas = true; // numbers with a decimal comma, or whole ones
  private String comma; // the first with a comma
  private String decimal; // the first number that is not whole
  private int rows;

  LabelCheck(RawTable table, int column, Labels.Kind kind, DataOptions options) {
    this.table = table;
    this.column = column;
    this.kind = kind;
    this.decided = !options.labels().isEmpty();
    this.exact = options.labels().equals(DataOptions.EXACT);
  }

  /** Whether a text is a sign of a missing value. */
  public static boolean isMissing(String text) {
    return text.length() < 12 && MISSING.contains(text.strip());
  }

  /** What labels have in common that differ only by capitals, spaces, composed or unseen characters, or how a number is said. */
  static String plain(String label) {
    String plain = seen(label, Normalizer.Form.NFKC).strip().replaceAll("\\s+", " ").toLowerCase(Locale.ROOT);
    if (!plain.matches(NUMBER) || plain.length() > 40) {
      return plain;
    }
    BigDecimal number = new BigDecimal(plain).stripTrailingZeros();
    return number.signum() == 0 ? "0" : number.toPlainString();
  }

  private static String seen(String label, Normalizer.Form form) {
    return Normalizer.normalize(label, form).replaceAll(UNSEEN, "");
  }

  private static boolean looksLike(String one, String other) {
    return seen(one, Normalizer.Form.NFC).equals(seen(other, Normalizer.Form.NFC));
  }

  /**
   * Takes in the labels of a row.
   *
   * @return what is wrong with them, or null
   */
  public String add(int line, List<String> labels) {
    rows++;
    if (kind == Labels.Kind.REGRESSION) {
      return null;
    }
    for (String label : labels) {
      if (!exact && MISSING.contains(label)) {
        return "the label (" + table.describe(column) + ") is '" + label
            + "', which mostly stands for a missing one; leave the row "
            + "out, or say --labels exact if it is a class";
      }
      String problem = decided ? null : spelled(line, label);
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  private String spelled(int line, String label) {
    if (values.size() > LabelSet.MAX || !values.add(label)) { // so many are no classes
      return null;
    }
    lines.put(label, line);
    boolean number = label.matches(NUMBER);
    numbers &= number;
    commas &= label.matches(NUMBER) && !label.contains(".") || label.matches(COMMA_NUMBER);
    comma = comma == null && label.matches(COMMA_NUMBER) ? label : comma;
    String plain = plain(label);
    decimal = number && decimal == null && plain.contains(".") ? label : decimal;
    String other = spellings.putIfAbsent(plain, label);
    return other == null || kind != Labels.Kind.MULTI_LABEL && decimal != null ? null
        : "the labels '" + other + "' (line " + lines.get(other) + ") and '" + label + "' differ by "
            + (number ? "the writing of one number" : looksLike(other, label) ? "characters that cannot be seen or told apart"
                : "capitals or spaces")
                + " alone; --labels merge makes them one class, --labels "
            + "exact keeps them apart";
  }

  /** What is wrong with all of the labels that were taken in, or null. */
  public String end() {
    Map<CellKinds.Kind, Integer> kinds = table.kinds().of(table.columns().get(column));
    if (!decided && kinds.size() > 1 && kind == Labels.Kind.SINGLE_LABEL) {
      List<String> words = new ArrayList<>();
      kinds.forEach((each, line) -> words.add(each.words() + " (line " + line + ")"));
      return "the labels (" + table.describe(column) + ") are of several types: " + String.join(", ", words)
          + "; --labels merge takes 1, \"1\" and 1.0 for one class, --labels exact each spelling for a class of its own";
    }
    if (!decided && kind == Labels.Kind.SINGLE_LABEL && commas && comma != null) {
      return "the labels (" + table.describe(column) + ") are numbers with a decimal comma, such as " + comma + " (line "
          + lines.get(comma) + "); --problem-type regression learns numbers with a point, --labels exact takes each for a class";
    }
    if (decided || kind != Labels.Kind.SINGLE_LABEL || !numbers) {
      return null;
    }
    boolean many = values.size() > CLASSES && values.size() * 2 > rows;
    return decimal == null && !many ? null : "the labels (" + table.describe(column) + ") are numbers, "
        + (decimal == null ? values.size() + " different ones in " + rows + " rows" : "such as " + decimal + " (line "
            + lines.get(decimal) + ")") + "; --problem-type regression learns numbers, --labels exact takes each for a class";
  }
}
