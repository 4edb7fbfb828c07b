package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.parallel.Workers;
import dev.hone.lora.LoraConfig;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.task.classify.ClassificationObjective;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  @TempDir
  Path directory;

  private final int threads = Workers.threads();
  private Path model;
  private Dataset<Example.Labelled> data;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
    Path file = directory.resolve("reviews.csv");
    Files.writeString(file, TinyModel.reviews(80));
    data = Dataset.labelled(file, DataOptions.DETECT);
  }

  @AfterEach
  void restoreThreads() {
    Workers.setThreads(threads);
  }

  private ClassifierTuning lora() throws IOException {
    return ClassifierTuning.lora(model, LabelSet.of(data), LoraConfig.of(4, 8), 1);
  }

  private static TrainConfig config(double epochs, int accumulation, int patience) {
    return TrainConfig.of(Map.of("num_train_epochs", epochs, "batch_size", 8, "gradient_accumulation_steps", accumulation,
        "learning_rate", 5e-3, "seed", 1, "early_stopping_patience", patience));
  }

  private static List<float[]> values(ClassifierTuning tuning) {
    return tuning.parameters().stream().map(parameter -> parameter.value().toFloatArray()).toList();
  }

  private static void assertSameBits(List<float[]> expected, List<float[]> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i));
    }
  }

  @Test
  void theNumberOfThreadsChangesNoBit() throws IOException {
    List<List<float[]>> runs = new ArrayList<>();
    for (int n : new int[] {1, 2, 3}) {
      Workers.setThreads(n);
      ClassifierTuning tuning = lora();
      tuning.train(data, null, config(2, 1, 0));
      runs.add(values(tuning));
    }
    assertSameBits(runs.get(0), runs.get(1));
    assertSameBits(runs.get(0), runs.get(2));
  }

  @Test
  void savingInBetweenChangesNoBit() throws IOException {
    ClassifierTuning plain = lora();
    plain.train(data, null, config(2, 1, 0));
    ClassifierTuning paused = lora();
    paused.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        try {
          paused.save(directory.resolve("step" + step.step()));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    });
    paused.train(data, null, config(2, 1, 0));
    assertSameBits(values(plain), values(paused));
  }

  @Test
  void anotherSeedGivesAnotherRun() throws IOException {
    ClassifierTuning first = lora();
    first.train(data, null, config(1, 1, 0));
    ClassifierTuning other = ClassifierTuning.lora(model, LabelSet.of(data), LoraConfig.of(4, 8), 2);
    other.train(data, null, config(1, 1, 0));
    assertFalse(Arrays.equals(values(first).getFirst(), values(other).getFirst()));
  }

  @Test
  void bothMethodsLearnWhatAWordDecides() throws IOException {
    ClassifierTuning lora = ClassifierTuning.lora(model, LabelSet.of(data),
        LoraConfig.of(4, 8).withTargets(List.of(LoraConfig.ALL_LINEAR)), 1);
    for (ClassifierTuning tuning : List.of(lora, ClassifierTuning.full(model, LabelSet.of(data), 1))) {
      tuning.train(data, null, config(15, 1, 0));
      List<String> labels = tuning.classifier().predict(data.rows().stream().map(Example.Labelled::text).toList()).stream()
          .map(TextClassifier.Prediction::label).toList();
      int right = 0;
      for (int i = 0; i < data.size(); i++) {
        right += labels.get(i).equals(data.row(i).label()) ? 1 : 0;
      }
      assertTrue(right >= 76, right + " of 80 rows are right");
    }
  }

  @Test
  void theLastPartialWindowIsAStepOfItsOwn() throws IOException {
    ClassifierTuning tuning = lora();
    List<TrainListener.Step> steps = new ArrayList<>();
    tuning.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        steps.add(step);
      }
    });
    TrainConfig config = config(1, 4, 0);
    Trainer.Result result = tuning.train(data, null, config); // 80 rows, 10 batches: windows of 4, 4 and 2
    assertEquals(3, result.steps());
    double[] rates = IntStream.range(0, 3).mapToDouble(step -> 5e-3 * config.schedule(3).factor(step)).toArray();
    assertArrayEquals(rates, steps.stream().mapToDouble(TrainListener.Step::learningRate).toArray(), "by steps, not batches");
    assertEquals(1.0, steps.getLast().epoch());
    assertEquals(steps.stream().mapToInt(TrainListener.Step::tokens).sum(), steps.getLast().totalTokens());
  }

  @Test
  void theParametersWithTheLowestHeldOutLossAreLeft() throws IOException {
    ClassifierTuning tuning = lora();
    List<TrainListener.Evaluation> evaluations = new ArrayList<>();
    tuning.addListener(new TrainListener() {
      @Override
      public void onEvaluation(Evaluation evaluation) {
        evaluations.add(evaluation);
      }
    });
    Dataset<Example.Labelled> heldOut = data.select(new int[] {0, 1, 2, 3, 4, 5});
    Trainer.Result result = tuning.train(data, heldOut, config(4, 1, 0));
    double lowest = evaluations.stream().mapToDouble(TrainListener.Evaluation::loss).min().orElseThrow();
    assertEquals(4, evaluations.size());
    assertEquals(lowest, result.bestLoss());
    double left = Evaluated.of(tuning.classifier().model(),
        ClassificationObjective.of(tuning.classifier().model().labels()), tuning.encode(heldOut), 8).loss();
    assertEquals(lowest, left);
  }

  @Test
  void trainingStopsAfterAsManyEvaluationsWithoutProgressAsPatienceSays() throws IOException {
    ClassifierTuning tuning = lora();
    int[] evaluations = {0};
    tuning.addListener(new TrainListener() {
      @Override
      public void onEvaluation(Evaluation evaluation) {
        evaluations[0]++;
      }
    });
    // Wrong labels: what is learnt from the training rows makes these rows worse with every epoch.
    List<Example.Labelled> wrong = data.rows().stream()
        .map(row -> new Example.Labelled(row.text(), row.label().equals("up") ? "down" : "up")).toList();
    Trainer.Result result = tuning.train(data, Dataset.of("wrong", wrong), config(50, 1, 2));
    assertTrue(result.stoppedEarly());
    assertTrue(evaluations[0] < 20, "evaluations: " + evaluations[0]);
  }

  @Test
  void stopEndsTheRunAfterTheCurrentStep() throws IOException {
    ClassifierTuning tuning = lora();
    tuning.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        if (step.step() == 3) {
          tuning.stop();
        }
      }
    });
    Trainer.Result result = tuning.train(data, null, config(50, 1, 0));
    assertEquals(3, result.steps());
    assertTrue(result.stoppedEarly());
  }

  @Test
  void frozenParametersCannotBeTrained() throws IOException {
    ClassifierTuning tuning = lora();
    var frozen = tuning.classifier().model().parameters().values().stream().filter(p -> !p.requiresGradient()).limit(1).toList();
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> new Trainer(tuning.classifier().model(),
        frozen, ClassificationObjective.of(tuning.classifier().model().labels()), config(1, 1, 0)));
    assertTrue(e.getMessage().startsWith("Trainer: parameter bert.embeddings."), e.getMessage());
  }

  @Test
  void aSearchSuggestsARateThatLearnsAndLeavesTheParametersAlone() throws IOException {
    ClassifierTuning tuning = ClassifierTuning.full(model, LabelSet.of(data), 1);
    List<float[]> before = values(tuning);
    LearningRateFinder search = new Trainer(tuning.model(), tuning.parameters(),
        ClassificationObjective.of(tuning.model().labels()), config(1, 1, 0).with("batch_size", 16))
        .findRate(tuning.encode(data), 60);
    assertSameBits(before, values(tuning));
    assertTrue(search.suggestion() > 1e-5 && search.suggestion() < 0.1, "suggestion " + search.suggestion());
    assertTrue(search.points().getFirst().rate() < search.points().getLast().rate());
  }

  @Test
  void noiseOnEmbeddingsChangesTrainingAndNotAnswers() throws IOException {
    List<List<float[]>> runs = new ArrayList<>();
    for (double alpha : new double[] {0, 5, 5}) {
      ClassifierTuning tuning = lora();
      float[] before = tuning.classifier().predict(List.of("it is good")).getFirst().probabilities();
      tuning.train(data, null, config(1, 1, 0).with("neftune_noise_alpha", alpha));
      assertFalse(Arrays.equals(before, tuning.classifier().predict(List.of("it is good")).getFirst().probabilities()));
      runs.add(values(tuning));
    }
    assertSameBits(runs.get(1), runs.get(2));
    assertFalse(Arrays.equals(runs.get(0).getFirst(), runs.get(1).getFirst()));
  }

  @Test
  void theMeanOfWeightsIsWhatIsLeft() throws IOException {
    ClassifierTuning plain = lora();
    plain.train(data, null, config(2, 1, 0));
    ClassifierTuning mean = lora();
    mean.train(data, null, config(2, 1, 0).with("ema_decay", 0.99));
    assertFalse(Arrays.equals(values(plain).getFirst(), values(mean).getFirst()));
    ClassifierTuning light = lora();
    light.train(data, null, config(2, 1, 0).with("ema_decay", 1e-9));
    for (int i = 0; i < values(plain).size(); i++) { // a mean that forgets at once is the weights themselves
      assertArrayEquals(values(plain).get(i), values(light).get(i), 1e-6f);
    }
  }

  @Test
  void theBestStepMayBeChosenByAnyMeasure() throws IOException {
    for (String metric : List.of("accuracy", "macro_f1", "eval_matthews")) {
      ClassifierTuning tuning = lora();
      List<TrainListener.Evaluation> evaluations = new ArrayList<>();
      tuning.addListener(new TrainListener() {
        @Override
        public void onEvaluation(Evaluation evaluation) {
          evaluations.add(evaluation);
        }
      });
      Trainer.Result result = tuning.train(data, data, config(5, 1, 0).with("metric_for_best_model", metric));
      double best = evaluations.stream().mapToDouble(TrainListener.Evaluation::metric).max().orElseThrow();
      int first = evaluations.stream().filter(e -> e.metric() == best).findFirst().orElseThrow().step();
      assertEquals(first, result.bestStep(), metric);
    }
    ClassifierTuning tuning = lora();
    assertTrue(assertThrows(IllegalArgumentException.class,
        () -> tuning.train(data, data, config(1, 1, 0).with("metric_for_best_model", "rmse"))).getMessage()
        .startsWith("metric_for_best_model: there is no rmse of classes"));
  }

  @Test
  void classWeightsSmoothingAndTheFocalLossReachTheLoss() throws IOException {
    List<Double> losses = new ArrayList<>();
    for (Map<String, ?> more : List.<Map<String, ?>>of(Map.of(), Map.of("class_weights", "1,4"), Map.of("focal_gamma", 2),
        Map.of("label_smoothing_factor", 0.2), Map.of("z_loss", 0.1), Map.of("class_weights", "balanced"))) {
      ClassifierTuning tuning = lora();
      TrainConfig config = config(1, 1, 0).with("max_steps", 1);
      for (Map.Entry<String, ?> e : more.entrySet()) {
        config = config.with(e.getKey(), e.getValue());
      }
      tuning.addListener(new TrainListener() {
        @Override
        public void onStep(Step step) {
          losses.add(step.loss());
        }
      });
      tuning.train(data, null, config);
    }
    for (int i = 1; i < 5; i++) {
      assertTrue(Math.abs(losses.get(0) - losses.get(i)) > 1e-3, losses.toString());
    }
    assertEquals(losses.get(0), losses.get(5), 1e-6, "the two classes are balanced already");
    ClassifierTuning tuning = lora();
    assertEquals("class_weights: 3 weights for 2 classes (down, up)", assertThrows(IllegalArgumentException.class,
        () -> tuning.train(data, null, config(1, 1, 0).with("class_weights", "1,2,3"))).getMessage());
  }
}
