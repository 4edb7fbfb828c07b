package dev.hone.tokenizer.definition;

/**
 * How encodings are filled up to one length. Nothing in Hone's own training needs it; it is here for
 * users who feed a model that wants rectangles.
 *
 * @param length the length to reach; 0 for that of the longest encoding
 * @param multipleOf the length is rounded up to a multiple of this; 0 for no rounding
 * @param side where the padding goes
 * @param id token id of the padding
 * @param typeId segment number of the padding
 * @param token its text
 */
public record Padding(int length, int multipleOf, Truncation.Side side, int id, int typeId, String token) {

  /** Checks the numbers. */
  public Padding {
    if (length < 0) {
      throw new TokenizerException("padding: length must be >= 0, got " + length);
    }
    if (multipleOf < 0) {
      throw new TokenizerException("padding: multiple must be >= 0, got " + multipleOf);
    }
    if (id < 0) {
      throw new TokenizerException("padding: id must be >= 0, got " + id);
    }
  }

  /** Padding at the end, to the longest encoding. */
  public static Padding toLongest(int id, String token) {
    return new Padding(0, 0, Truncation.Side.RIGHT, id, 0, token);
  }

  /** The length that sequences are filled up to of which the longest has so many tokens. */
  public int target(int longest) {
    int least = length > 0 ? length : longest;
    return multipleOf > 0 ? Math.ceilDivExact(least, multipleOf) * multipleOf : least;
  }
}
