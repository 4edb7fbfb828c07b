package dev.hone.nn.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.io.MissingTensorException;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.TensorFileException;
import dev.hone.core.io.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class OnnxBertTest {
  @TempDir
  Path directory;

  private OnnxBert open(Consumer<TinyBert> change) throws IOException {
    TinyBert bert = new TinyBert();
    change.accept(bert);
    return OnnxBert.open(bert.write(directory.resolve("model.onnx")));
  }

  private String error(Consumer<TinyBert> change) {
    String message = assertThrows(TensorFileException.class, () -> open(change)).getMessage();
    String file = directory.resolve("model.onnx").toString();
    assertTrue(message.startsWith(file + ": "), message);
    return message.substring(file.length() + 2);
  }

  @Test
  void weightsHaveTheNamesAndTheLayoutOfHuggingFace() throws IOException {
    TinyBert bert = new TinyBert();
    TensorSource weights = OnnxBert.open(bert.write(directory.resolve("model.onnx"))).weights();
    assertEquals(bert.values.keySet(), weights.names());
    assertEquals(5 + 2 * 16 + 2, weights.names().size());
    assertEquals(Shape.of(20, 12), weights.shape("encoder.layer.1.intermediate.dense.weight"));
    assertEquals(DType.F32, weights.dtype("encoder.layer.1.intermediate.dense.weight"));
    bert.values.forEach((name, values) -> {
      assertArrayEquals(values, weights.tensor(name).toFloatArray(), name);
      assertEquals(weights.shape(name), weights.tensor(name).shape());
    });
    assertThrows(MissingTensorException.class, () -> weights.tensor("embeddings.position_ids"));
  }

  @Test
  void theConfigurationComesFromShapesAndGraph() throws IOException {
    Map<String, Object> config = open(bert -> { }).config();
    assertEquals(30, config.get("vocab_size"));
    assertEquals(12, config.get("hidden_size"));
    assertEquals(2, config.get("num_hidden_layers"));
    assertEquals(3, config.get("num_attention_heads"));
    assertEquals(20, config.get("intermediate_size"));
    assertEquals(7, config.get("max_position_embeddings"));
    assertEquals(2, config.get("type_vocab_size"));
    assertEquals(1e-12, config.get("layer_norm_eps"));
    assertEquals("gelu", config.get("hidden_act"));
    assertEquals("bert", config.get("model_type"));
  }

  @Test
  void theModelIsWrittenAsAHuggingFaceDirectory() throws IOException {
    TinyBert bert = new TinyBert();
    OnnxBert.open(bert.write(directory.resolve("model.onnx"))).writeTo(directory);
    Safetensors written = Safetensors.open(directory.resolve("model.safetensors"));
    assertEquals(bert.values.keySet().size(), written.names().size());
    bert.values.forEach((name, values) -> assertArrayEquals(values, written.tensor(name).toFloatArray(), name));
    assertEquals(Map.of("format", "pt"), written.metadata());
    JsonNode config = new ObjectMapper().readTree(Files.readString(directory.resolve("config.json")));
    assertEquals("BertModel", config.get("architectures").get(0).asString());
    assertEquals(1e-12, config.get("layer_norm_eps").asDouble());
  }

  @Test
  void aModelWithoutPoolerIsComplete() throws IOException {
    OnnxBert bert = open(tiny -> tiny.initializers.keySet().removeIf(name -> name.startsWith("pooler")));
    assertFalse(bert.weights().contains("pooler.dense.weight"));
    assertEquals(5 + 2 * 16, bert.weights().names().size());
  }

  @Test
  void packedSizesAndPackedFloatsAreReadToo() throws IOException {
    TinyBert tiny = new TinyBert();
    float[] bias = tiny.values.get("pooler.dense.bias");
    tiny.initializers.put("pooler.dense.bias", new Proto().bytes(1, new Proto().varint(12).toBytes()).number(2, 1)
        .bytes(4, TinyBert.bytes(bias)).text(8, "pooler.dense.bias"));
    TensorSource weights = OnnxBert.open(tiny.write(directory.resolve("model.onnx"))).weights();
    assertArrayEquals(bias, weights.tensor("pooler.dense.bias").toFloatArray());
  }

  @Test
  void missingAndMisshapenAndForeignTensorsAreNamed() {
    assertEquals("not an exported BERT: tensor 'encoder.layer.0.output.dense.weight' is missing",
        error(bert -> bert.nodes.remove("/encoder/layer.0/output/dense/MatMul")));
    assertEquals("not an exported BERT: tensor 'embeddings.word_embeddings.weight' is missing",
        error(bert -> bert.initializers.remove("embeddings.word_embeddings.weight")));
    assertEquals("tensor 'encoder.layer.1.output.dense.bias': expected [12], it is [3]",
        error(bert -> bert.initializers.put("encoder.layer.1.output.dense.bias",
            TinyBert.tensor("encoder.layer.1.output.dense.bias", 1, new byte[12], 3))));
    assertEquals("not an exported BERT: tensor 'lstm.weight' has no place in one",
        error(bert -> bert.initializers.put("lstm.weight", TinyBert.tensor("lstm.weight", 1, new byte[12], 3))));
    assertEquals("two tensors would be called 'encoder.layer.0.output.dense.weight'",
        error(bert -> bert.initializers.put("encoder.layer.0.output.dense.weight",
            TinyBert.tensor("encoder.layer.0.output.dense.weight", 1, new byte[960], 12, 20))));
  }

  @Test
  void whatTheGraphDoesNotShowIsSaid() {
    assertEquals("not an exported BERT: the graph does not show the number of attention heads (expected a Concat in "
        + "/encoder/layer.0/attention/self/ whose last two constants multiply to 12)",
        error(bert -> bert.nodes.remove("/encoder/layer.0/attention/self/Concat")));
    assertEquals("not an exported BERT: the graph does not show the epsilon of its layer norms (expected an Add in "
        + "/embeddings/LayerNorm/ of a small constant)", error(bert -> bert.nodes.remove("/embeddings/LayerNorm/Add")));
    assertEquals("not an exported BERT: the graph does not show its activation (expected an Erf or a Relu in "
        + "/encoder/layer.0/intermediate/intermediate_act_fn/)",
        error(bert -> bert.nodes.remove("/encoder/layer.0/intermediate/intermediate_act_fn/Erf")));
  }

  @Test
  void quantisedAndExternalWeightsAreRefused() {
    assertEquals("the model is quantised (node '/q' is a MatMulInteger); only models with float weights can be read",
        error(bert -> bert.nodes.put("/q", TinyBert.node("/q", "MatMulInteger", "a", "b"))));
    assertEquals("not a valid ONNX file: in a TensorProto, tensor 'onnx::MatMul_885' lies in ''; only files "
        + "beside this one are read",
        error(bert -> bert.initializers.put("onnx::MatMul_885",
            new Proto().number(1, 12).number(1, 12).number(2, 1).text(8, "onnx::MatMul_885").number(14, 1))));
    assertEquals("tensor 'encoder.layer.0.attention.self.query.weight': expected a matrix of floats, but its ONNX data type 17 "
        + "is "
        + "not read",
        error(bert -> bert.initializers.put("onnx::MatMul_885", TinyBert.tensor("onnx::MatMul_885", 17, new byte[144], 12, 12))));
  }
}
