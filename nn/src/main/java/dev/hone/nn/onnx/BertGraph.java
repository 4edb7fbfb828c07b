package dev.hone.nn.onnx;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.io.TensorFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the shapes of a BERT's weights leave open, found where the exporter left it in the graph. The first attention layer
 * reshapes {@code [..., hidden]} to {@code [..., heads, hidden / heads]}: a Concat ends with these two constants. The
 * first layer norm adds its epsilon under the root. The activation is the one operation besides arithmetic in
 * {@code intermediate_act_fn}.
 */
final class BertGraph {
  private static final String ATTENTION = "/encoder/layer.0/attention/self/";
  private static final String NORM = "/embeddings/LayerNorm/";
  private static final String ACTIVATION = "/encoder/layer.0/intermediate/intermediate_act_fn/";

  private final Path file;
  private final List<OnnxGraph.Node> nodes;
  private final Map<String, Tensor> constants = new HashMap<>();

  BertGraph(Path file, OnnxGraph graph) {
    this.file = file;
    this.nodes = graph.nodes();
    graph.initializers().forEach((name, value) -> constant(name, value));
    for (OnnxGraph.Node node : nodes) {
      if (node.value() != null && node.outputs().size() == 1) {
        constant(node.outputs().getFirst(), node.value());
      }
    }
  }

  private void constant(String name, OnnxTensor value) {
    if (value.tensor() != null && value.tensor().size() == 1) {
      constants.put(name, value.tensor());
    }
  }

  /** The number of attention heads of a model of this width. */
  int heads(int hidden) throws TensorFileException {
    for (OnnxGraph.Node node : nodes) {
      int inputs = node.inputs().size();
      if (node.op().equals("Concat") && node.name().startsWith(ATTENTION) && inputs >= 2) {
        Tensor heads = constants.get(node.inputs().get(inputs - 2));
        Tensor width = constants.get(node.inputs().get(inputs - 1));
        if (isInteger(heads) && isInteger(width) && product(heads, width) == hidden) {
          return Math.toIntExact(heads.toLongArray()[0]);
        }
      }
    }
    throw unknown("the number of attention heads",
        "a Concat in " + ATTENTION + " whose last two constants multiply to " + hidden);
  }

  private static boolean isInteger(Tensor tensor) {
    return tensor != null && tensor.dtype() == DType.I64 && tensor.toLongArray()[0] > 0;
  }

  private static long product(Tensor a, Tensor b) {
    long high = Math.multiplyHigh(a.toLongArray()[0], b.toLongArray()[0]);
    return high != 0 ? -1 : a.toLongArray()[0] * b.toLongArray()[0];
  }

  /** What the layer norms add to the variance. */
  float layerNormEps() throws TensorFileException {
    for (OnnxGraph.Node node : nodes) {
      if (node.op().equals("Add") && node.name().startsWith(NORM) && node.inputs().size() == 2) {
        Tensor eps = constants.get(node.inputs().get(1));
        if (eps != null && eps.dtype().isFloat() && eps.item() > 0 && eps.item() < 1e-2) {
          return eps.item();
        }
      }
    }
    throw unknown("the epsilon of its layer norms", "an Add in " + NORM + " of a small constant");
  }

  /** The activation as Hugging Face's {@code hidden_act} calls it. */
  String activation() throws TensorFileException {
    for (OnnxGraph.Node node : nodes) {
      if (node.name().startsWith(ACTIVATION)) {
        switch (node.op()) {
          case "Erf" -> {
            return "gelu";
          }
          case "Relu" -> {
            return "relu";
          }
          default -> { }
        }
      }
    }
    throw unknown("its activation", "an Erf or a Relu in " + ACTIVATION);
  }

  private TensorFileException unknown(String what, String where) {
    return new TensorFileException(file + ": not an exported BERT: the graph does not show " + what
        + " (expected " + where + ")");
  }
}
