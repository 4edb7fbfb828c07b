package dev.hone.tokenizer.definition;

/**
 * How a text that is too long is cut. What is cut off is kept as
 * {@linkplain dev.hone.tokenizer.Encoding#overflowing() overflowing} encodings.
 *
 * @param maxLength the most tokens an encoding may have, special tokens included
 * @param stride how many tokens an overflowing encoding repeats of the one before it
 * @param strategy which sequence of a pair gives way
 * @param side the end at which tokens are cut off
 * @param readAll whether the text is tokenized to its end, so that what overflows is complete. If not,
 *     tokenizing stops with the piece in which the maximum is reached, as the reference does: the
 *     encoding is the same and a long text costs nothing, but most of what was cut off is never seen
 */
public record Truncation(int maxLength, int stride, Strategy strategy, Side side, boolean readAll) {

  /** Which sequence of a pair is cut. */
  public enum Strategy {
    /** The longer one, until both are equally long, then both. */
    LONGEST_FIRST,
    /** The first one only. */
    ONLY_FIRST,
    /** The second one only. */
    ONLY_SECOND
  }

  /** An end of a sequence. */
  public enum Side {
    /** The beginning. */
    LEFT,
    /** The end. */
    RIGHT
  }

  /** Checks the numbers. */
  public Truncation {
    if (maxLength < 0) {
      throw new TokenizerException("truncation: max length must be >= 0, got " + maxLength);
    }
    if (stride < 0) {
      throw new TokenizerException("truncation: stride must be >= 0, got " + stride);
    }
  }

  /** Whether a sequence, 0 or 1, has to be tokenized to its end. */
  public boolean readsAll(int sequence) {
    return readAll || sequence == 0 && strategy == Strategy.ONLY_SECOND;
  }

  /** Cuts the end off, longest sequence first; what is cut off is of no interest. */
  public static Truncation to(int maxLength) {
    return new Truncation(maxLength, 0, Strategy.LONGEST_FIRST, Side.RIGHT, false);
  }

  /** Cuts the whole text into windows that overlap by the given number of tokens. */
  public static Truncation windows(int maxLength, int overlap) {
    return new Truncation(maxLength, overlap, Strategy.LONGEST_FIRST, Side.RIGHT, true);
  }
}
