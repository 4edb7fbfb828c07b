package dev.hone.lora;

import dev.hone.nn.Embedding;
import dev.hone.nn.EmbeddingAdapter;

/** What a method puts into the slot of a table of embeddings. */
sealed interface TablePiece extends EmbeddingAdapter permits LoraEmbedding, DoraEmbedding, TokenRows {
  /** Makes the table, which becomes F32, give what it gives with this piece. */
  void mergeInto(Embedding base);
}
