package dev.hone.train.task.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.lora.Adapter;
import dev.hone.lora.LoraConfig;
import dev.hone.lora.Targets;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.train.Objective;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.Trainer;
import dev.hone.train.TrainingException;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What guards a run knows of a loss with the penalty of the base. */
class KlRegularizerTest {
  private static final float WEIGHT = 2;
  private static final double LOG = Math.log(TinyLanguageModel.VOCABULARY);

  @TempDir
  Path directory;

  private PretrainedModel model;
  private Adapter adapter;
  private Objective penalized;
  private TrainingSet set;

  @BeforeEach
  void prepare() throws IOException {
    model = PretrainedModel.load(TinyLanguageModel.write(directory.resolve("model")), Task.CAUSAL_LM);
    adapter = Adapter.attach(model, LoraConfig.of(4, 8).withTargets(Targets.of(List.of("all-linear"))), 1);
    penalized = new KlRegularizer(NextTokenObjective.PLAIN, adapter, WEIGHT);
    set = new TrainingSet(IntStream.range(0, 24).mapToObj(i -> new int[] {0, 70 + i, 71 + i % 7, 1}).toList(), null,
        IntStream.range(0, 24).mapToObj(_ -> new Target.LearntTokens(new boolean[] {false, true, true, true})).toList());
  }

  @Test
  void theLossOfKnowingNothingHasThePenaltyOfItToo() {
    assertEquals(1 + (1 + WEIGHT) * LOG, penalized.ignorance(model, set), 1e-12);
    double base = answer(); // before a step there is no penalty
    assertEquals(NextTokenObjective.PLAIN.answer(model, set.batch(rows()), 1f / learnt(), Pass.training(1, 0)).loss().value()
        .item(), base, 1e-5);
    for (Parameter parameter : adapter.parameters().values()) {
      float[] far = new float[parameter.shape().length()];
      Arrays.fill(far, 0.5f);
      parameter.setValue(Tensor.of(far, parameter.shape().toArray()));
    }
    assertTrue(answer() > base + 0.1, "the penalty counts: " + answer() + " after " + base);
    assertEquals(NextTokenObjective.PLAIN.noise(), penalized.noise());
  }

  private int[] rows() {
    return IntStream.range(0, set.size()).toArray();
  }

  private int learnt() {
    return penalized.items(set.batch(rows()));
  }

  private double answer() {
    return penalized.answer(model, set.batch(rows()), 1f / learnt(), Pass.training(1, 0)).loss().value().item();
  }

  /** The loss of all steps but the first is a hundred times what it was: the mean of the first five would hide it. */
  @Test
  void aRunThatDivergesWithinItsFirstStepsEnds() {
    Objective spoilt = new Objective() {
      @Override
      public Answer answer(PretrainedModel asked, TrainingBatch batch, float scale, Pass pass) {
        return penalized.answer(asked, batch, pass.step() > 0 ? 100 * scale : scale, pass);
      }

      @Override
      public int items(TrainingBatch batch) {
        return penalized.items(batch);
      }

      @Override
      public double ignorance(PretrainedModel asked, TrainingSet rows) {
        return penalized.ignorance(asked, rows);
      }
    };
    Trainer trainer = new Trainer(model, adapter.parameters().values(), spoilt,
        TrainConfig.of(Map.of("learning_rate", 1e-3, "batch_size", 4, "max_steps", 8)));
    String said = assertThrows(TrainingException.class, () -> trainer.train(set, null)).getMessage();
    assertTrue(said.startsWith("step 2: the run diverges"), said);
  }
}
