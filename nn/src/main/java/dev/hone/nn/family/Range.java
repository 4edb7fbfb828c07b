package dev.hone.nn.family;

/**
 * What a number in a configuration may be. Numbers are computed with as floats, so the bounds hold for them as floats, too: what
 * is above 0 does not vanish, and what is finite stays so.
 *
 * @param least the lower bound
 * @param above whether the bound itself is left out
 * @param most the upper bound
 * @param below whether the bound itself is left out
 */
public record Range(double least, boolean above, double most, boolean below) {
  /** Any number but the infinite ones. */
  public static final Range FINITE = new Range(-Float.MAX_VALUE, false, Float.MAX_VALUE, false);
  /** Above 0. */
  public static final Range POSITIVE = new Range(0, true, Float.MAX_VALUE, false);
  /** From 0. */
  public static final Range NOT_NEGATIVE = new Range(0, false, Float.MAX_VALUE, false);
  /** From 0 to 1. */
  public static final Range SHARE = new Range(0, false, 1, false);
  /** Above 0, at most 1: a part of a whole that is not nothing, or what is added before a root. */
  public static final Range FRACTION = new Range(0, true, 1, false);
  /** From 0 to below 1: a dropout. */
  public static final Range DROPOUT = new Range(0, false, 1, true);
  /** From 1. */
  public static final Range FROM_ONE = new Range(1, false, Float.MAX_VALUE, false);

  /** Whether a number is in the range, and as a float, too. */
  public boolean holds(double value) {
    return within(value) && within((float) value);
  }

  private boolean within(double value) {
    return (above ? value > least : value >= least) && (below ? value < most : value <= most);
  }

  /** The rule in words, to follow "a number". */
  @Override
  public String toString() {
    String from = least == -Float.MAX_VALUE ? "" : above ? "above " + plain(least) : "of at least " + plain(least);
    String to = most == Float.MAX_VALUE ? "" : below ? "below " + plain(most) : "at most " + plain(most);
    return from.isEmpty() && to.isEmpty() ? "that a float can hold" : from + (from.isEmpty() || to.isEmpty() ? "" : " and ") + to;
  }

  private static String plain(double bound) {
    return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
  }
}
