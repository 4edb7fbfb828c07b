package dev.hone.nn.load;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.AppendedRows;
import dev.hone.core.io.TensorSource;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.random.Philox;
import dev.hone.nn.ModelException;
import dev.hone.nn.family.Weights;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a model for another number of tokens: its tables of embeddings and its head get or lose rows at the end.
 *
 * <p>New rows are drawn from a normal distribution with the mean of the rows that there are and a billionth of their covariance,
 * as transformers draws them, so that the model neither prefers nor avoids the new tokens (Hewitt 2021). With X the rows less
 * their mean and z standard normal numbers, Xᵀ · z / √V has that covariance, which is never made. New elements of a bias are the
 * mean of the others.
 *
 * @param source what the file has
 * @param before number of tokens there
 * @param after number of tokens that is wanted
 * @param seed of new rows; a head that the file holds beside the table that it is tied to gets the same
 * @param given whole tensors in place of those of the file, by the name of their layer, such as {@code lm_head}
 * @param made those that were made, by name
 */
record ResizedTables(TensorSource source, int before, int after, long seed, Map<String, Tensor> given, Map<String, Tensor> made)
    implements TensorSource {
  /** What families call their tables of tokens and their heads. */
  static final Set<String> LAYERS = Set.of("embed_tokens", "wte", "word_embeddings", "tok_embeddings", "embed_in", "lm_head",
      "embed_out");

  private static final double EPSILON = 1e-9; // times the covariance
  private static final int PIECE = 1024; // rows

  ResizedTables(TensorSource source, int before, int after, long seed, Map<String, Tensor> given) {
    this(source, before, after, seed, given, new HashMap<>());
  }

  /** The last word of the name of the layer that a tensor belongs to. */
  static String layerOf(String tensor) {
    String layer = tensor.substring(0, Math.max(0, tensor.lastIndexOf('.')));
    return layer.substring(layer.lastIndexOf('.') + 1);
  }

  private boolean isTable(String name) {
    return LAYERS.contains(layerOf(name)) && source.contains(name) && source.dtype(name).isFloat()
        && source.shape(name).rank() <= 2 && source.shape(name).dim(0) == before;
  }

  @Override
  public Set<String> names() {
    return source.names();
  }

  @Override
  public Shape shape(String name) {
    return isTable(name) ? source.shape(name).with(0, after) : source.shape(name);
  }

  @Override
  public DType dtype(String name) {
    return isTable(name) ? tensor(name).dtype() : source.dtype(name);
  }

  @Override
  public Tensor tensor(String name) {
    Tensor stored = source.tensor(name);
    if (!isTable(name)) {
      return stored;
    }
    if (!given.isEmpty() && stored.shape().rank() == 2) {
      return given(name, stored);
    }
    return after <= before ? stored.slice(0, after) : made.computeIfAbsent(name, _ -> grown(stored));
  }

  /** The table in place of a stored one, or of another one of which that is a copy: files may hold a tied head twice. */
  private Tensor given(String name, Tensor stored) {
    if (given.containsKey(layerOf(name))) {
      return given.get(layerOf(name));
    }
    for (String other : source.names()) {
      if (isTable(other) && given.containsKey(layerOf(other)) && Weights.sameValues(source.tensor(other), stored)) {
        return given.get(layerOf(other));
      }
    }
    throw new ModelException(origin() + ": the vocabulary was resized from " + before + " to " + after + " tokens, but of "
        + String.join(", ", given.keySet()) + " alone the new rows are known, not of " + name
        + "; take the resized base that the adapter was trained on");
  }

  private Tensor grown(Tensor table) {
    int width = (int) (table.size() / before);
    double[] sums = new double[width];
    float[] rows = new float[PIECE * width];
    for (int from = 0; from < before; from += PIECE) {
      int count = read(table, from, rows, width);
      for (int i = 0; i < count * width; i++) {
        sums[i % width] += rows[i];
      }
    }
    float[] mean = new float[width];
    for (int i = 0; i < width; i++) {
      mean[i] = (float) (sums[i] / before);
    }
    int added = after - before;
    float[] values = new float[Math.multiplyExact(added, width)];
    if (table.shape().rank() == 2) {
      addNoise(table, mean, values, added);
    }
    for (int i = 0; i < values.length; i++) {
      values[i] += mean[i % width];
    }
    return AppendedRows.of(table, values);
  }

  private static int read(Tensor table, int from, float[] rows, int width) {
    int count = Math.min(PIECE, table.dim(0) - from);
    table.read((long) from * width, count * width, rows, 0);
    return count;
  }

  /** Adds √(ε / V) · Zᵀ · X with Z [V, added] standard normal. */
  private void addNoise(Tensor table, float[] mean, float[] values, int added) {
    int width = mean.length;
    Tensor sum = Tensor.of(values, added, width);
    Philox random = new Philox(seed, 0);
    for (int from = 0; from < before; from += PIECE) {
      int count = Math.min(PIECE, before - from);
      float[] rows = new float[count * width];
      read(table, from, rows, width);
      for (int i = 0; i < rows.length; i++) {
        rows[i] -= mean[i % width];
      }
      float[] z = new float[count * added];
      random.withStream(Philox.stream(from)).fillNormal(z, 0, z.length, 0, 1);
      Kernels.of(sum).matmul().matmul(Tensor.of(z, count, added), true, Tensor.of(rows, count, width), false, true, sum,
          Epilogue.scale((float) Math.sqrt(EPSILON / before)));
    }
  }

  @Override
  public Map<String, String> metadata() {
    return source.metadata();
  }

  @Override
  public String origin() {
    return source.origin();
  }
}
