package dev.hone.tokenizer.model;

import dev.hone.tokenizer.tokens.TokenBuffer;

/** What a model needs while it works: memory of words, room for symbols. For one thread at a time. */
public final class Workbench {
  private final WordCache cache = new WordCache();
  private final Symbols symbols = new Symbols();
  private final Unigram.Lattice lattice = new Unigram.Lattice();

  /** Appends the tokens of text[from, to), from memory if the word is known. */
  public void tokenize(Model model, char[] text, int from, int to, TokenBuffer out) {
    cache.tokenize(model, text, from, to, this, out);
  }

  Symbols symbols() {
    return symbols;
  }

  Unigram.Lattice lattice() {
    return lattice;
  }

  /** Gives back what a large text made grow. */
  public void shrink() {
    symbols.shrink();
    lattice.shrink();
  }
}
