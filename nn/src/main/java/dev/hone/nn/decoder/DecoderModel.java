package dev.hone.nn.decoder;

import dev.hone.nn.Backbone;
import dev.hone.nn.Embedding;

/** A backbone in which a token sees what came before it: what a causal head stands on. */
public interface DecoderModel extends Backbone {
  /** The table of token embeddings, which a tied head shares. */
  Embedding embeddings();
}
