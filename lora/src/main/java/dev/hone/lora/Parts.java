package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.nn.EmbeddingAdapter;
import dev.hone.nn.InputAdapter;
import java.util.LinkedHashMap;
import java.util.Map;

/** All that one adapter puts into a model, by paths and names of the model. */
final class Parts {
  private final Map<String, LinearPiece> linears = new LinkedHashMap<>();
  private final Map<String, EmbeddingAdapter> embeddings = new LinkedHashMap<>();
  private final Map<String, Exchange> exchanges = new LinkedHashMap<>();
  private final Map<String, Tensor[]> starts = new LinkedHashMap<>();
  private final Map<String, Parameter> frozen = new LinkedHashMap<>();
  private InputAdapter input;

  /**
   * Room for a matrix, if an array can hold it.
   *
   * @param setting that decides the number of rows
   */
  static float[] matrix(String what, String setting, int rows, long columns) {
    if (rows * columns > Integer.MAX_VALUE - 8) {
      throw new AdapterException(what + ": " + setting + " " + rows + " makes a matrix of " + rows + " times " + columns
          + " numbers, more than an array holds; take a smaller one");
    }
    return new float[(int) (rows * columns)];
  }

  Map<String, LinearPiece> linears() {
    return linears;
  }

  Map<String, EmbeddingAdapter> embeddings() {
    return embeddings;
  }

  /** Whether a layer has rows of single tokens, which no target names. */
  boolean isOfTokens(String path) {
    return embeddings.get(path) instanceof TokenRows || linears.get(path) instanceof TokenHead;
  }

  /** Parameters of the base with values of their own, by their names in adapter files. */
  Map<String, Exchange> exchanges() {
    return exchanges;
  }

  /** A and B as they began, by path, where the base gave them away: what is trained is the difference. */
  Map<String, Tensor[]> starts() {
    return starts;
  }

  /** What belongs to the adapter without being trained, by the names that files have: the matrices of VeRA. */
  Map<String, Parameter> frozen() {
    return frozen;
  }

  InputAdapter input() {
    return input;
  }

  void setInput(InputAdapter adapter) {
    input = adapter;
  }

  /** Trains a parameter of the base. */
  void train(String nameInFile, Parameter parameter) {
    exchanges.computeIfAbsent(nameInFile, _ -> Exchange.trained(parameter));
  }
}
