package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.LoraConfig;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.report.EventFiles;
import dev.hone.train.report.MetricsFile;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A run that was interrupted ends as if it had not been. */
class ResumeTest {
  @TempDir
  Path directory;

  private Path model;
  private Dataset<Example.Labelled> data;
  private Dataset<Example.Labelled> heldOut;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
    Path file = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(60));
    data = Dataset.labelled(file, DataOptions.DETECT);
    heldOut = data.select(new int[] {1, 2, 3, 4, 5, 6, 7, 8});
  }

  /** What a run leaves. */
  private record Outcome(Trainer.Result result, List<float[]> weights, List<String> metrics, List<String> warnings) {}

  private static TrainConfig config(Map<String, ?> more) {
    Map<String, Object> values = new HashMap<>(Map.of("num_train_epochs", 3, "batch_size", 8, "learning_rate", 5e-3, "seed", 1,
        "gradient_accumulation_steps", 2, "save_steps", 2, "eval_steps", 3));
    values.putAll(more);
    return TrainConfig.of(values);
  }

  private Outcome run(Path output, TrainConfig config, boolean resume, int stopAfter) throws IOException {
    return run(output, config, resume, stopAfter, false);
  }

  private Outcome run(Path output, TrainConfig config, boolean resume, int stopAfter, boolean interrupt) throws IOException {
    ClassifierTuning tuning = ClassifierTuning.lora(model, LabelSet.of(data),
        LoraConfig.of(4, 8).withTargets(List.of(LoraConfig.ALL_LINEAR)), 1);
    List<String> warnings = new ArrayList<>();
    Files.createDirectories(output);
    try (MetricsFile metrics = new MetricsFile(output.resolve("metrics.jsonl"))) {
      tuning.setCheckpoints(new Checkpoints(output.resolve("checkpoints"), 2), resume);
      tuning.addListener(metrics);
      tuning.addListener(new TrainListener() {
        @Override
        public void onStep(Step step) {
          if (step.step() == stopAfter && interrupt) {
            Thread.currentThread().interrupt();
          } else if (step.step() == stopAfter) {
            tuning.stop();
          }
        }

        @Override
        public void onWarning(String message) {
          warnings.add(message);
        }
      });
      Trainer.Result result = tuning.train(data, heldOut, config);
      assertEquals(interrupt, Thread.interrupted(), "an interrupt must stay visible to the caller");
      return new Outcome(result, tuning.parameters().stream().map(p -> p.value().toFloatArray()).toList(),
          lines(output.resolve("metrics.jsonl")), warnings);
    }
  }

  /** Lines without times, which no two runs share. */
  private static List<String> lines(Path metrics) throws IOException {
    JsonMapper json = JsonMapper.builder().build();
    return Files.readAllLines(metrics).stream().map(line -> {
      ObjectNode tree = (ObjectNode) json.readTree(line);
      tree.remove(List.of("seconds", "tokens_per_second"));
      return tree.toString();
    }).toList();
  }

  private static void assertSameEnd(Outcome expected, Outcome actual) {
    assertEquals(expected.weights.size(), actual.weights.size());
    for (int i = 0; i < expected.weights.size(); i++) {
      assertArrayEquals(expected.weights.get(i), actual.weights.get(i));
    }
    assertEquals(expected.metrics, actual.metrics);
    assertEquals(expected.result.bestStep(), actual.result.bestStep());
    assertEquals(expected.result.bestLoss(), actual.result.bestLoss());
  }

  private Path out(String name) {
    return directory.resolve(name);
  }

  private List<Path> checkpoints(Path output) throws IOException {
    try (Stream<Path> files = Files.list(output.resolve("checkpoints"))) {
      return files.sorted().toList();
    }
  }

  @ParameterizedTest(name = "stopped after step {0}")
  @ValueSource(ints = {1, 4, 5, 11})
  void aStoppedRunGoesOnToTheSameBits(int stopAfter) throws IOException {
    Outcome plain = run(out("plain"), config(Map.of()), false, 0);
    assertEquals(12, plain.result.steps());
    Outcome stopped = run(out("other"), config(Map.of()), false, stopAfter);
    assertTrue(stopped.result.interrupted());
    assertEquals(stopAfter, stopped.result.steps());
    assertSameEnd(plain, run(out("other"), config(Map.of()), true, 0));
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"adamw_8bit", "adafactor", "lion", "muon", "nadam", "sgd"})
  void everyOptimizerAndTheMeanOfWeightsGoOn(String optim) throws IOException {
    TrainConfig config = config(Map.of("optim", optim, "ema_decay", 0.9, "label_smoothing_factor", 0.1, "max_steps", 7));
    Outcome plain = run(out("plain"), config, false, 0);
    run(out("other"), config, false, 3);
    assertSameEnd(plain, run(out("other"), config, true, 0));
  }

  @Test
  void anInterruptedThreadSavesItsStep() throws IOException {
    Outcome plain = run(out("plain"), config(Map.of()), false, 0);
    Outcome stopped = run(out("other"), config(Map.of()), false, 5, true);
    assertTrue(stopped.result.interrupted());
    assertTrue(Files.exists(out("other").resolve("checkpoints/step-5.safetensors")));
    assertSameEnd(plain, run(out("other"), config(Map.of()), true, 0));
  }

  @Test
  void whatEarlyStoppingCountsGoesOnToo() throws IOException {
    TrainConfig config = config(Map.of("early_stopping_patience", 2, "learning_rate", 0.3, "max_steps", 200, "eval_steps", 2,
        "metric_for_best_model", "accuracy"));
    Outcome plain = run(out("plain"), config, false, 0);
    assertTrue(plain.result.stoppedEarly() && !plain.result.interrupted(), plain.result.toString());
    run(out("other"), config, false, plain.result.steps() - 1);
    assertSameEnd(plain, run(out("other"), config, true, 0));
    assertSameEnd(plain, run(out("other"), config, true, 0)); // it has ended, and stays so
  }

  @Test
  void oldCheckpointsGoAndUnfinishedOnesAreSweptAway() throws IOException {
    run(out("a"), config(Map.of()), false, 0);
    assertEquals(List.of("step-10.safetensors", "step-12.safetensors"),
        checkpoints(out("a")).stream().map(file -> file.getFileName().toString()).toList());
    Files.writeString(out("a").resolve("checkpoints/.step-14.safetensors.77-1.tmp"), "half");
    run(out("a"), config(Map.of()), true, 0);
    assertEquals(2, checkpoints(out("a")).size());
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"bit", "cut", "empty", "header"})
  void aDamagedCheckpointIsPassedOver(String damage) throws IOException {
    Outcome plain = run(out("plain"), config(Map.of()), false, 0);
    run(out("other"), config(Map.of()), false, 9);
    Path newest = out("other").resolve("checkpoints/step-9.safetensors");
    byte[] bytes = Files.readAllBytes(newest);
    switch (damage) {
      case "bit" -> bytes[bytes.length - 100] ^= 1;
      case "cut" -> bytes = Arrays.copyOf(bytes, bytes.length / 2);
      case "empty" -> bytes = new byte[0];
      default -> bytes[40] ^= 4;
    }
    Files.write(newest, bytes);
    Outcome resumed = run(out("other"), config(Map.of()), true, 0);
    assertTrue(resumed.warnings.getFirst().startsWith("checkpoint passed over: "), resumed.warnings.toString());
    assertSameEnd(plain, resumed);
    assertFalse(Files.exists(newest), "what was given up must not be taken for the newest later");
  }

  @Test
  void aCheckpointOfAnotherRunIsRefused() throws IOException {
    run(out("a"), config(Map.of()), false, 5);
    assertEquals("resume: the checkpoint is of another run: learning_rate was '0.005', is '0.1'",
        assertThrows(IllegalArgumentException.class, () -> run(out("a"), config(Map.of("learning_rate", 0.1)), true, 0))
            .getMessage());
    data = data.select(new int[] {9, 10, 11, 12, 13, 14, 15, 16, 17});
    assertEquals("resume: the checkpoint is of another run: the rows are not the same",
        assertThrows(IllegalArgumentException.class, () -> run(out("a"), config(Map.of()), true, 0)).getMessage());
  }

  @Test
  void filesThatCannotBeWrittenAreNamed() throws IOException {
    TrainListener.Step step = new TrainListener.Step(1, 2, 0.5, 1, 1e-3, 1, 10, 1, 10);
    MetricsFile metrics = new MetricsFile(directory.resolve("metrics.jsonl"));
    metrics.onStep(step);
    metrics.close();
    UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> metrics.onStep(step));
    assertTrue(e.getCause().getMessage().startsWith("write " + directory.resolve("metrics.jsonl") + ": "), e.getMessage());
    EventFiles events = new EventFiles(directory.resolve("runs"));
    events.onStep(step);
    events.close();
    UncheckedIOException f = assertThrows(UncheckedIOException.class, () -> events.onStep(step));
    assertTrue(f.getCause().getMessage().startsWith("write " + directory.resolve("runs/events.out.tfevents.")), f.getMessage());
  }

  @Test
  void aCheckpointThatCannotBeWrittenLeavesTheOnesBefore() throws IOException {
    run(out("a"), config(Map.of()), false, 5);
    List<Path> before = checkpoints(out("a"));
    Path inTheWay = out("a").resolve("checkpoints/step-6.safetensors");
    Files.writeString(Files.createDirectories(inTheWay).resolve("file"), "a directory cannot be replaced by a file");
    UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> run(out("a"), config(Map.of()), true, 0));
    assertTrue(e.getCause().getMessage().startsWith("checkpoint of step 6: write " + inTheWay + ": "), e.getMessage());
    assertTrue(e.getCause().getMessage().endsWith("; the last good one is " + before.getLast()), e.getMessage());
    Files.delete(inTheWay.resolve("file"));
    Files.delete(inTheWay);
    assertEquals(before, checkpoints(out("a")), "and nothing unfinished is left");
  }
}
