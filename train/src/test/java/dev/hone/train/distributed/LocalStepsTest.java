package dev.hone.train.distributed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.lora.LoraConfig;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Steps of one's own and common ones. */
class LocalStepsTest {
  @TempDir
  Path directory;

  /** Two workers, two numbers; the outer step by hand: v = 0.9 v + d, w = w - 0.7 (d + 0.9 v), d the mean of start - end. */
  @Test
  void theOuterStepIsNesterovsOnTheMeanDifference() throws Exception {
    float[][] moves = {{1, -2}, {3, 0}}; // what each worker adds before a common step
    float[] expected = {10, 20};
    float[] velocity = new float[2];
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 2; i++) {
        float d = -(moves[0][i] + moves[1][i]) / 2;
        velocity[i] = 0.9f * velocity[i] + d;
        expected[i] -= 0.7f * (d + 0.9f * velocity[i]);
      }
    }
    List<float[]> ends = ThreadRanks.run(2, ranks -> () -> {
      Parameter w = new Parameter("w", Tensor.of(new float[] {10, 20}, 2), true);
      LocalSteps local = new LocalSteps(ranks, List.of(w), 0.7, 0.9);
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2; i++) {
          w.value().array()[w.value().offset() + i] += moves[ranks.rank()][i];
        }
        local.together();
        assertFalse(w.hasGradient());
      }
      return w.value().toFloatArray();
    });
    assertArrayEquals(ends.get(0), ends.get(1));
    assertArrayEquals(expected, ends.get(0), 1e-4f);
  }

  private TrainConfig config(Map<String, ?> more) {
    Map<String, Object> values = new HashMap<>(Map.of("max_steps", 12, "batch_size", 4, "learning_rate", 1e-2, "seed", 1,
        "dropout", 0.2, "local_steps", 3, "eval_steps", 4, "save_steps", 5));
    values.putAll(more);
    return TrainConfig.of(values);
  }

  private record Outcome(List<float[]> weights, List<String> steps) {}

  private List<Outcome> run(int size, TrainConfig config, Path checkpoints, boolean resume, int stopAt) throws Exception {
    Path model = directory.resolve("model");
    if (!Files.exists(model)) {
      TinyModel.write(model);
      Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(36));
    }
    return ThreadRanks.run(size, ranks -> () -> {
      Dataset<Example.Labelled> reviews = Dataset.labelled(directory.resolve("reviews.csv"), DataOptions.DETECT);
      ClassifierTuning tuning = ClassifierTuning.lora(model, LabelSet.of(reviews),
          new LoraConfig(4, 8, config.dropout() > 0 ? 0.1f : 0, List.of(LoraConfig.ALL_LINEAR), List.of()), 1);
      tuning.setRanks(ranks);
      tuning.setCheckpoints(ranks.leads() && checkpoints != null ? new Checkpoints(checkpoints, 1) : null, resume);
      List<String> steps = new ArrayList<>();
      tuning.addListener(new TrainListener() {
        @Override
        public void onStep(Step step) {
          steps.add(step.step() + " " + step.loss());
          if (step.step() == stopAt && ranks.rank() == ranks.size() - 1) {
            tuning.stop();
          }
        }

        @Override
        public void onEvaluation(Evaluation evaluation) {
          steps.add("evaluated " + evaluation.loss());
        }
      });
      TrainingSet rows = tuning.encode(reviews);
      tuning.train(rows, rows.first(9), config);
      return new Outcome(tuning.parameters().stream().map(Parameter::value).map(Tensor::toFloatArray).toList(), steps);
    });
  }

  private static void assertSameWeights(Outcome expected, Outcome actual) {
    for (int i = 0; i < expected.weights.size(); i++) {
      assertArrayEquals(expected.weights.get(i), actual.weights.get(i));
    }
  }

  @Test
  void runsAreEqualAndProcessesEndWithTheSame() throws Exception {
    List<Outcome> first = run(3, config(Map.of()), null, false, 0);
    List<Outcome> second = run(3, config(Map.of()), null, false, 0);
    for (int r = 0; r < 3; r++) {
      assertSameWeights(first.getFirst(), first.get(r));
      assertSameWeights(first.getFirst(), second.get(r));
      assertEquals(first.get(r).steps, second.get(r).steps);
    }
    List<String> own = first.get(0).steps.stream().filter(line -> !line.startsWith("evaluated")).toList();
    List<String> others = first.get(1).steps.stream().filter(line -> !line.startsWith("evaluated")).toList();
    assertTrue(own.stream().noneMatch(others::contains), "each has rows of its own: " + own + others);
    assertEquals(first.get(0).steps.stream().filter(line -> line.startsWith("evaluated")).toList(),
        first.get(1).steps.stream().filter(line -> line.startsWith("evaluated")).toList());
  }

  @Test
  void aStoppedRunGoesOnToTheSameBitsWithAsManyProcesses() throws Exception {
    List<Outcome> expected = run(2, config(Map.of("save_steps", 3)), null, false, 0);
    Path checkpoints = directory.resolve("checkpoints");
    List<Outcome> stopped = run(2, config(Map.of("save_steps", 3)), checkpoints, false, 5); // ends at the common step after it
    assertTrue(stopped.getFirst().steps.getLast().startsWith("6 "), stopped.getFirst().steps.toString());
    Path copy = Files.createDirectories(directory.resolve("copy"));
    Files.copy(checkpoints.resolve("step-6.safetensors"), copy.resolve("step-6.safetensors"));
    List<Outcome> resumed = run(2, config(Map.of("save_steps", 3)), checkpoints, true, 0);
    for (int r = 0; r < 2; r++) {
      assertSameWeights(expected.get(r), resumed.get(r));
      assertEquals(expected.get(r).steps.subList(expected.get(r).steps.size() - resumed.get(r).steps.size(),
          expected.get(r).steps.size()), resumed.get(r).steps);
    }
    assertEquals("resume: with local_steps each process has an optimiser of its own: the checkpoint is of 2 processes, these are "
        + "3; start 2", assertThrows(IllegalArgumentException.class, () -> run(3, config(Map.of("save_steps", 3)), copy, true, 0))
            .getMessage());
  }

  @Test
  void theMeanOfOneStepIsTheStepOfAll() throws Exception {
    // plain descent on batches of 4 rows, a common step after each, rate 1 without momentum: their mean is the step of both
    Map<String, Object> plain = Map.of("optim", "sgd", "dropout", 0, "weight_decay", 0, "max_grad_norm", 0, "lr_scheduler_type",
        "constant", "warmup_ratio", 0, "max_steps", 3, "eval_steps", 10, "learning_rate", 0.05);
    Map<String, Object> local = new HashMap<>(plain);
    local.putAll(Map.of("local_steps", 1, "outer_learning_rate", 1, "outer_momentum", 0));
    Map<String, Object> common = new HashMap<>(plain);
    common.putAll(Map.of("local_steps", 0, "gradient_accumulation_steps", 2, "step_blocks", 2));
    float[] a = flat(run(2, config(local), null, false, 0).getFirst());
    float[] b = flat(run(2, config(common), null, false, 0).getFirst());
    assertArrayEquals(b, a, 1e-5f);
    assertFalse(Arrays.equals(a, new float[a.length]));
  }

  private static float[] flat(Outcome outcome) throws IOException {
    float[] all = new float[outcome.weights.stream().mapToInt(each -> each.length).sum()];
    int at = 0;
    for (float[] each : outcome.weights) {
      System.arraycopy(each, 0, all, at, each.length);
      at += each.length;
    }
    return all;
  }

  @Test
  void whatDoesNotGoTogetherIsRefused() {
    assertEquals("shard_optimizer must be false with local_steps, where each process has an optimiser of its own, is true",
        assertThrows(IllegalArgumentException.class, () -> config(Map.of("shard_optimizer", true))).getMessage());
    assertEquals("ema_decay must be 0 with local_steps, where weights differ between common steps, is 0.9",
        assertThrows(IllegalArgumentException.class, () -> config(Map.of("ema_decay", 0.9))).getMessage());
  }
}
