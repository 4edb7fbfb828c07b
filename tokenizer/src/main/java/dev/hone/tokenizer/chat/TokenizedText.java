package dev.hone.tokenizer.chat;

/**
 * The tokens of a text, and where each stands in it. The arrays are shared, not copied.
 *
 * @param ids token ids, [N]
 * @param starts the first code point of each token's part of the text, [N]
 * @param ends the code point after its last, [N]; equal to the start for a token without a part of its own
 */
public record TokenizedText(int[] ids, int[] starts, int[] ends) {
  /** Checks that the arrays are of one length. */
  public TokenizedText {
    if (ids.length != starts.length || ids.length != ends.length) {
      throw new IllegalArgumentException("TokenizedText: " + ids.length + " ids need as many starts and ends, got "
          + starts.length + " and " + ends.length);
    }
  }

  /** The first token whose part of the text holds a code point, or -1. */
  int tokenAt(int codePoint) {
    for (int i = 0; i < ids.length; i++) {
      if (starts[i] <= codePoint && codePoint < ends[i]) {
        return i;
      }
    }
    return -1;
  }
}
