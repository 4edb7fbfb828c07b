package dev.hone.tokenizer.model;

import dev.hone.tokenizer.tokens.TokenBuffer;

/** What a model needs while it works: memory of words, room for symbols. For one thread at a time. */
public final class Workbench {
  private final WordCache cache = new WordCache();

  /** Appends the tokens of text[from, to), from memory if the word is known. */
  public void tokenize(Model model, char[] text, int from, int to, TokenBuffer out) {
    cache.tokenize(model, text, from, to, this, out);
  }

  /** Gives back what a large text made grow. */
  public void shrink() {
  }
}
