package dev.hone.train.saving;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.SavedPrecision;
import dev.hone.autograd.Variable;
import dev.hone.core.MirrorDevice;
import dev.hone.core.OwnPool;
import dev.hone.core.Scope;
import dev.hone.core.parallel.Workers;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.train.RunLog;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.Trainer;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.fixture.Fixtures;
import dev.hone.train.task.generate.LanguageTuning;
import dev.hone.train.task.generate.NextTokenObjective;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Activations that wait in BF16: the loss keeps its bits, gradients come near, a run keeps its promises. */
class RoundedActivationsTest {
  private static final double BOUND = 1e-2; // of the largest number of all gradients; twice that where blocks are recomputed

  private final int threads = Workers.threads();

  @TempDir
  Path directory;

  @AfterEach
  void restoreThreads() {
    Workers.setThreads(threads);
  }

  static List<Path> models() {
    return Fixtures.directories("models", directory -> true);
  }

  /** The loss and gradients of a pass by name, and the bytes that wait for the backward pass. */
  private static Map<String, float[]> gradients(PretrainedModel model, TokenBatch batch, boolean checkpointing, boolean rounded,
      long[] waiting) throws Exception {
    Pass pass = Pass.training(3, 1).withModelDropout(0.1f);
    return OwnPool.run(() -> SideBySide.gradients(model, each -> {
      try (SavedPrecision _ = rounded ? SavedPrecision.bf16() : null) {
        long before = Scope.liveBytes();
        Variable loss = LossOps.crossEntropy(model.forward(batch, each), new int[] {0, 2, 1, 2}, CrossEntropySettings.PLAIN,
            0.25f);
        waiting[0] = Scope.liveBytes() - before;
        return loss;
      }
    }, checkpointing ? pass.withCheckpointing() : pass));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  @Tag("fixtures")
  void everyFamilyHasTheSameLossAndGradientsNearby(Path directory) throws Exception {
    for (boolean adapted : new boolean[] {false, true}) {
      PretrainedModel model = PretrainedModel.load(directory, new Labels(List.of("a", "b", "c"), Labels.Kind.SINGLE_LABEL), 9);
      SideBySide.prepare(model, adapted, 0.2f);
      for (boolean checkpointing : new boolean[] {false, true}) {
        long[] plainBytes = new long[1];
        long[] roundedBytes = new long[1];
        Map<String, float[]> plain = gradients(model, SideBySide.rows(model), checkpointing, false, plainBytes);
        Map<String, float[]> rounded = gradients(model, SideBySide.rows(model), checkpointing, true, roundedBytes);
        assertEquals(plain.keySet(), rounded.keySet());
        assertArrayEquals(plain.get("loss"), rounded.get("loss"), "the forward pass rounds nothing");
        assertTrue(roundedBytes[0] < 0.9 * plainBytes[0], roundedBytes[0] + " bytes of " + plainBytes[0]);
        double largest = 0;
        double apart = 0;
        for (Map.Entry<String, float[]> entry : plain.entrySet()) {
          float[] other = rounded.get(entry.getKey());
          for (int i = 0; i < other.length; i++) {
            largest = Math.max(largest, Math.abs(entry.getValue()[i]));
            apart = Math.max(apart, Math.abs(entry.getValue()[i] - other[i]));
          }
        }
        assertTrue(apart < (checkpointing ? 2 : 1) * BOUND * largest, apart + " of " + largest);
      }
    }
  }

  private record Run(List<Double> losses, float[] weights) {}

  private Path rows() throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      rows.append("{\"prompt\": \"After ").append(i).append("? \", \"completion\": \"It is ").append(i + 1).append(".\"}\n");
    }
    return Files.writeString(directory.resolve("rows.jsonl"), rows);
  }

  private Run run(String activations, boolean checkpointing) throws IOException {
    Path model = directory.resolve("model");
    if (!Files.exists(model)) {
      TinyLanguageModel.write(model);
    }
    Dataset<Example.Language> data = Dataset.language(rows(), DataOptions.DETECT);
    LanguageTuning tuning = LanguageTuning.lora(model, new LoraConfig(4, 8, 0, List.of(), List.of()), 1);
    RunLog log = new RunLog();
    tuning.addListener(log);
    tuning.train(data, null, TrainConfig.of(Map.of("max_steps", 6, "batch_size", 6, "learning_rate", 1e-2,
        "activations", activations, "gradient_checkpointing", checkpointing)));
    return new Run(log.losses(), tuning.parameters().iterator().next().value().toFloatArray());
  }

  @Test
  void aRunLearnsAsOneDoesThatKeepsThemInFull() throws IOException {
    for (boolean checkpointing : new boolean[] {false, true}) {
      Run plain = run("f32", checkpointing);
      Run rounded = run("bf16", checkpointing);
      assertEquals(plain.losses.getFirst(), rounded.losses.getFirst(), "the forward pass rounds nothing");
      assertNotEquals(plain.losses, rounded.losses);
      assertTrue(plain.losses.getLast() < plain.losses.getFirst());
      for (int i = 0; i < plain.losses.size(); i++) {
        assertEquals(plain.losses.get(i), rounded.losses.get(i), 2e-3 * plain.losses.getFirst());
      }
    }
  }

  @Test
  void theNumberOfThreadsChangesNoBitOfIt() throws IOException {
    Workers.setThreads(1);
    Run one = run("bf16", false);
    Workers.setThreads(3);
    Run three = run("bf16", false);
    assertArrayEquals(one.weights, three.weights);
    assertEquals(one.losses, three.losses);
  }

  @Test
  void anotherWordIsRefusedAndSoIsADeviceThatDoesNotRound() throws IOException {
    assertEquals("activations must be f32 or bf16, is fp16", assertThrows(IllegalArgumentException.class,
        () -> TrainConfig.of(Map.of("activations", "fp16"))).getMessage());
    PretrainedModel model = PretrainedModel.load(TinyLanguageModel.write(directory.resolve("model")), Task.CAUSAL_LM);
    model.to(MirrorDevice.DEVICE);
    model.setTrainable(true);
    assertEquals("activations must be f32 on the device mirror, is bf16: only the CPU keeps them in half the memory",
        assertThrows(IllegalArgumentException.class, () -> new Trainer(model, model.parameters().values(),
            NextTokenObjective.PLAIN, TrainConfig.of(Map.of("activations", "bf16")))).getMessage());
  }
}
