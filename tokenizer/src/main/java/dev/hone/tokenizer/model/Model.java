package dev.hone.tokenizer.model;

import dev.hone.tokenizer.lookup.Vocabulary;
import dev.hone.tokenizer.tokens.TokenBuffer;

/** Turns a piece of text into tokens. Immutable; what a call needs for a while lies on a workbench. */
public sealed interface Model permits Bpe, Unigram, WordLevel, WordPiece {
  /** Its tokens. */
  Vocabulary vocabulary();

  /** Appends the tokens of text[from, to), which is not empty, with their ranges in text. */
  void tokenize(char[] text, int from, int to, Workbench bench, TokenBuffer out);

  /** Id whose token shows the text it covers instead of the vocabulary's, or -1. */
  default int surfaceId() {
    return -1;
  }
}
