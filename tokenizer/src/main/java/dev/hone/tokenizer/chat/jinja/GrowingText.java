package dev.hone.tokenizer.chat.jinja;

/**
 * A str that a template builds in a namespace, piece by piece. Texts that came of each other by appending share one buffer, of
 * which each sees its own beginning; so appending costs what is appended, not what is there. Never changes as a value.
 */
final class GrowingText {
  private final Budget budget;
  private final StringBuilder buffer;
  private final int length;
  private String text;

  private GrowingText(StringBuilder buffer, Budget budget) {
    this.budget = budget;
    this.buffer = buffer;
    this.length = buffer.length();
  }

  /** {@return the text that a value is, ready to grow; null if it is another kind of value} */
  static GrowingText of(Object value, Budget budget) {
    if (value instanceof String s) {
      budget.chars(s.length());
      return new GrowingText(new StringBuilder(s), budget);
    }
    return value instanceof GrowingText growing ? growing : null;
  }

  GrowingText append(String added) {
    budget.length((long) length + added.length());
    budget.chars(added.length());
    StringBuilder whole = buffer;
    if (buffer.length() != length) {
      // Another text has grown from this one before.
      budget.chars(length);
      whole = new StringBuilder(length + added.length()).append(buffer, 0, length);
    }
    return new GrowingText(whole.append(added), budget);
  }

  /** {@return the str; made when it is first read} */
  String text() {
    if (text == null) {
      budget.chars(length);
      text = buffer.substring(0, length);
    }
    return text;
  }

  /** {@return the str, if a value is one that grows; else the value} */
  static Object plain(Object value) {
    return value instanceof GrowingText growing ? growing.text() : value;
  }
}
