package dev.hone.train.data;

/**
 * The dialect of a delimited file, found by trying.
 *
 * <p>Each candidate separator is tried with and without quoting. Quoting counts only if it is well-formed to the end
 * of the file: every field that begins with a double quote also ends with one, and inner ones are doubled. So a file
 * whose texts merely contain or begin with quotes is read without quoting, and none of its rows is swallowed. The
 * separator that gives the same number of fields, two or more, in the largest share of rows wins; among equals the one
 * that the file's name suggests.
 *
 * @param separator between fields
 * @param quoted whether double quotes enclose fields
 */
record Dialect(char separator, boolean quoted) {
  /** Enough rows to tell separators apart. */
  private static final int SAMPLE = 1 << 20;
  /** With fewer rows of equal width a separator is more likely a part of the texts, and the file has one column. */
  private static final double CONVINCING = 0.8;

  /** The dialect of {@code text}; what {@code options} say is kept. */
  static Dialect of(String text, DataFormat format, DataOptions options) {
    Character said = options.separatorOrNull();
    char best = format == DataFormat.TSV ? '\t' : ',';
    if (said != null) {
      best = said;
    } else {
      String sample = sample(text);
      double bestShare = CONVINCING;
      for (char c : (format == DataFormat.TSV ? "\t,;|" : ",;\t|").toCharArray()) {
        Scan scan = Scan.of(sample, c, quotes(sample, c));
        double share = scan.usualFields() < 2 ? 0 : scan.usualShare();
        if (share > bestShare) {
          bestShare = share;
          best = c;
        }
      }
    }
    Boolean quoted = options.quotedOrNull();
    return new Dialect(best, quoted != null ? quoted : quotes(text, best));
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

  private static boolean quotes(String text, char separator) {
    Scan quoted = Scan.of(text, separator, true);
    if (quoted.quotedFields() == 0) {
      return separator != '\t';
    }
    Scan plain = Scan.of(text, separator, false);
    boolean plainFits = plain.usualFields() > 1 && plain.usualShare() == 1;
    if (!quoted.wellFormed()) {
      return !plainFits; // a real quoting fault: let the reader name its line
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

  /**
   * What one pass over a text finds.
   *
   * @param wellFormed whether every quoted field is closed before a separator or line end
   * @param quotedFields how many fields begin with a quote
   * @param lineEndInside whether a quoted field holds a line end
   * @param usualFields the most frequent number of fields of a row
   * @param usualShare the share of rows that have it
   */
  record Scan(boolean wellFormed, int quotedFields, boolean lineEndInside, int usualFields, double usualShare) {
    static Scan of(String text, char separator, boolean quoting) {
      int[] rowsWith = new int[1024];
      int n = text.length();
      int rows = 0;
      int quotedFields = 0;
      int fields = 1;
      boolean wellFormed = true;
      boolean lineEndInside = false;
      int rowStart = 0;
      int i = 0;
      while (i <= n) {
        if (quoting && i < n && text.charAt(i) == '"') {
          quotedFields++;
          int close = closing(text, i);
          int line = text.indexOf('\n', i);
          lineEndInside |= line >= 0 && line < close;
          i = close + 1;
          if (close == n || (i < n && text.charAt(i) != separator && text.charAt(i) != '\n' && text.charAt(i) != '\r')) {
            wellFormed = false;
          }
        }
        while (i < n && text.charAt(i) != separator && text.charAt(i) != '\n') {
          i++;
        }
        if (i < n && text.charAt(i) == separator) {
          fields++;
        } else {
          if (i > rowStart + 1 || (i == rowStart + 1 && text.charAt(rowStart) != '\r')) {
            rows++;
            rowsWith[Math.min(fields, rowsWith.length - 1)]++;
          }
          fields = 1;
          rowStart = i + 1;
        }
        i++;
      }
      int usual = 1;
      for (int f = 1; f < rowsWith.length; f++) {
        usual = rowsWith[f] > rowsWith[usual] ? f : usual;
      }
      return new Scan(wellFormed, quotedFields, lineEndInside, usual, rows == 0 ? 0 : rowsWith[usual] / (double) rows);
    }

    /** The position of the quote that closes the one at {@code open}, or the text's end. */
    private static int closing(String text, int open) {
      int i = open + 1;
      while (true) {
        i = text.indexOf('"', i);
        if (i < 0) {
          return text.length();
        }
        if (i + 1 < text.length() && text.charAt(i + 1) == '"') {
          i += 2;
        } else {
          return i;
        }
      }
    }
  }
}
