package dev.hone.nn.onnx;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.MissingTensorException;
import dev.hone.core.io.TensorFileException;
import dev.hone.core.io.TensorSource;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The float initialisers of a graph under the names of the modules they come from. PyTorch's exporter keeps most names; the
 * weights of linear layers it folds with their transposition into anonymous {@code [in, out]} matrices, whose names
 * stand in the MatMul nodes that use them: {@code /encoder/layer.0/output/dense/MatMul} has
 * {@code encoder.layer.0.output.dense.weight}. Those are transposed back to {@code [out, in]} when they are asked for.
 */
final class OnnxWeights implements TensorSource {
  private static final String ANONYMOUS = "onnx::";
  private static final String MATMUL = "/MatMul";

  private record Weight(Tensor stored, boolean transposed) {
    Shape shape() {
      return transposed ? Shape.of(stored.dim(1), stored.dim(0)) : stored.shape();
    }
  }

  private final Path file;
  private final Map<String, Weight> weights = new LinkedHashMap<>();

  OnnxWeights(Path file, OnnxGraph graph) throws TensorFileException {
    this.file = file;
    for (OnnxTensor tensor : graph.initializers().values()) {
      // integers are constants of the graph, such as position_ids; names of modules have no slash
      if (!tensor.name().startsWith(ANONYMOUS) && tensor.name().indexOf('/') < 0 && tensor.isFloat()) {
        put(tensor.name(), new Weight(tensor.tensor(), false));
      }
    }
    for (OnnxGraph.Node node : graph.nodes()) {
      refuseQuantised(node);
      OnnxTensor matrix = node.inputs().size() == 2 ? graph.initializers().get(node.inputs().get(1)) : null;
      if (!node.op().equals("MatMul") || matrix == null || !node.name().startsWith("/") || !node.name().endsWith(MATMUL)) {
        continue;
      }
      String name = node.name().substring(1, node.name().length() - MATMUL.length()).replace('/', '.') + ".weight";
      if (!matrix.isFloat() || matrix.tensor().shape().rank() != 2) {
        throw new TensorFileException(file + ": tensor " + TensorFileException.quote(name) + ": expected a matrix of floats, but "
            + (matrix.tensor() == null ? matrix.problem() : "it is " + matrix.tensor().dtype() + " " + matrix.tensor().shape()));
      }
      put(name, new Weight(matrix.tensor(), true));
    }
  }

  private void put(String name, Weight weight) throws TensorFileException {
    if (weights.put(name, weight) != null) {
      throw new TensorFileException(file + ": two tensors would be called " + TensorFileException.quote(name));
    }
  }

  private void refuseQuantised(OnnxGraph.Node node) throws TensorFileException {
    switch (node.op()) {
      case "MatMulInteger", "QLinearMatMul", "DequantizeLinear", "DynamicQuantizeLinear" -> throw new TensorFileException(file
          + ": the model is quantised (node " + TensorFileException.quote(node.name()) + " is a " + node.op()
          + "); only models with float weights can be read");
      default -> { }
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(weights.keySet());
  }

  @Override
  public Shape shape(String name) {
    return weight(name).shape();
  }

  @Override
  public DType dtype(String name) {
    Weight weight = weight(name);
    return weight.transposed ? DType.F32 : weight.stored.dtype();
  }

  @Override
  public Tensor tensor(String name) {
    Weight weight = weight(name);
    return weight.transposed ? transpose(weight.stored) : weight.stored;
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  public String origin() {
    return file.toString();
  }

  private Weight weight(String name) {
    Weight weight = weights.get(name);
    if (weight == null) {
      throw new MissingTensorException(origin(), name, names());
    }
    return weight;
  }

  /** [rows, columns] -> [columns, rows], in tiles that fit the cache both ways. */
  static Tensor transpose(Tensor matrix) {
    int rows = matrix.dim(0);
    int columns = matrix.dim(1);
    float[] from = matrix.toFloatArray();
    float[] to = new float[from.length];
    int tile = 64;
    for (int r0 = 0; r0 < rows; r0 += tile) {
      for (int c0 = 0; c0 < columns; c0 += tile) {
        int r1 = Math.min(rows, r0 + tile);
        int c1 = Math.min(columns, c0 + tile);
        for (int r = r0; r < r1; r++) {
          for (int c = c0; c < c1; c++) {
            to[c * rows + r] = from[r * columns + c];
          }
        }
      }
    }
    return Tensor.of(to, columns, rows);
  }
}
