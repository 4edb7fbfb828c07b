package dev.hone.nn.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.io.TensorFileException;
import dev.hone.nn.Labels;
import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Graphs that were written compute what the model does; what they hold is read as protobuf by the reader of foreign files. */
class OnnxExportTest {
  private static final String SIZES = """
      "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
      "max_position_embeddings": 40, "initializer_range": 0.3, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48,
      """;

  @TempDir
  private Path temporary;

  private PretrainedModel model(String type, String more, Task task) throws IOException {
    Path config = temporary.resolve("config.json");
    Files.writeString(config, "{" + SIZES + more + "\"model_type\": \"" + type + "\"}");
    ModelLoader loader = ModelLoader.ofConfig(config).seed(3).task(task);
    Labels labels = new Labels(List.of("a", "b", "c"), Labels.Kind.SINGLE_LABEL);
    return (task == Task.SEQUENCE_CLASSIFICATION ? loader.labels(labels) : loader).load();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "roberta", "xlm-roberta", "camembert", "distilbert", "electra", "albert", "modernbert"})
  void theGraphComputesWhatTheModelDoes(String type) throws IOException {
    String types = (type.equals("bert") ? "" : "\"type_vocab_size\": 1, ") + "\"embedding_size\": 24, \"pad_token_id\": 1, ";
    for (Task task : List.of(Task.EMBEDDING, Task.SEQUENCE_CLASSIFICATION)) {
      PretrainedModel model = model(type, types, task);
      Path file = temporary.resolve("model.onnx");
      assertTrue(OnnxExport.write(model, file, false, "test") < 1e-5, type + " " + task);
      OnnxGraph graph = OnnxGraph.open(file);
      assertEquals(List.of(task == Task.EMBEDDING ? "last_hidden_state" : "logits"), graph.outputs());
      double rounded = OnnxExport.write(model, file, true, "test");
      assertTrue(rounded > 1e-5 && rounded < 0.1, type + " " + task + ": " + rounded);
    }
  }

  @ParameterizedTest
  @CsvSource({"gelu_new", "gelu_pytorch_tanh", "relu", "silu", "tanh"})
  void everyActivationHasItsOperators(String activation) throws IOException {
    PretrainedModel model = model("bert", "\"hidden_act\": \"" + activation + "\", ", Task.EMBEDDING);
    assertTrue(OnnxExport.write(model, temporary.resolve("model.onnx"), false, "test") < 1e-5);
  }

  @Test
  void largeModelsHaveTheirWeightsInAFileBeside() throws IOException {
    PretrainedModel model = model("bert", "", Task.EMBEDDING);
    Path file = temporary.resolve("model.onnx");
    assertTrue(OnnxExport.write(model, file, false, "test", 0) < 1e-5);
    assertTrue(Files.size(temporary.resolve("model.onnx.data")) > 4L * 60 * 32);
    assertTrue(Files.size(file) < 40_000);
    Files.delete(temporary.resolve("model.onnx.data"));
    assertTrue(assertThrows(TensorFileException.class, () -> OnnxGraph.open(file)).getMessage().contains("model.onnx.data"));
  }

  @Test
  void oneWrongWeightIsFound() throws IOException {
    PretrainedModel model = model("bert", "", Task.EMBEDDING);
    Path file = temporary.resolve("model.onnx");
    OnnxExport.write(model, file, false, "test", 0);
    Path data = temporary.resolve("model.onnx.data");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(data)).order(ByteOrder.LITTLE_ENDIAN);
    float bias = model.parameters().get("bert.encoder.layer.1.intermediate.dense.bias").value().toFloatArray()[5];
    assertEquals(0, bias); // new ones are 0: look for a weight
    float weight = model.parameters().get("bert.encoder.layer.1.intermediate.dense.weight").value().toFloatArray()[7];
    int changed = 0;
    for (int at = 0; at + 4 <= bytes.capacity(); at += 4) {
      if (bytes.getFloat(at) == weight) {
        bytes.putFloat(at, weight + 1);
        changed++;
      }
    }
    assertEquals(1, changed);
    Files.write(data, bytes.array());
    assertTrue(OnnxExport.difference(model, file) > OnnxExport.EXACT);
  }

  @Test
  void whatHasNoGraphIsRefusedByName() throws IOException {
    PretrainedModel gpt2 = model("gpt2", "\"n_embd\": 32, \"n_layer\": 2, \"n_head\": 4, \"n_positions\": 40, ", Task.CAUSAL_LM);
    Path file = temporary.resolve("model.onnx");
    assertTrue(assertThrows(ModelException.class, () -> OnnxExport.write(gpt2, file, false, "test")).getMessage()
        .contains("model_type 'gpt2' is not exported"));
    PretrainedModel relative = model("mpnet", "", Task.EMBEDDING);
    assertThrows(ModelException.class, () -> OnnxExport.write(relative, file, false, "test"));
    PretrainedModel causal = model("bert", "\"is_decoder\": true, ", Task.EMBEDDING);
    assertThrows(ModelException.class, () -> OnnxExport.write(causal, file, false, "test"));
    assertFalse(Files.exists(file));
  }

  @Test
  void theErrorFunctionIsThatOfTables() { // Abramowitz and Stegun, table 7.1
    Map.of(0.5, 0.5204998778, 1.0, 0.8427007929, 2.0, 0.9953222650, 2.6, 0.9997639656).forEach((x, value) -> {
      assertEquals(value, OnnxRun.erf(x), 1e-10);
      assertEquals(-value, OnnxRun.erf(-x), 1e-10);
    });
  }
}
