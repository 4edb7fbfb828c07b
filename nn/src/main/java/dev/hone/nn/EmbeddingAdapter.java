package dev.hone.nn;

import dev.hone.autograd.Variable;

/** What can take the place of a table's rows. It leaves the table itself alone. */
public interface EmbeddingAdapter extends Layer {
  /**
   * The rows with the adapter applied. N ids -> [N, C].
   *
   * @param base the table whose slot this adapter is in
   */
  Variable forward(int[] ids, Embedding base, Pass pass);
}
