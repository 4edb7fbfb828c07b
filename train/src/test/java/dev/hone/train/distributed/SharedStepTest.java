package dev.hone.train.distributed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.lora.LoraConfig;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.Trainer;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.task.Tuning;
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.generate.LanguageTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that is shared by any number of ranks has the bits of one. */
class SharedStepTest {
  @TempDir
  Path directory;

  private Path classifier;
  private Path language;
  private Dataset<Example.Labelled> reviews;
  private Dataset<Example.Language> texts;

  /** What a run leaves in one rank. */
  private record Outcome(List<float[]> weights, List<String> steps, Trainer.Result result) {}

  /** Makes a tuning and its rows. */
  private interface Start {
    Tuning<?> tuning() throws IOException;
  }

  @BeforeEach
  void prepare() throws IOException {
    classifier = TinyModel.write(directory.resolve("classifier"));
    language = TinyLanguageModel.write(directory.resolve("language"));
    reviews = Dataset.labelled(Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(37)), DataOptions.DETECT);
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 25; i++) {
      rows.append("{\"text\": \"once upon a time ").append("x".repeat(i % 7 * 3)).append("\"}\n");
    }
    texts = Dataset.language(Files.writeString(directory.resolve("texts.jsonl"), rows), DataOptions.DETECT);
  }

  private static TrainConfig config(Map<String, ?> more) {
    Map<String, Object> values = new HashMap<>(Map.of("num_train_epochs", 2, "batch_size", 4, "gradient_accumulation_steps", 2,
        "learning_rate", 1e-2, "seed", 1, "dropout", 0.2, "step_blocks", 8, "max_grad_norm", 0.5, "eval_steps", 3));
    values.put("eval_batch_size", 2); // 5 batches, so that some ranks have none
    values.putAll(more);
    return TrainConfig.of(values);
  }

  private Start start(String kind) {
    LoraConfig lora = new LoraConfig(4, 8, 0.1f, List.of(LoraConfig.ALL_LINEAR), List.of());
    return switch (kind) {
      case "classifier lora" -> () -> ClassifierTuning.lora(classifier, LabelSet.of(reviews), lora, 1);
      case "classifier full" -> () -> ClassifierTuning.full(classifier, LabelSet.of(reviews), 1);
      case "decoder lora" -> () -> LanguageTuning.lora(language, lora, 1);
      default -> () -> LanguageTuning.full(language);
    };
  }

  private TrainingSet rows(Tuning<?> tuning) {
    return tuning instanceof ClassifierTuning made ? made.encode(reviews) : ((LanguageTuning) tuning).encode(texts);
  }

  private Callable<Outcome> work(Start start, TrainConfig config, Ranks ranks, Checkpoints checkpoints, boolean resume,
      int stopAt) {
    return () -> {
      Tuning<?> tuning = start.tuning();
      tuning.setRanks(ranks);
      tuning.setCheckpoints(ranks.leads() ? checkpoints : null, resume);
      List<String> steps = new ArrayList<>();
      tuning.addListener(new TrainListener() {
        @Override
        public void onStep(Step step) {
          steps.add(step.step() + " " + step.loss() + " " + step.gradientNorm());
          if (step.step() == stopAt && ranks.rank() == ranks.size() - 1) {
            tuning.stop();
          }
        }

        @Override
        public void onEvaluation(Evaluation evaluation) {
          steps.add("evaluated " + evaluation.loss() + " " + evaluation.accuracy() + " "
              + Arrays.deepToString(evaluation.logits()));
        }
      });
      TrainingSet rows = rows(tuning);
      Trainer.Result result = tuning.train(rows, rows.first(9), config);
      return new Outcome(tuning.parameters().stream().map(Parameter::value).map(Tensor::toFloatArray).toList(), steps, result);
    };
  }

  private List<Outcome> run(Start start, TrainConfig config, int ranks) throws Exception {
    return ThreadRanks.run(ranks, own -> work(start, config, own, null, false, 0));
  }

  private static void assertSame(Outcome expected, Outcome actual, String what) {
    assertEquals(expected.steps, actual.steps, what);
    for (int i = 0; i < expected.weights.size(); i++) {
      assertArrayEquals(expected.weights.get(i), actual.weights.get(i), what);
    }
  }

  private void sameFor(String kind, TrainConfig config, int... numbers) throws Exception {
    Outcome alone = work(start(kind), config, Ranks.alone(), null, false, 0).call();
    assertTrue(alone.steps.size() > 5);
    for (int ranks : numbers) {
      for (Outcome each : run(start(kind), config, ranks)) {
        assertSame(alone, each, kind + " on " + ranks + " ranks");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"classifier lora", "classifier full", "decoder lora", "decoder full"})
  void anyNumberOfRanksHasTheBitsOfOne(String kind) throws Exception {
    sameFor(kind, config(Map.of()), kind.equals("classifier lora") ? new int[] {2, 3, 4, 7} : new int[] {3});
  }

  @Test
  void otherOptimisersNoiseAndCutsHaveThemToo() throws Exception {
    sameFor("decoder lora", config(Map.of("optim", "muon", "weight_decay", 0)), 3);
    sameFor("classifier full", config(Map.of("optim", "adamw_8bit", "neftune_noise_alpha", 3, "ema_decay", 0.9)), 3);
    sameFor("decoder full", config(Map.of("optim", "adafactor", "max_tokens_per_batch", 120, "step_blocks", 7,
        "gradient_checkpointing", true)), 3);
  }

  @Test
  void aSharedOptimiserHasThemToo() throws Exception {
    sameFor("classifier full", config(Map.of("shard_optimizer", true, "save_steps", 100)), 3);
    sameFor("decoder lora", config(Map.of("shard_optimizer", true, "optim", "muon", "ema_decay", 0.9)), 4);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whoeverIsAskedToStopStopsAllAndAnotherNumberGoesOn(boolean sharded) throws Exception {
    TrainConfig config = config(Map.of("save_steps", 100, "shard_optimizer", sharded));
    Outcome alone = work(start("classifier lora"), config, Ranks.alone(), null, false, 0).call();
    Checkpoints checkpoints = new Checkpoints(directory.resolve("checkpoints"), 1);
    List<Outcome> stopped = ThreadRanks.run(4, own -> work(start("classifier lora"), config, own, checkpoints, false, 3));
    for (Outcome each : stopped) {
      assertEquals(3, each.result.steps());
      assertTrue(each.result.interrupted());
    }
    for (int ranks : new int[] {3, 1}) { // 3 leaves a checkpoint of its end behind, which 1 must not take
      Path copy = directory.resolve("copy" + ranks);
      Files.createDirectories(copy);
      Files.copy(checkpoints.directory().resolve("step-3.safetensors"), copy.resolve("step-3.safetensors"));
      for (Outcome each : ThreadRanks.run(ranks,
          own -> work(start("classifier lora"), config, own, new Checkpoints(copy, 1), true, 0))) {
        assertEquals(alone.steps.subList(alone.steps.size() - each.steps.size(), alone.steps.size()), each.steps);
        for (int i = 0; i < alone.weights.size(); i++) {
          assertArrayEquals(alone.weights.get(i), each.weights.get(i));
        }
      }
    }
  }

  @Test
  void aRankSendsTwiceItsShareOfTheGradient() throws Exception {
    int numbers = 100_003;
    for (int size : new int[] {2, 4}) {
      AtomicLong most = new AtomicLong();
      ThreadRanks.run(size, ranks -> () -> {
        Parameter parameter = new Parameter("w", Tensor.of(new float[numbers], numbers), true);
        BlockSums sums = new BlockSums(List.of(parameter));
        GradientExchange exchange = new GradientExchange(ranks, List.of(parameter), 8);
        for (int block = BlockTree.begin(8, ranks.rank(), size); block < BlockTree.begin(8, ranks.rank() + 1, size); block++) {
          float[] gradient = new float[numbers];
          Arrays.fill(gradient, block + 1);
          parameter.addGradient(Tensor.of(gradient, numbers));
          sums.add(block, false);
        }
        exchange.sum(sums);
        most.accumulateAndGet(exchange.bytesSent(), Math::max);
        float[] all = new float[numbers];
        Arrays.fill(all, 36);
        assertArrayEquals(all, parameter.gradient().toFloatArray());
        return null;
      });
      double expected = 2.0 * (size - 1) / size * numbers * Float.BYTES;
      assertEquals(1, most.get() / expected, 0.001);
    }
  }

  @Test
  void moreRanksThanBlocksAreRefused() {
    assertEquals("step_blocks must be at least the number of processes, 3, is 2; --step-blocks 4 has a share for each, and the "
        + "same bits with fewer", assertThrows(IllegalArgumentException.class,
            () -> run(start("classifier lora"), config(Map.of("step_blocks", 2)), 3)).getMessage());
  }

  @Test
  void whatDiffersIsNamed() {
    RanksException e = assertThrows(RanksException.class, () -> ThreadRanks.run(3, ranks -> () -> {
      Alike.check(ranks, Map.of("rows", ranks.rank() == 2 ? "8 rows" : "9 rows"));
      return null;
    }));
    assertEquals("the processes of this run differ in their rows: rank 0 on this host has 9 rows, rank 2 on this host has 8 rows",
        e.getMessage());
  }
}
