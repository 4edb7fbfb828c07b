package dev.hone.tokenizer.pretokenizer;

import dev.hone.tokenizer.text.Pieces;
import java.util.List;

/** Cuts the pieces of a text into smaller ones, some also rewrite them. Immutable and stateless. */
public sealed interface PreTokenizer permits BertPreTokenizer, PreTokenizer.Sequence {

  /** Cuts every piece that is no added token. */
  void apply(Pieces pieces);

  /** Several pre-tokenisers, one after the other. */
  record Sequence(List<PreTokenizer> steps) implements PreTokenizer {
    /** Keeps a copy of the list. */
    public Sequence {
      steps = List.copyOf(steps);
    }

    @Override
    public void apply(Pieces pieces) {
      for (PreTokenizer step : steps) step.apply(pieces);
    }
  }
}
