package dev.hone.tokenizer.chat.jinja;

/** A template that cannot be parsed or rendered: what went wrong, and in which line of the template. */
public final class JinjaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why it failed. */
  public enum Kind {
    /** The template itself is malformed. */
    SYNTAX,
    /** The template called {@code raise_exception}. */
    RAISED,
    /** An undefined value was used for more than printing and testing. */
    UNDEFINED,
    /** An operation does not fit its operands: what Python calls TypeError, ValueError and the like. */
    VALUE,
    /** The template reached for something that the sandbox withholds. */
    SECURITY,
    /** The template would cost more than a rendering may. */
    LIMIT
  }

  private final Kind kind;
  private final String reason;
  private final int line;

  private JinjaException(Kind kind, String reason, int line, Throwable cause) {
    super(line > 0 ? "line " + line + ": " + reason : reason, cause);
    this.kind = kind;
    this.reason = reason;
    this.line = line;
  }

  static JinjaException syntax(String reason, int line) {
    return new JinjaException(Kind.SYNTAX, reason, line, null);
  }

  static JinjaException raised(String message) {
    return new JinjaException(Kind.RAISED, message, 0, null);
  }

  static JinjaException undefined(String reason) {
    return new JinjaException(Kind.UNDEFINED, reason, 0, null);
  }

  static JinjaException value(String reason) {
    return new JinjaException(Kind.VALUE, reason, 0, null);
  }

  static JinjaException security(String reason) {
    return new JinjaException(Kind.SECURITY, reason, 0, null);
  }

  static JinjaException limit(String reason) {
    return new JinjaException(Kind.LIMIT, reason, 0, null);
  }

  /** This error, placed in the template; an error that already has a line keeps it. */
  JinjaException atLine(int where) {
    return line > 0 ? this : new JinjaException(kind, reason, where, this);
  }

  /** {@return why it failed} */
  public Kind kind() {
    return kind;
  }

  /** {@return what went wrong, without the line; for {@link Kind#RAISED} exactly the template's own words} */
  public String reason() {
    return reason;
  }

  /** {@return the line of the template, counted from 1, or 0 where unknown} */
  public int line() {
    return line;
  }
}
