package dev.hone.tokenizer.chat.jinja;

/**
 * What one rendering may cost. All but depth and ranges grow with the input, so that a long conversation is never mistaken
 * for a bomb.
 *
 * @param work evaluated syntax nodes, plus a fraction of every character and every element that is looked at or made
 * @param memory bytes of text and collections that are made, whether kept or not
 * @param chars the longest str, in UTF-16 units
 * @param rangeItems the longest range (100,000 in Jinja's sandbox as well)
 * @param depth nested evaluations: bounds recursion of macros and of values
 */
public record Limits(long work, long memory, int chars, int rangeItems, int depth) {
  /** Minutes of honest work; a template that never ends is stopped after that. */
  public static final Limits DEFAULT = new Limits(1_000_000_000, 256L << 20, 8 << 20, 100_000, 500);

  /** The longest template source; real ones stay under 20,000 characters. */
  static final int SOURCE_CHARS = 1 << 18;

  /** How deep a template's own text may nest. */
  static final int SOURCE_DEPTH = 80;

  /** The largest int, in bits: more digits than Python itself would print. */
  static final int INT_BITS = 16_384;

  private static final String PROPERTY = "hone.template.work";
  private static final long MAX = 1L << 60;

  /** {@return the limits of a rendering: those of {@code -Dhone.template.work}, or {@link #DEFAULT}} */
  static Limits standard() {
    String set = System.getProperty(PROPERTY);
    if (set == null) {
      return DEFAULT;
    }
    try {
      return DEFAULT.withWork(Long.parseLong(set.strip().replace("_", "")));
    } catch (IllegalArgumentException _) {
      throw JinjaException.value("-D" + PROPERTY + "=" + set + ": a number of steps from 1 to " + MAX + " was expected, such as "
          + DEFAULT.work());
    }
  }

  /** {@return these limits with other work, and memory in proportion to it} */
  public Limits withWork(long steps) {
    if (steps < 1 || steps > MAX) {
      throw new IllegalArgumentException("work of a rendering must be 1 to " + MAX + " steps, is " + steps);
    }
    return new Limits(steps, Math.max(1 << 20, (long) Math.min(MAX, (double) memory / work * steps)), chars, rangeItems, depth);
  }

  /** {@return how a user raises the limits} */
  static String raise() {
    return "-D" + PROPERTY + "=STEPS raises the limit";
  }
}
