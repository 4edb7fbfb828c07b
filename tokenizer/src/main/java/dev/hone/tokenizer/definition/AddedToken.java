package dev.hone.tokenizer.definition;

import dev.hone.tokenizer.text.Excerpt;

/**
 * A token that is found in the text before any other stage runs.
 *
 * @param id its id
 * @param content the text that is looked for
 * @param singleWord only where neither neighbour is a word character
 * @param lstrip takes the white space before it along
 * @param rstrip takes the white space after it along
 * @param normalized looked for in the normalised text instead of the original one
 * @param special left out by a decoding that skips special tokens
 */
public record AddedToken(int id, String content, boolean singleWord, boolean lstrip, boolean rstrip,
    boolean normalized, boolean special) {

  /** Checks id and content. */
  public AddedToken {
    if (id < 0) {
      throw new TokenizerException("added token \"" + Excerpt.of(content) + "\": id must be >= 0, got " + id);
    }
    if (content.isEmpty()) {
      throw new TokenizerException("added token " + id + ": its content is empty");
    }
  }

  /** A special token without any option, such as {@code <s>}. */
  public static AddedToken special(int id, String content) {
    return new AddedToken(id, content, false, false, false, false, true);
  }
}
