package dev.hone.nn;

import dev.hone.autograd.Variable;
import java.util.function.Consumer;

/** A transformer without its head. */
public interface Backbone extends Layer {
  /** Looks at no hidden states, so that their memory can go as soon as the next layer has run. */
  Consumer<Variable> NOBODY = hidden -> { };

  /** The table of token embeddings, which a tied head shares. */
  Embedding embeddings();

  /** The hidden states after the last layer (and the final norm, if there is one). [N, C]. */
  default Variable forward(TokenBatch batch, Pass pass) {
    return forward(batch, pass, NOBODY);
  }

  /**
   * Runs the layers and shows the hidden states on the way.
   *
   * @param observer gets the embeddings, then what every layer returns: L + 1 values of [N, C], the last of them after the
   *     final norm, if there is one
   */
  default Variable forward(TokenBatch batch, Pass pass, Consumer<Variable> observer) {
    Variable x = embed(batch, pass);
    Variable y = layers(x, 0, depth(), null, batch, pass, observer);
    Variable normed = finish(y, pass);
    observer.accept(normed);
    return normed;
  }

  /**
   * The hidden states of some rows alone. The last layer computes for the others no more than keys and values.
   *
   * @param rows M rows of the batch, ascending, each once; or null for all
   * @return [M, C]
   */
  default Variable forward(TokenBatch batch, int[] rows, Pass pass) {
    return rows == null ? forward(batch, pass)
        : finish(layers(embed(batch, pass), 0, depth(), rows, batch, pass, NOBODY), pass.only(rows));
  }

  /**
   * Why what several sequences begin with cannot be computed once in such passes, in words; null if it can, as where a token
   * sees only what comes before it and nothing is drawn at random.
   */
  default String unshared(Pass pass) {
    return "its tokens see what comes after them";
  }

  /**
   * How many layers, from the first on, have nothing that is trained, nor have the embeddings: what they make of a sequence is
   * the same in every step, unless they have dropout.
   */
  int frozenDepth();

  /** The number of layers that hidden states go through, L. */
  int depth();

  /** What goes into the first layer. [N, C]. */
  Variable embed(TokenBatch batch, Pass pass);

  /**
   * Runs some layers.
   *
   * @param x what goes into the first of them, [N, C]
   * @param from the first layer
   * @param to the layer behind the last one
   * @param rows the rows that the last one of them is asked for, ascending, each once; or null for all
   * @param observer gets what goes into every layer
   * @return [N, C], or [M, C] of the rows
   */
  Variable layers(Variable x, int from, int to, int[] rows, TokenBatch batch, Pass pass, Consumer<Variable> observer);

  /** What comes behind the last layer: the final norm, if there is one. [N, C] -> [N, C]. */
  Variable finish(Variable x, Pass pass);
}
