package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.Adapter;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.task.classify.ClassificationObjective;
import dev.hone.train.task.generate.NextTokenObjective;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Losses that are not finite, divergence, rows without anything to learn; and what the Flight Recorder sees. */
class DivergenceGuardTest {
  @TempDir
  Path directory;

  private PretrainedModel model;
  private Adapter adapter;
  private TrainingSet set;

  @BeforeEach
  void prepare() throws IOException {
    Path base = TinyModel.write(directory.resolve("model"));
    model = PretrainedModel.load(base, new Labels(List.of("a", "b"), Labels.Kind.SINGLE_LABEL), 1);
    adapter = Adapter.attach(model, LoraConfig.of(4, 8), 1);
    List<int[]> tokens = IntStream.range(0, 24).mapToObj(i -> new int[] {2, 5 + i, 6 + i % 7, 3}).toList();
    set = new TrainingSet(tokens, null, IntStream.range(0, 24).mapToObj(i -> new Target.OneClass(i % 2)).toList());
  }

  /** The usual objective, whose loss at some passes is multiplied; the probe is pass -1. */
  private record Spoilt(Set<Long> passes, float factor) implements Objective {
    @Override
    public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
      float spoilt = passes.contains(pass.step()) ? scale * factor : scale;
      return ClassificationObjective.of(model.labels()).answer(model, batch, spoilt, pass);
    }

    @Override
    public int items(TrainingBatch batch) {
      return batch.size();
    }

    @Override
    public double ignorance(PretrainedModel model, TrainingSet set) {
      return ClassificationObjective.of(model.labels()).ignorance(model, set);
    }
  }

  private Trainer trainer(Objective objective, List<String> warnings, List<TrainListener.Step> steps) {
    Trainer trainer = new Trainer(model, adapter.parameters().values(), objective,
        TrainConfig.of(Map.of("learning_rate", 1e-3, "batch_size", 4, "num_train_epochs", 4)));
    trainer.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        steps.add(step);
      }

      @Override
      public void onWarning(String message) {
        warnings.add(message);
      }
    });
    return trainer;
  }

  @Test
  void aStepThatIsNotFiniteIsSkippedAndItsTensorNamed() {
    List<String> warnings = new ArrayList<>();
    List<TrainListener.Step> steps = new ArrayList<>();
    Trainer.Result result = trainer(new Spoilt(Set.of(3L, 4L, 9L), Float.NaN), warnings, steps).train(set, null);
    assertEquals(24, result.steps());
    assertEquals(3, warnings.size(), warnings.toString());
    assertTrue(warnings.getFirst().matches("step 4: the loss is NaN, the gradient of \\S+ is not finite; the step is skipped"),
        warnings.getFirst());
    adapter.parameters().values().forEach(parameter -> {
      for (float value : parameter.value().toFloatArray()) {
        assertTrue(Float.isFinite(value), parameter.name());
      }
    });
  }

  @Test
  void theThirdSuchStepInARowEndsTheRun() {
    List<TrainListener.Step> steps = new ArrayList<>();
    TrainingException e = assertThrows(TrainingException.class,
        () -> trainer(new Spoilt(Set.of(3L, 4L, 5L), Float.NaN), new ArrayList<>(), steps).train(set, null));
    assertTrue(e.getMessage().startsWith("step 6: ") && e.getMessage().contains("third such step in a row"), e.getMessage());
    assertEquals(5, steps.size());
  }

  @Test
  void aLossThatRisesToThreeTimesItsBeginningEndsTheRun() {
    Set<Long> late = Set.copyOf(IntStream.range(8, 30).mapToObj(i -> (long) i).toList());
    TrainingException e = assertThrows(TrainingException.class,
        () -> trainer(new Spoilt(late, 30), new ArrayList<>(), new ArrayList<>()).train(set, null));
    assertTrue(e.getMessage().contains("the run diverges"), e.getMessage());
  }

  /** All losses after the first, those of the beginning too: their mean must not hide it. */
  @Test
  void aDivergenceWithinTheFirstStepsEndsTheRun() {
    Set<Long> afterTheFirst = Set.copyOf(IntStream.range(1, 30).mapToObj(i -> (long) i).toList());
    TrainingException e = assertThrows(TrainingException.class,
        () -> trainer(new Spoilt(afterTheFirst, 100), new ArrayList<>(), new ArrayList<>()).train(set, null));
    assertTrue(e.getMessage().startsWith("step 2: the run diverges, the loss has risen from 0.91"), e.getMessage());
  }

  @Test
  void whoKnowsNothingHasALoss() {
    assertEquals(1 + Math.log(2), ClassificationObjective.of(model.labels()).ignorance(model, set), 1e-12);
    TrainingSet numbers = new TrainingSet(set.tokens(), null,
        IntStream.range(0, 24).mapToObj(i -> new Target.Numbers(new float[] {i % 2})).toList());
    Labels number = new Labels(List.of("a"), Labels.Kind.REGRESSION);
    assertEquals(0.75, ClassificationObjective.of(number).ignorance(model, numbers), 1e-12,
        "half the numbers are 0, half are 1: their variance is a quarter");
    assertEquals(1 + Math.log(2), new ClassificationObjective.MultiLabel(3).ignorance(model, set), 1e-12);
    assertEquals(1 + Math.log(model.config().vocabSize()), NextTokenObjective.PLAIN.ignorance(model, set), 1e-12);
  }

  @Test
  void oneEasyStepAtTheBeginningIsNoDivergence() {
    List<TrainListener.Step> steps = new ArrayList<>();
    trainer(new Spoilt(Set.of(0L), 0.001f), new ArrayList<>(), steps).train(set, null);
    assertEquals(24, steps.size());
    assertTrue(steps.getFirst().loss() < 0.01 && steps.get(1).loss() > 0.5, steps.toString());
  }

  /** A real one: what the user saw was a loss of 1.1 that became 147 in 8 steps, and a run that ended as if well. */
  @Test
  void aLearningRateOfTenDiverges() {
    Trainer trainer = new Trainer(model, adapter.parameters().values(), ClassificationObjective.of(model.labels()),
        TrainConfig.of(Map.of("learning_rate", 10, "batch_size", 4, "max_steps", 8, "lr_scheduler_type", "constant")));
    assertTrue(assertThrows(TrainingException.class, () -> trainer.train(set, null)).getMessage()
        .contains("the run diverges"));
  }

  @Test
  void aStepWithoutAnythingToLearnIsAnError() {
    Objective nothing = new Objective() {
      @Override
      public Answer answer(PretrainedModel m, TrainingBatch batch, float scale, Pass pass) {
        return ClassificationObjective.of(m.labels()).answer(m, batch, scale, pass);
      }

      @Override
      public int items(TrainingBatch batch) {
        return 0;
      }
    };
    assertEquals("a step has nothing to learn: all its rows weigh 0", assertThrows(TrainingException.class,
        () -> trainer(nothing, new ArrayList<>(), new ArrayList<>()).train(set, null)).getMessage());
  }

  @Test
  void theLongestBatchRunsAfterTheFirstStepAndChangesNothing() {
    List<int[]> rows = new ArrayList<>();
    Objective watching = new Objective() {
      @Override
      public Answer answer(PretrainedModel m, TrainingBatch batch, float scale, Pass pass) {
        rows.add(batch.rows());
        return ClassificationObjective.of(m.labels()).answer(m, batch, scale, pass);
      }

      @Override
      public int items(TrainingBatch batch) {
        return batch.size();
      }
    };
    List<int[]> tokens = new ArrayList<>(set.tokens());
    tokens.set(17, IntStream.range(0, 40).map(i -> 5 + i % 20).toArray());
    trainer(watching, new ArrayList<>(), new ArrayList<>()).train(new TrainingSet(tokens, null, set.targets()), null);
    assertTrue(Arrays.stream(rows.get(1)).anyMatch(row -> row == 17), "the probe has the longest row");
    assertEquals(25, rows.size());
  }

  @Test
  void everyTrainedTensorGetsAGradient() {
    List<String> warnings = new ArrayList<>();
    trainer(ClassificationObjective.of(model.labels()), warnings, new ArrayList<>()).train(set, null);
    assertEquals(List.of(), warnings);
  }

  @Test
  void theFlightRecorderSeesStepsAndEvaluations() throws IOException {
    Path file = directory.resolve("run.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("dev.hone.Step");
      recording.enable("dev.hone.Evaluation");
      recording.start();
      trainer(ClassificationObjective.of(model.labels()), new ArrayList<>(), new ArrayList<>()).train(set, set);
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    assertEquals(24, events.stream().filter(event -> event.getEventType().getName().equals("dev.hone.Step")).count());
    assertEquals(4, events.stream().filter(event -> event.getEventType().getName().equals("dev.hone.Evaluation")).count());
    assertFalse(events.getFirst().getDuration().isNegative());
  }
}
