package dev.hone.train.data;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Rows of texts that belong together or do not: which column is what, by what the user says, else by the usual names. There is an
 * anchor and a positive, perhaps negatives (columns, or lists in one) or a score; or a text and its label.
 */
final class RelatedRows {
  private static final List<String> ANCHOR = List.of("anchor", "query", "question", "sentence1", "sentence_1", "sentence_a",
      "text1",
      "text_1", "text_a", "premise", "prompt", "instruction");
  private static final List<String> POSITIVE = List.of("positive", "pos", "answer", "document", "passage", "sentence2",
      "sentence_2",
      "sentence_b", "text2", "text_2", "text_b", "hypothesis", "completion", "response", "output");
  private static final List<String> NEGATIVE = List.of("negative", "negatives", "neg", "hard_negative", "hard_negatives");
  private static final List<String> SCORE = List.of("score", "similarity", "similarity_score", "relevance", "label");
  private static final String NUMBERED_NEGATIVE = "(hard_)?neg(ative)?_?\\d{1,3}";

  private final RawTable table;
  private final Map<String, Integer> columns = new LinkedHashMap<>(); // anchor, positive, perhaps score
  private final List<Integer> negatives = new ArrayList<>();

  RelatedRows(RawTable table, DataOptions options) {
    this.table = table;
    Map<String, String> said = options.parts();
    Integer anchor = column(said, "anchor", ANCHOR);
    Integer positive = column(said, "positive", POSITIVE);
    if (anchor == null || positive == null) {
      throw new DataException(table.source(), table.columnList() + "; rows have " + (anchor == null ? "an anchor" : "a positive")
          + " (" + String.join(" | ", (anchor == null ? ANCHOR : POSITIVE).subList(0, 6)) + " ...), and perhaps negatives or a "
          + "score, "
          + "or a text and a label; say which column is which: anchor=NAME,positive=NAME");
    }
    columns.put("anchor", anchor);
    columns.put("positive", positive);
    negatives(said.get("negative"));
    Integer score = column(said, "score", SCORE);
    if (score != null && !negatives.isEmpty() && said.containsKey("score")) {
      throw new DataException(table.source(), "a row has a score (" + table.describe(score) + ") or negatives ("
          + table.describe(negatives.getFirst()) + "), not both; name the columns that count");
    }
    if (score != null && negatives.isEmpty()) {
      columns.put("score", score);
    }
    if (Set.copyOf(columns.values()).size() < columns.size()) {
      throw new DataException(table.source(), "anchor, positive and score are three columns; " + table.columnList());
    }
  }

  /** Whether the columns of a table are such an anchor and positive. */
  static boolean fits(RawTable table, DataOptions options) {
    Map<String, String> said = options.parts();
    return said.containsKey("anchor") || said.containsKey("positive") || !said.containsKey(DataOptions.TEXT) && table.named()
        && ColumnChoice.named(table, ANCHOR, -1) >= 0 && ColumnChoice.named(table, POSITIVE, -1) >= 0;
  }

  /** Whether these are names of columns of an anchor and a positive. */
  static boolean areNames(List<String> cells) {
    List<String> plain = cells.stream().map(ColumnNames::plain).toList();
    return plain.stream().anyMatch(ANCHOR::contains) && plain.stream().anyMatch(POSITIVE::contains);
  }

  private Integer column(Map<String, String> said, String part, List<String> names) {
    if (said.containsKey(part)) {
      return ColumnChoice.said(table, part, said.get(part));
    }
    int found = table.named() ? ColumnChoice.named(table, names, -1) : -1;
    return found < 0 ? null : Integer.valueOf(found);
  }

  private void negatives(String said) {
    if (said != null) {
      for (String name : said.split("\\s*\\|\\s*")) {
        negatives.add(ColumnChoice.said(table, "negative", name));
      }
      return;
    }
    for (int c = 0; c < table.columns().size() && table.named(); c++) {
      String plain = ColumnNames.plain(table.columns().get(c));
      if (NEGATIVE.contains(plain) || plain.matches(NUMBERED_NEGATIVE)) {
        negatives.add(c);
      }
    }
  }

  int anchorColumn() {
    return columns.get("anchor");
  }

  /** Whether rows have a score. */
  boolean scored() {
    return columns.containsKey("score");
  }

  /** The columns that rows are made of. */
  Set<Integer> used() {
    Set<Integer> used = new HashSet<>(columns.values());
    used.addAll(negatives);
    return used;
  }

  /** What was found, in words. */
  String description() {
    List<String> words = new ArrayList<>();
    columns.forEach((part, column) -> words.add(part + " = " + table.describe(column)));
    negatives.forEach(column -> words.add("negative = " + table.describe(column)));
    return String.join(", ", words);
  }

  /** Fails if a row that was read so far has a list where a text is needed. */
  void checkFlat() {
    columns.values().forEach(column -> ColumnChoice.requireFlat(table, column));
  }

  Example.Related row(int r) {
    List<String> texts = new ArrayList<>();
    texts.add(text(r, columns.get("anchor")));
    texts.add(text(r, columns.get("positive")));
    for (int column : negatives) {
      texts.addAll(negatives(r, column));
    }
    return new Example.Related(texts, scored() ? score(r) : Double.NaN, null);
  }

  private String text(int r, int column) {
    String cell = table.cell(r, column);
    if (cell == null || cell.isBlank()) {
      throw new DataException(table.source(), table.lines()[r], table.describe(column) + " is empty: a row needs both of its "
          + "texts");
    }
    return cell;
  }

  /** The texts of a cell, which may be a JSON list; a row may be without. */
  private List<String> negatives(int r, int column) {
    String cell = table.cell(r, column);
    if (cell == null || cell.isBlank()) {
      return List.of();
    }
    if (!cell.startsWith("[") || !cell.endsWith("]")) {
      return List.of(cell);
    }
    try {
      List<String> texts = new ArrayList<>();
      for (JsonNode each : JsonMapper.shared().readTree(cell)) {
        if (!each.isString() || each.asString().isBlank()) {
          throw new DataException(table.source(), table.lines()[r], table.describe(column) + " must be a list of texts, has "
              + each.toString());
        }
        texts.add(each.asString());
      }
      return texts;
    } catch (JacksonException _) {
      return List.of(cell); // a text in brackets
    }
  }

  private double score(int r) {
    String cell = table.cell(r, columns.get("score"));
    double score = Double.NaN;
    try {
      score = cell == null ? Double.NaN : Double.parseDouble(cell.strip());
    } catch (NumberFormatException _) {
      // refused below
    }
    if (!Double.isFinite(score)) {
      throw new DataException(table.source(), table.lines()[r], "'" + (cell == null ? "" : cell)
          + "' is not a number, which a score ("
          + table.describe(columns.get("score")) + ") has to be");
    }
    return score;
  }
}
