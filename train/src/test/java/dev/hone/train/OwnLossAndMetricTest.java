package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.LossOps;
import dev.hone.autograd.Variable;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A loss and a measure of the caller's own in a run of the library. */
class OwnLossAndMetricTest {
  private static final Dataset<Example.Labelled> ROWS = Dataset.of("memory", List.of(new Example.Labelled("it is good", "up"),
      new Example.Labelled("it is bad", "down"), new Example.Labelled("very fine", "up"), new Example.Labelled("awful", "down")));

  @TempDir
  Path directory;

  private record Focal() implements Objective {
    @Override
    public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
      Variable logits = model.forward(batch.tokens(), pass);
      return new Answer(LossOps.focal(logits, batch.classes(), 2, null, scale), -1, logits.value());
    }

    @Override
    public int items(TrainingBatch batch) {
      return batch.size();
    }
  }

  private ClassifierTuning tuning() throws IOException {
    return ClassifierTuning.lora(TinyModel.write(directory), LabelSet.of(ROWS), LoraConfig.of(2, 4), 1);
  }

  private static float[] weights(ClassifierTuning tuning) {
    return tuning.parameters().stream().map(p -> p.value().toFloatArray()).reduce((a, b) -> b.length > a.length ? b : a)
        .orElseThrow();
  }

  @Test
  void aLossOfOnesOwnTrainsToTheBitsOfTheSameLossOfTheLibrary() throws IOException {
    TrainConfig config = TrainConfig.defaults(1e-2).with("max_steps", 4);
    ClassifierTuning library = tuning();
    library.train(ROWS, ROWS, config.with("focal_gamma", 2));
    ClassifierTuning own = tuning();
    own.setObjective((training, settings) -> new Focal());
    own.train(ROWS, ROWS, config.with("metric_for_best_model", "loss"));
    assertArrayEquals(weights(library), weights(own));
    ClassifierTuning other = tuning();
    other.train(ROWS, ROWS, config);
    assertNotEquals(weights(other)[0], weights(own)[0]);
    own.train(ROWS, ROWS, config.with("metric_for_best_model", "accuracy")); // its logits are there for measures
  }

  @Test
  void aMeasureOfOnesOwnChoosesTheBestStepAndEndsTheRun() throws IOException {
    TrainConfig config = TrainConfig.defaults(1e-3).with("max_steps", 20).with("eval_steps", 1)
        .with("early_stopping_patience", 3);
    double[] values = {0.2, 0.5, 0.9, Double.NaN, 0.8, 0.9, 1.0};
    AtomicInteger asked = new AtomicInteger();
    ClassifierTuning tuning = tuning();
    tuning.setMetric((evaluated, heldOut, labels) -> {
      assertEquals(List.of(heldOut.size(), labels.size()), List.of(evaluated.logits().length, evaluated.logits()[0].length));
      return values[asked.getAndIncrement()];
    });
    Trainer.Result high = tuning.train(ROWS, ROWS, config);
    assertEquals(3, high.bestStep());
    assertEquals(6, high.steps());
    assertTrue(high.stoppedEarly());

    asked.set(0);
    tuning.setMetric(new Metric() {
      @Override
      public double of(Evaluated evaluated, TrainingSet heldOut, Labels labels) {
        return values[asked.getAndIncrement()];
      }

      @Override
      public boolean higherIsBetter() {
        return false;
      }
    });
    Trainer.Result low = tuning.train(ROWS, ROWS, config);
    assertEquals(1, low.bestStep());
    assertEquals(4, low.steps());
  }
}
