package dev.hone.nn.onnx;

import dev.hone.core.Shape;
import dev.hone.core.io.TensorSource;
import java.util.LinkedHashMap;
import java.util.Map;

/** Names and shapes of the tensors of a Hugging Face {@code BertModel}. */
final class BertShapes {
  private final Map<String, Shape> shapes = new LinkedHashMap<>();

  private BertShapes() {}

  /** Those of a model with these sizes; vocabulary and positions are as long as the given tensors. */
  static Map<String, Shape> of(TensorSource weights, int layers, int hidden, int inner) {
    BertShapes bert = new BertShapes();
    for (String table : new String[] {"word", "position", "token_type"}) {
      String name = "embeddings." + table + "_embeddings.weight";
      int rows = weights.contains(name) && weights.shape(name).rank() == 2 ? weights.shape(name).dim(0) : 0;
      bert.shapes.put(name, Shape.of(rows, hidden));
    }
    bert.norm("embeddings.LayerNorm", hidden);
    for (int i = 0; i < layers; i++) {
      String layer = "encoder.layer." + i + ".";
      bert.linear(layer + "attention.self.query", hidden, hidden);
      bert.linear(layer + "attention.self.key", hidden, hidden);
      bert.linear(layer + "attention.self.value", hidden, hidden);
      bert.linear(layer + "attention.output.dense", hidden, hidden);
      bert.norm(layer + "attention.output.LayerNorm", hidden);
      bert.linear(layer + "intermediate.dense", inner, hidden);
      bert.linear(layer + "output.dense", hidden, inner);
      bert.norm(layer + "output.LayerNorm", hidden);
    }
    if (weights.contains("pooler.dense.weight") || weights.contains("pooler.dense.bias")) {
      bert.linear("pooler.dense", hidden, hidden);
    }
    return bert.shapes;
  }

  private void linear(String name, int out, int in) {
    shapes.put(name + ".weight", Shape.of(out, in));
    shapes.put(name + ".bias", Shape.of(out));
  }

  private void norm(String name, int width) {
    shapes.put(name + ".weight", Shape.of(width));
    shapes.put(name + ".bias", Shape.of(width));
  }
}
