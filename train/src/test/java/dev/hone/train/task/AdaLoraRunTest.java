package dev.hone.train.task;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.AdaLoraConfig;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.Targets;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.Trainer;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs in which AdaLoRA's ranks are cut: to the budget, the same when gone on with, and refused with means of weights. */
class AdaLoraRunTest {
  private static final int STEPS = 12;
  private static final Labels LABELS = new Labels(List.of("down", "up"), Labels.Kind.SINGLE_LABEL);

  @TempDir
  private Path directory;

  private Path model;
  private Dataset<Example.Labelled> rows;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
    List<Example.Labelled> made = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      made.add(new Example.Labelled("it is " + (i % 2 == 0 ? "good " : "bad ") + (char) ('a' + i), i % 2 == 0 ? "up" : "down"));
    }
    rows = Dataset.of("memory", made);
  }

  private ClassifierTuning tuning(AdaLoraConfig.Budget budget) throws IOException {
    return ClassifierTuning.adapted(model, LABELS,
        new AdaLoraConfig(4, 8, 0.1f, 0.1, Map.of(), Targets.USUAL, List.of(), budget), 1);
  }

  private static TrainConfig config(Map<String, ?> more) {
    Map<String, Object> values = new HashMap<>(Map.of("max_steps", STEPS, "batch_size", 4, "learning_rate", 1e-2, "seed", 1,
        "save_steps", 1));
    values.putAll(more);
    return TrainConfig.of(values);
  }

  private static int left(ClassifierTuning tuning) {
    int[] left = new int[1];
    tuning.adapter().parameters().forEach((name, parameter) -> {
      for (float number : parameter.value().toFloatArray()) {
        left[0] += name.endsWith(".lora_E") && number != 0 ? 1 : 0;
      }
    });
    return left[0];
  }

  @Test
  void ranksFallToTheBudgetAndTheFileHasNoOthers() throws IOException {
    ClassifierTuning tuning = tuning(new AdaLoraConfig.Budget(2, 2, 3, 3, 0.85, 0.85, 0));
    List<Integer> ranks = new ArrayList<>();
    tuning.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        ranks.add(left(tuning));
      }
    });
    tuning.train(rows, null, config(Map.of()));
    assertEquals(16, ranks.get(2), "four layers of four, nothing is cut yet: " + ranks);
    assertEquals(List.of(13, 16, 16, 8), ranks.subList(3, 7), "what is cut comes back until the next cut: " + ranks);
    assertEquals(List.of(8, 8, 8), ranks.subList(9, STEPS), "but not after the last: " + ranks);
    Path out = directory.resolve("adapter");
    tuning.save(out);
    AdaLoraConfig stored = (AdaLoraConfig) AdapterFiles.config(out);
    assertEquals(8, stored.ranks().values().stream().mapToInt(Integer::intValue).sum());
    assertEquals(STEPS, stored.budget().steps());
    PretrainedModel read = AdapterFiles.base(out, model);
    AdapterFiles.load(out, read);
    TokenBatch batch = TokenBatch.of(List.of(tuning.tokenizer().encode("it is good").ids(),
        tuning.tokenizer().encode("very awful").ids()));
    assertArrayEquals(tuning.model().forward(batch, Pass.inference()).value().toFloatArray(),
        read.forward(batch, Pass.inference()).value().toFloatArray(), 1e-5f);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 8, 9, 10})
  void aRunThatIsGoneOnWithCutsTheSame(int stop) throws IOException {
    AdaLoraConfig.Budget budget = new AdaLoraConfig.Budget(2, 2, 3, 2, 0.85, 0.85, 0);
    ClassifierTuning whole = tuning(budget);
    whole.train(rows, rows, config(Map.of()));
    ClassifierTuning stopped = tuning(budget);
    stopped.setCheckpoints(new Checkpoints(directory.resolve("checkpoints"), 2), false);
    stopped.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        if (step.step() == stop) {
          stopped.stop();
        }
      }
    });
    assertTrue(stopped.train(rows, rows, config(Map.of())).interrupted());
    ClassifierTuning resumed = tuning(budget);
    resumed.setCheckpoints(new Checkpoints(directory.resolve("checkpoints"), 2), true);
    Trainer.Result result = resumed.train(rows, rows, config(Map.of()));
    assertEquals(STEPS, result.steps());
    Map<String, float[]> ends = new HashMap<>();
    whole.adapter().parameters().forEach((name, parameter) -> ends.put(name, parameter.value().toFloatArray()));
    resumed.adapter().parameters().forEach((name, parameter) ->
        assertArrayEquals(ends.get(name), parameter.value().toFloatArray(), name));
    ClassifierTuning other = tuning(new AdaLoraConfig.Budget(3, 2, 3, 2, 0.85, 0.85, 0));
    other.setCheckpoints(new Checkpoints(directory.resolve("checkpoints"), 2), true);
    String message = assertThrows(IllegalArgumentException.class, () -> other.train(rows, rows, config(Map.of()))).getMessage();
    assertTrue(message.contains("ranks were cut by 'target_r 2, ") && message.contains("are by 'target_r 3, "), message);
  }

  @Test
  void meansOfWeightsAndTooFewStepsAreRefused() throws IOException {
    AdaLoraConfig.Budget budget = AdaLoraConfig.Budget.of(2);
    String message = assertThrows(IllegalArgumentException.class,
        () -> tuning(budget).train(rows, null, config(Map.of("ema_decay", 0.9)))).getMessage();
    assertTrue(message.contains("ema_decay takes means of weights, in which no rank is cut"), message);
    String few = assertThrows(IllegalArgumentException.class,
        () -> tuning(new AdaLoraConfig.Budget(2, 10, 3, 1, 0.85, 0.85, 0)).train(rows, null, config(Map.of()))).getMessage();
    assertTrue(few.contains("of 12 steps, tinit 10 and tfinal 3 leave none"), few);
  }
}
