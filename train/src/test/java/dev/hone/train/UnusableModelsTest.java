package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A decoder's directory that cannot be used fails with one line that says what is known. */
class UnusableModelsTest {
  private static final String QUERY = "model.layers.0.self_attn.q_proj.weight";

  @TempDir
  Path directory;

  @BeforeEach
  void prepare() throws IOException {
    TinyLanguageModel.write(directory);
  }

  private void assertFails(String... words) {
    ModelException e = assertThrows(ModelException.class, () -> PretrainedModel.load(directory, Task.CAUSAL_LM));
    for (String word : words) {
      assertTrue(e.getMessage().contains(word), e.getMessage() + "\nmust contain: " + word);
    }
    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
  }

  /** Writes the weights again after a change, in shards of at most so many bytes. */
  private void rewrite(Consumer<Map<String, Tensor>> change, long shardBytes) throws IOException {
    Map<String, Tensor> weights = new LinkedHashMap<>();
    PretrainedModel.load(directory, Task.CAUSAL_LM).baseParameters()
        .forEach((name, parameter) -> weights.put(name, Tensor.of(parameter.value().toFloatArray(),
        parameter.shape().toArray())));
    change.accept(weights);
    Files.delete(directory.resolve("model.safetensors"));
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    weights.forEach(writer::add);
    writer.writeModel(directory, shardBytes);
  }

  private void configure(String from, String to) throws IOException {
    Path config = directory.resolve("config.json");
    String text = Files.readString(config);
    assertTrue(text.contains(from), text);
    Files.writeString(config, text.replace(from, to));
  }

  @Test
  void aTensorIsMissing() throws IOException {
    rewrite(weights -> weights.remove(QUERY), Long.MAX_VALUE);
    assertFails("model.safetensors", "missing: " + QUERY + " [32, 32]");
  }

  @Test
  void aTensorHasAnotherName() throws IOException {
    rewrite(weights -> weights.put("encoder." + QUERY, weights.remove(QUERY)), Long.MAX_VALUE);
    assertFails("missing: " + QUERY + " [32, 32]; unexpected: encoder." + QUERY);
  }

  @Test
  void aWeightIsOfIntegers() throws IOException {
    rewrite(weights -> weights.put(QUERY, Tensor.of(MemorySegment.ofArray(new byte[32 * 32]), DType.I8, Shape.of(32, 32))),
        Long.MAX_VALUE);
    assertFails(QUERY + " is of I8, weights are floats");
  }

  @Test
  void aTensorIsMisshapenAndBothShapesAreNamed() throws IOException {
    rewrite(weights -> weights.put(QUERY, Tensor.of(new float[16 * 32], 16, 32)), Long.MAX_VALUE);
    assertFails("misshapen: " + QUERY + " is [16, 32], the configuration makes it [32, 32]");
  }

  @Test
  void aShardIsMissing() throws IOException {
    rewrite(weights -> { }, 20_000);
    assertEquals(Task.CAUSAL_LM, PretrainedModel.load(directory, Task.CAUSAL_LM).task());
    Path shard;
    try (var files = Files.list(directory)) {
      shard = files.filter(file -> file.getFileName().toString().startsWith("model-00002")).findFirst().orElseThrow();
    }
    Files.delete(shard);
    assertFails(shard.getFileName().toString());
  }

  @Test
  void anUnknownRopeTypeOrActivationIsNamedWithTheKnownOnes() throws IOException {
    configure("\"initializer_range\"", "\"rope_scaling\": {\"rope_type\": \"spiral\"}, \"initializer_range\"");
    assertFails("'rope_type' is 'spiral'; known: default, dynamic, linear, llama3, longrope, yarn");
    configure("\"rope_scaling\"", "\"hidden_act\": \"quick\", \"unused\"");
    assertFails("'hidden_act' is 'quick'; known: gelu, gelu_python, gelu_new");
  }
}
