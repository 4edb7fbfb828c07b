package dev.hone.tokenizer.chat.jinja;

import java.time.Duration;

/**
 * What one rendering may cost. Work, time and the length of a str grow with the input, so that a long conversation is
 * never mistaken for a bomb.
 *
 * @param work evaluated syntax nodes, plus a fraction of every character and every element that is looked at or made
 * @param chars the longest str, in UTF-16 units
 * @param rangeItems the longest range (100,000 in Jinja's sandbox as well)
 * @param depth nested evaluations: bounds recursion of macros and of values
 * @param time processor time, as well as it can be told from the wall clock
 */
public record Limits(long work, int chars, int rangeItems, int depth, Duration time) {
  /** The limits of every rendering outside tests. */
  public static final Limits DEFAULT = new Limits(4_000_000, 8 << 20, 100_000, 500, Duration.ofMillis(400));

  /** The longest template source; real ones stay under 20,000 characters. */
  static final int SOURCE_CHARS = 1 << 18;

  /** How deep a template's own text may nest. */
  static final int SOURCE_DEPTH = 80;

  /** The largest int, in bits: more digits than Python itself would print. */
  static final int INT_BITS = 16_384;
}
