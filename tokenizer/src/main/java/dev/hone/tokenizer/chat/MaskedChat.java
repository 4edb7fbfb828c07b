package dev.hone.tokenizer.chat;

/**
 * A conversation as tokens, with those that the assistant said. The arrays are shared, not copied.
 *
 * @param text the rendered conversation
 * @param ids its tokens, [N]
 * @param assistant whether a token is the assistant's own, and so counts in the loss, [N]
 */
public record MaskedChat(String text, int[] ids, boolean[] assistant) {
  /** Checks that the arrays are of one length. */
  public MaskedChat {
    if (ids.length != assistant.length) {
      throw new IllegalArgumentException("MaskedChat: " + ids.length + " ids need as many mask bits, got "
          + assistant.length);
    }
  }
}
