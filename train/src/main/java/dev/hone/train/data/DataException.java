package dev.hone.train.data;

import dev.hone.core.HoneException;

/**
 * Data that cannot be used: one line that names the file, the line, the rule and, if certain, the fix. It is the user's
 * to mend, so a command line shows the message without a stack trace.
 */
public final class DataException extends HoneException {
  private static final long serialVersionUID = 1L;

  private final String source;
  private final int line;

  /**
   * A fault in one line of a file.
   *
   * @param source the file, as the user named it
   * @param line the line, counted from 1; 0 for the file as a whole
   * @param problem what is wrong and what to do, without a full stop
   */
  public DataException(String source, int line, String problem) {
    this(source, line, problem, null);
  }

  /** A fault of a line, with what caused it. */
  public DataException(String source, int line, String problem, Throwable cause) {
    super(source + (line > 0 ? " line " + line : "") + ": " + problem, cause);
    this.source = source;
    this.line = line;
  }

  /** A fault of a file as a whole. */
  public DataException(String source, String problem) {
    this(source, 0, problem, null);
  }

  /** The file or option at fault, as the user named it. */
  public String source() {
    return source;
  }

  /** The line at fault, counted from 1; 0 for the file as a whole. */
  public int line() {
    return line;
  }
}
