package dev.hone.lora;

import dev.hone.core.Tensor;
import dev.hone.nn.Embedding;
import dev.hone.nn.EmbeddingAdapter;

/** What a method puts into the slot of a table of embeddings. */
sealed interface TablePiece extends EmbeddingAdapter permits LoraEmbedding, DoraEmbedding, TokenRows {
  /** The table, F32 and fresh, that gives what it gives with this piece. */
  Tensor merged(Embedding base);

  /** Makes the table, which becomes F32, give what it gives with this piece. */
  default void mergeInto(Embedding base) {
    base.weight().setValue(merged(base).keep());
  }
}
