package dev.hone.tokenizer.model;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.lookup.Vocabulary;
import dev.hone.tokenizer.text.Excerpt;
import dev.hone.tokenizer.tokens.TokenBuffer;

/** Every word is a token or unknown. */
public final class WordLevel implements Model {
  private final Vocabulary vocabulary;
  private final String unknownToken;
  private final int unknownId;

  /** A model over a vocabulary. */
  public WordLevel(Vocabulary vocabulary, String unknownToken) {
    this.vocabulary = vocabulary;
    this.unknownToken = unknownToken;
    this.unknownId = vocabulary.id(unknownToken);
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public void tokenize(char[] text, int from, int to, Workbench bench, TokenBuffer out) {
    int id = vocabulary.id(text, from, to);
    if (id == Vocabulary.UNKNOWN) {
      id = unknownId;
    }
    if (id == Vocabulary.UNKNOWN) {
      throw new TokenizerException("WordLevel: \"" + new String(text, from, Math.min(to - from, 40))
          + "\" is no token and the unknown token \"" + Excerpt.of(unknownToken) + "\" is not in the vocabulary");
    }
    out.add(id, from, to);
  }
}
