package dev.hone.tokenizer.tokens;

/** One item of the order in which a finished encoding is put together. */
public sealed interface Part {
  /** Segment number the tokens of this part get. */
  int typeId();

  /** The tokens of the first (0) or second (1) sequence. */
  record Sequence(int index, int typeId) implements Part {}

  /** Tokens that the post-processor adds: one or more ids with their texts. */
  record Special(int[] ids, String[] tokens, int typeId) implements Part {
    /** A single added token. */
    public static Special of(int id, String token, int typeId) {
      return new Special(new int[] {id}, new String[] {token}, typeId);
    }
  }
}
