package dev.hone.train.data;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The dialect of a delimited file, found by trying.
 *
 * <p>Each candidate separator is tried with and without quoting. Quoting counts only if it is well-formed to the end
 * of the file: every field that begins with a double quote also ends with one, and inner ones are doubled. So a file
 * whose texts merely contain or begin with quotes is read without quoting, and none of its rows is swallowed; unless most of
 * its rows have a field in quotes: then the one that is not well-formed is a fault, which the reader names. The
 * separator that gives the same number of fields, two or more, in the largest share of rows wins; among equals the one
 * that the file's name suggests.
 *
 * @param separator between fields
 * @param quoted whether double quotes enclose fields
 */
record Dialect(char separator, boolean quoted) {
  /** Enough rows to tell separators apart. */
  private static final int SAMPLE = 1 << 20;
  private static final String MARK_NAME = "sep=";
  private static final Pattern MARK = Pattern.compile("(?i)sep=[,;\t|]\r?\n");
  /** With fewer rows of equal width a separator is more likely a part of the texts, and the file has one column. */
  private static final double CONVINCING = 0.8;
  /** With more rows that have a well-formed field in quotes, quoting is what the file does. */
  private static final double CUSTOM = 0.5;

  /** A pass over the whole text. */
  @FunctionalInterface
  interface Scanner {
    RowScan.Found scan(char separator, boolean quoting);
  }

  /**
   * The length of the line {@code sep=;} that Excel writes and reads in front of rows, with its end; 0 if there is none. What it
   * says counts, and it is no row.
   */
  static int markLength(String head) {
    Matcher mark = MARK.matcher(head);
    return mark.lookingAt() ? mark.end() : 0;
  }

  /**
   * The dialect of a text; what {@code options} say is kept.
   *
   * @param head its beginning, {@link #SAMPLE} characters or all
   * @param whole passes over it, without the line of {@link #markLength}
   */
  static Dialect of(String head, DataFormat format, DataOptions options, Scanner whole) {
    Character said = options.separatorOrNull();
    int mark = markLength(head);
    said = said == null && mark > 0 ? (Character) head.charAt(MARK_NAME.length()) : said;
    char best = format == DataFormat.TSV ? '\t' : ',';
    if (said != null) {
      best = said;
    } else {
      String sample = sample(head.substring(mark));
      double bestShare = CONVINCING;
      for (char c : (format == DataFormat.TSV ? "\t,;|" : ",;\t|").toCharArray()) {
        Scanner part = (separator, quoting) -> RowScan.scan(sample, separator, quoting);
        RowScan.Found scan = part.scan(c, quotes(part, c));
        double share = scan.usualFields() < 2 ? 0 : scan.usualShare();
        if (share > bestShare) {
          bestShare = share;
          best = c;
        }
      }
    }
    Boolean quoted = options.quotedOrNull();
    return new Dialect(best, quoted != null ? quoted : quotes(whole, best));
  }

  String words() {
    return switch (separator) {
      case ',' -> "comma separated";
      case ';' -> "semicolon separated";
      case '\t' -> "tab separated";
      case '|' -> "pipe separated";
      default -> throw new AssertionError("separator " + separator);
    };
  }

  private static boolean quotes(Scanner text, char separator) {
    RowScan.Found quoted = text.scan(separator, true);
    if (quoted.quotedFields() == 0) {
      return separator != '\t';
    }
    RowScan.Found plain = text.scan(separator, false);
    boolean plainFits = plain.usualFields() > 1 && plain.usualShare() == 1;
    if (!quoted.wellFormed()) {
      return !plainFits || quoted.closedShare() > CUSTOM; // a real quoting fault: let the reader name its line
    }
    // Tabs hardly occur in texts. If every line has the same number of them, a "quoted" line end is two stray quotes.
    return !(separator == '\t' && quoted.lineEndInside() && plainFits);
  }

  private static String sample(String text) {
    if (text.length() <= SAMPLE) {
      return text;
    }
    int end = text.lastIndexOf('\n', SAMPLE);
    return text.substring(0, end < 0 ? SAMPLE : end + 1);
  }
}
