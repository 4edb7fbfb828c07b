package dev.hone.nn.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * A small BERT as an ONNX file with the names and the order that PyTorch's exporter gives; parts can be changed before writing.
 */
final class TinyBert {
  static final int HIDDEN = 12;
  static final int HEADS = 3;
  static final int INNER = 20;

  final Map<String, Proto> initializers = new LinkedHashMap<>();
  final Map<String, Proto> nodes = new LinkedHashMap<>();
  final Map<String, float[]> values = new LinkedHashMap<>();
  private final Random random = new Random(11);
  private int anonymous = 885;

  TinyBert() {
    initializers.put("embeddings.position_ids", tensor("embeddings.position_ids", 7, new byte[7 * 8], 1, 7));
    floats("embeddings.word_embeddings.weight", 30, HIDDEN);
    floats("embeddings.position_embeddings.weight", 7, HIDDEN);
    floats("embeddings.token_type_embeddings.weight", 2, HIDDEN);
    norm("embeddings.LayerNorm");
    constant("/embeddings/LayerNorm/Constant_1", tensor("", 1, bytes(1e-12f)));
    nodes.put("/embeddings/LayerNorm/Add",
        node("/embeddings/LayerNorm/Add", "Add", "x", "/embeddings/LayerNorm/Constant_1_output_0"));
    for (int i = 0; i < 2; i++) {
      String layer = "encoder.layer." + i + ".";
      for (String part : new String[] {"query", "key", "value"}) {
        linear(layer + "attention.self." + part, HIDDEN, HIDDEN);
      }
      String attention = "/encoder/layer." + i + "/attention/self/";
      constant(attention + "Constant_2", tensor("", 7, longs(HEADS), 1));
      constant(attention + "Constant_3", tensor("", 7, longs(HIDDEN / HEADS), 1));
      nodes.put(attention + "Concat", node(attention + "Concat", "Concat", "a", "b", attention + "Constant_2_output_0",
          attention + "Constant_3_output_0"));
      nodes.put(attention + "MatMul", node(attention + "MatMul", "MatMul", "a", "b"));
      linear(layer + "attention.output.dense", HIDDEN, HIDDEN);
      norm(layer + "attention.output.LayerNorm");
      linear(layer + "intermediate.dense", INNER, HIDDEN);
      String activation = "/encoder/layer." + i + "/intermediate/intermediate_act_fn/";
      nodes.put(activation + "Div", node(activation + "Div", "Div", "x", "y"));
      nodes.put(activation + "Erf", node(activation + "Erf", "Erf", "x"));
      linear(layer + "output.dense", HIDDEN, INNER);
      norm(layer + "output.LayerNorm");
    }
    floats("pooler.dense.weight", HIDDEN, HIDDEN);
    floats("pooler.dense.bias", HIDDEN);
  }

  private void norm(String name) {
    floats(name + ".weight", HIDDEN);
    floats(name + ".bias", HIDDEN);
  }

  /** A linear layer: its weight is stored as [in, out], anonymous, and named by its node. */
  private void linear(String name, int out, int in) {
    floats(name + ".bias", out);
    float[] weight = values(out * in);
    values.put(name + ".weight", weight);
    float[] turned = new float[out * in];
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        turned[i * out + o] = weight[o * in + i];
      }
    }
    String matrix = "onnx::MatMul_" + anonymous++;
    initializers.put(matrix, tensor(matrix, 1, bytes(turned), in, out));
    String node = "/" + name.replace('.', '/').replaceFirst("layer/(\\d)", "layer.$1") + "/MatMul";
    nodes.put(node, node(node, "MatMul", "x", matrix));
  }

  private void floats(String name, int... dims) {
    int size = 1;
    for (int dim : dims) {
      size *= dim;
    }
    values.put(name, values(size));
    initializers.put(name, tensor(name, 1, bytes(values.get(name)), dims));
  }

  private float[] values(int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return values;
  }

  private void constant(String name, Proto tensor) {
    nodes.put(name, new Proto().text(2, name + "_output_0").text(3, name)
        .message(5, new Proto().text(1, "value").message(5, tensor).number(20, 4)).text(4, "Constant"));
  }

  static Proto node(String name, String op, String... inputs) {
    Proto node = new Proto();
    for (String input : inputs) {
      node.text(1, input);
    }
    return node.text(2, name + "_output_0").text(3, name).text(4, op);
  }

  static Proto tensor(String name, int type, byte[] data, int... dims) {
    Proto tensor = new Proto();
    for (int dim : dims) {
      tensor.number(1, dim);
    }
    return tensor.number(2, type).text(8, name).bytes(9, data);
  }

  static byte[] bytes(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  static byte[] longs(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }

  byte[] toBytes() {
    Proto graph = new Proto();
    nodes.values().forEach(node -> graph.message(1, node));
    graph.text(2, "torch_jit");
    initializers.values().forEach(tensor -> graph.message(5, tensor));
    return new Proto().number(1, 7).text(2, "pytorch").message(7, graph).message(8, new Proto().number(2, 14)).toBytes();
  }

  Path write(Path file) throws IOException {
    return Files.write(file, toBytes());
  }
}
