package dev.hone.train.data;

/**
 * Finds fields and rows of a delimited text. It takes characters or the bytes of UTF-8 alike: all that matters to it is ASCII,
 * which no other character contains.
 */
final class RowScan {
  /** Where in a field the next character is. */
  private enum State {
    START, PLAIN, QUOTED, PERHAPS_CLOSED, CLOSED
  }

  private final int separator;
  private final boolean quoting;
  private final int[] rowsWith = new int[1024];
  private State state = State.START;
  private int fields = 1;
  private int rows;
  private int quotedFields;
  private boolean wellFormed = true;
  private boolean closedInRow;
  private int closedRows;
  private boolean lineEndInside;
  private long rowLength;
  private int rowHead; // its first bytes, at most four

  /**
   * A scan of a text from its beginning.
   *
   * @param separator between fields
   * @param quoting whether double quotes enclose fields
   */
  RowScan(int separator, boolean quoting) {
    this.separator = separator;
    this.quoting = quoting;
  }

  /** Takes the next character or byte. Returns whether it ends a row that is not empty. */
  boolean accept(int c) {
    if (state == State.QUOTED) {
      count(c);
      lineEndInside |= c == '\n';
      state = c == '"' ? State.PERHAPS_CLOSED : State.QUOTED;
      return false;
    }
    if (state == State.PERHAPS_CLOSED && c == '"') { // doubled
      count(c);
      state = State.QUOTED;
      return false;
    }
    if (state == State.PERHAPS_CLOSED || state == State.CLOSED) {
      behindQuotes(c);
      if (state == State.CLOSED) {
        count(c);
        return false;
      }
    } else if (state == State.START && quoting && c == '"') {
      count(c);
      quotedFields++;
      state = State.QUOTED;
      return false;
    }
    if (c == '\n') {
      return endRow();
    }
    count(c);
    fields += c == separator ? 1 : 0;
    state = c == separator ? State.START : State.PLAIN;
    return false;
  }

  /** A character behind a closing quote: blanks may stand there, then a separator or a line end. */
  private void behindQuotes(int c) {
    if (c == ' ') {
      state = State.CLOSED;
      return;
    }
    if (c == separator || c == '\n' || c == '\r') {
      closedInRow = true;
    } else {
      wellFormed = false;
    }
    state = State.PLAIN;
  }

  private void count(int c) {
    if (rowLength < Integer.BYTES) {
      rowHead = rowHead << 8 | Math.min(c, 0xFF);
    }
    rowLength++;
  }

  /** Characters of the present row so far. */
  long rowLength() {
    return rowLength;
  }

  /** Takes the end of the text. Returns whether it ends a row that is not empty. */
  boolean end() {
    wellFormed &= state != State.QUOTED;
    closedInRow |= state == State.PERHAPS_CLOSED || state == State.CLOSED;
    return endRow();
  }

  private boolean endRow() {
    boolean counts = rowLength > 1 || rowLength == 1 && rowHead != '\r';
    boolean emptyQuotes = quoting && (rowLength == 2 && rowHead == 0x2222 || rowLength == 3 && rowHead == 0x22220D);
    if (counts) {
      rows++;
      rowsWith[Math.min(fields, rowsWith.length - 1)]++;
      closedRows += closedInRow ? 1 : 0;
    }
    closedInRow = false;
    fields = 1;
    rowLength = 0;
    rowHead = 0;
    state = State.START;
    return counts && !emptyQuotes;
  }

  /**
   * What was found.
   *
   * @param wellFormed whether every quoted field is closed before a separator or line end, perhaps with blanks between
   * @param closedShare the share of rows with a quoted field that is
   * @param quotedFields how many fields begin with a quote
   * @param lineEndInside whether a quoted field holds a line end
   * @param usualFields the most frequent number of fields of a row
   * @param usualShare the share of rows that have it
   */
  record Found(boolean wellFormed, double closedShare, int quotedFields, boolean lineEndInside, int usualFields,
      double usualShare) {}

  /** What was found, after {@link #end}. */
  Found found() {
    int usual = 1;
    for (int f = 1; f < rowsWith.length; f++) {
      usual = rowsWith[f] > rowsWith[usual] ? f : usual;
    }
    return new Found(wellFormed, closedRows / (double) Math.max(1, rows), quotedFields, lineEndInside, usual,
        rows == 0 ? 0 : rowsWith[usual] / (double) rows);
  }

  /** Scans a whole text. */
  static Found scan(String text, char separator, boolean quoting) {
    RowScan scan = new RowScan(separator, quoting);
    for (int i = 0; i < text.length(); i++) {
      scan.accept(text.charAt(i));
    }
    scan.end();
    return scan.found();
  }
}
