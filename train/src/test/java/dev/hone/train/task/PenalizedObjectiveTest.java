package dev.hone.train.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.AdaLoraConfig;
import dev.hone.lora.Targets;
import dev.hone.nn.Labels;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What AdaLoRA adds to the loss of a step. */
class PenalizedObjectiveTest {
  private static final Dataset<Example.Labelled> ROWS = Dataset.of("memory", List.of(new Example.Labelled("it is good", "up"),
      new Example.Labelled("it is bad", "down"), new Example.Labelled("very fine", "up"), new Example.Labelled("awful", "down"),
      new Example.Labelled("so so", "down"), new Example.Labelled("not at all", "down")));

  @TempDir
  Path directory;

  private ClassifierTuning tuning(double weight) throws IOException {
    return ClassifierTuning.adapted(TinyModel.write(directory), new Labels(List.of("down", "up"), Labels.Kind.SINGLE_LABEL),
        new AdaLoraConfig(2, 4, 0, weight, Map.of(), Targets.USUAL, List.of()), 1);
  }

  private static List<Double> losses(ClassifierTuning tuning, TrainConfig config) throws IOException {
    List<Double> losses = new ArrayList<>();
    tuning.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        losses.add(step.loss());
      }
    });
    tuning.train(ROWS, ROWS, config);
    return losses;
  }

  /** However a step is cut, the whole penalty is in it once. */
  @ParameterizedTest
  @CsvSource({"6, 1", "2, 3", "4, 2"})
  void aStepHasThePenaltyOnce(int batch, int accumulated) throws IOException {
    TrainConfig config = TrainConfig.defaults(1e-3).with("batch_size", batch).with("gradient_accumulation_steps", accumulated)
        .with("max_steps", 1);
    double penalty = tuning(0.5).adapter().penalty().value().item();
    assertTrue(penalty > 0.3, "vectors of deviation 0.02 are far from orthonormal: " + penalty);
    assertEquals(losses(tuning(0), config).getFirst() + penalty, losses(tuning(0.5), config).getFirst(), 1e-5);
  }

  @Test
  void trainingDrawsTheVectorsTowardsOrthonormalOnes() throws IOException {
    TrainConfig config = TrainConfig.defaults(0.05).with("max_steps", 60);
    ClassifierTuning drawn = tuning(0.5);
    double before = drawn.adapter().penalty().value().item();
    losses(drawn, config);
    assertTrue(drawn.adapter().penalty().value().item() < before / 3, before + " to "
        + drawn.adapter().penalty().value().item());
  }
}
