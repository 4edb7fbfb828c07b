package dev.hone.tokenizer.chat;

import dev.hone.tokenizer.chat.jinja.JinjaException;
import dev.hone.tokenizer.chat.jinja.Template;
import dev.hone.tokenizer.definition.TokenizerException;

/** A conversation that cannot be rendered or masked, a template that is malformed, or a file without a usable one. */
public final class ChatTemplateException extends TokenizerException {
  private static final long serialVersionUID = 1L;

  /** Why it failed. */
  public enum Kind {
    /** The template is malformed. */
    SYNTAX,
    /** The template refused the conversation by {@code raise_exception}. */
    RAISED,
    /** The template used a value that the conversation does not have. */
    UNDEFINED,
    /** The template applied an operation to values that it does not fit, or one that the sandbox withholds. */
    VALUE,
    /** The template costs more than a rendering may. */
    LIMIT,
    /** The conversation or the options are unusable, whatever the template. */
    CONVERSATION,
    /** The assistant's tokens cannot be told from the others. */
    MASK,
    /** A file lacks the template, or holds something else in its place. */
    FILE
  }

  private final Kind kind;
  private final String reason;
  private final int line;

  private ChatTemplateException(Kind kind, String message, String reason, int line, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.reason = reason;
    this.line = line;
  }

  static ChatTemplateException of(Kind kind, String reason) {
    return new ChatTemplateException(kind, reason, reason, 0, null);
  }

  static ChatTemplateException of(Kind kind, String reason, Throwable cause) {
    return new ChatTemplateException(kind, reason, reason, 0, cause);
  }

  static ChatTemplateException in(String source, JinjaException e) {
    Kind kind = switch (e.kind()) {
      case SYNTAX -> Kind.SYNTAX;
      case RAISED -> Kind.RAISED;
      case UNDEFINED -> Kind.UNDEFINED;
      case VALUE, SECURITY -> Kind.VALUE;
      case LIMIT -> Kind.LIMIT;
    };
    String line = Template.line(source, e.line());
    String excerpt = line.length() <= 100 ? line : line.substring(0, line.offsetByCodePoints(0, 90)) + "...";
    String where = e.line() == 0 ? "" : ", line " + e.line() + (excerpt.isEmpty() ? "" : " `" + excerpt + "`");
    return new ChatTemplateException(kind, "chat template" + where + ": " + e.reason(), e.reason(), e.line(), e);
  }

  /** {@return why it failed} */
  public Kind kind() {
    return kind;
  }

  /** {@return what went wrong, without the place; for {@link Kind#RAISED} exactly the template's own words} */
  public String reason() {
    return reason;
  }

  /** {@return the line of the template, counted from 1, or 0 if the error is not about one} */
  public int line() {
    return line;
  }
}
