package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.io.TensorSource;
import dev.hone.core.io.WeightFiles;
import dev.hone.core.random.Philox;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.fixture.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A merged model that is larger than the memory of the process which writes it. */
class MergeMemoryTest {
  private static final String CONFIG = """
      {"model_type": "llama", "vocab_size": 64, "hidden_size": 384, "num_hidden_layers": 14, "num_attention_heads": 6,
       "num_key_value_heads": 2, "intermediate_size": 1536, "max_position_embeddings": 64, "tie_word_embeddings": true}
      """; // 29.9 million numbers

  @TempDir
  static Path inputs;
  private static Path model;
  private static Path adapter;

  @TempDir
  Path directory;

  private Path merged;

  @BeforeEach
  void results() {
    merged = directory.resolve("merged");
  }

  @BeforeAll
  static void make() throws IOException {
    model = inputs.resolve("model");
    adapter = inputs.resolve("adapter");
    Path config = Files.writeString(inputs.resolve("config.json"), CONFIG);
    ModelLoader.ofConfig(config).task(Task.CAUSAL_LM).seed(1).load().save(model, DType.BF16);
    PretrainedModel base = PretrainedModel.load(model, Task.CAUSAL_LM);
    Adapter made = Adapter.attach(base, LoraConfig.of(4, 8).withTargets(List.of(LoraConfig.ALL_LINEAR)), 1);
    made.parameters().forEach((name, parameter) -> {
      if (name.contains("lora_B")) {
        float[] values = new float[parameter.shape().length()];
        new Philox(2, name.hashCode()).fillNormal(values, 0, values.length, 0, 0.01f);
        parameter.setValue(Tensor.of(values, parameter.shape().toArray()));
      }
    });
    AdapterFiles.save(made, adapter, "model");
  }

  private ProcessBuilder merge(String... more) {
    List<String> command = new ArrayList<>(List.of("-Xmx80m", "-Dhone.threads=1",
        "dev.hone.train.cli.Main", "merge", "--model", model.toString(), "--adapter", adapter.toString(),
        "--output-dir", merged.toString()));
    command.addAll(List.of(more));
    return ChildJvm.java(command).redirectErrorStream(true).redirectOutput(directory.resolve("said").toFile());
  }

  @Test
  void aModelThatDoesNotFitIsMergedIntoShardsAWeightAtATime() throws Exception {
    assertEquals(0, merge("--max-shard-size", "50MB").start().waitFor(), () -> said());
    TensorSource written = WeightFiles.open(merged);
    long bytes = 0;
    for (String name : written.names()) {
      bytes += written.tensor(name).size() * written.dtype(name).bytes();
    }
    assertTrue(bytes > 119_000_000, "more than the heap has: " + bytes);
    try (Stream<Path> files = Files.list(merged)) {
      List<Path> shards = files.filter(file -> file.toString().endsWith(".safetensors")).toList();
      assertEquals(3, shards.size());
      for (Path shard : shards) {
        assertTrue(Files.size(shard) < 50_100_000, shard + " has " + Files.size(shard));
      }
    }
    PretrainedModel whole = PretrainedModel.load(model, Task.CAUSAL_LM);
    AdapterFiles.load(adapter, whole).merge();
    whole.save(directory.resolve("whole"), null);
    TensorSource wanted = WeightFiles.open(directory.resolve("whole"));
    assertEquals(wanted.names(), written.names());
    for (String name : wanted.names()) {
      assertEquals(wanted.dtype(name), written.dtype(name), name);
      assertEquals(-1, wanted.tensor(name).segment().mismatch(written.tensor(name).segment()), name);
    }
    assertEquals(DType.BF16, written.dtype("model.embed_tokens.weight"));
    assertEquals(DType.F32, written.dtype("model.layers.3.mlp.up_proj.weight"));
    assertTrue(said().contains("changed by at most"), said());
  }

  @Test
  void aMergeThatIsKilledLeavesNoModel() throws Exception {
    Process process = merge("--max-shard-size", "50MB").start();
    try {
      while (begun() < 2) { // the second shard is under way
        assertTrue(process.isAlive(), () -> said());
        Thread.sleep(5);
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    try (Stream<Path> files = Files.list(merged)) {
      assertFalse(files.anyMatch(file -> !file.toString().endsWith(".tmp")), "a shard, an index or config.json");
    }
  }

  private long begun() throws IOException {
    if (!Files.isDirectory(merged)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(merged)) {
      return files.count();
    }
  }

  private String said() {
    try {
      return Files.readString(directory.resolve("said"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void aSizeThatIsNoneIsRefused() {
    for (String size : List.of("many", "0", "-1GB", "5 TB")) {
      CommandRun.of("merge", "--model", model, "--adapter", adapter, "--output-dir", merged, "--max-shard-size", size)
          .assertUserError("--max-shard-size must be a size such as 5GB, 500MB or 1000000 (bytes), is '" + size + "'");
    }
  }
}
