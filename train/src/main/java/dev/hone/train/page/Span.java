package dev.hone.train.page;

/**
 * A piece of a text that is shown in its own colour, such as a token.
 *
 * @param text the piece
 * @param marked whether it is coloured and underlined
 * @param title what is shown when pointed at; null for nothing
 */
public record Span(String text, boolean marked, String title) {
  /** A piece without a title. */
  public Span(String text, boolean marked) {
    this(text, marked, null);
  }
}
