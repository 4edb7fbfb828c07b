package dev.hone.bench;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.SavedPrecision;
import dev.hone.core.Device;
import dev.hone.core.Scope;
import dev.hone.lora.Adapter;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.optim.AdamW;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Grouping;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.task.classify.ClassificationObjective;
import dev.hone.train.task.generate.NextTokenObjective;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Steps on one batch of random tokens: forward, loss, backward, clipping and AdamW, without dropout. */
final class TrainStep {
  private final TrainCase bench;
  private final boolean rounded; // activations wait in BF16
  private final PretrainedModel model;
  private final Collection<Parameter> parameters;
  private final TrainingSet set;
  private final int[] rows;
  private final Optimizer optimizer;
  private final Objective objective;
  private final float scale;
  private long steps;

  TrainStep(TrainCase bench) throws IOException {
    this(bench, false, Device.CPU);
  }

  TrainStep(TrainCase bench, boolean rounded, Device device) throws IOException {
    this.bench = bench;
    this.rounded = rounded;
    model = bench.model().to(device);
    if (bench.rank() > 0) {
      LoraConfig lora = LoraConfig.of(bench.rank(), 2 * bench.rank());
      parameters = Adapter.attach(model, bench.targets() == null ? lora : lora.withTargets(bench.targets()), 1)
          .parameters().values();
    } else {
      model.setTrainable(true);
      parameters = model.parameters().values();
    }
    Gradients.reserve(parameters, model.head());
    set = set(bench, model.config().vocabSize());
    rows = IntStream.range(0, bench.batch()).toArray();
    optimizer = new Optimizer(parameters, Grouping.of(AdamW.USUAL, 0.01));
    objective = bench.classify() ? ClassificationObjective.of(model.labels()) : NextTokenObjective.PLAIN;
    scale = 1f / objective.items(set.batch(rows));
  }

  /** One step; returns the loss. */
  float run() {
    float loss;
    try (Scope _ = Scope.open()) {
      Objective.Answer answer;
      try (SavedPrecision _ = rounded ? SavedPrecision.bf16() : null) {
        answer = objective.answer(model, set.batch(rows), scale, new Pass(true, 1, steps++, bench.checkpointing()));
      }
      loss = answer.loss().value().item();
      answer.loss().backward();
    }
    optimizer.step(1e-4, Gradients.clipScale(Gradients.norm(parameters), 1));
    Gradients.clear(parameters);
    return loss;
  }

  private static TrainingSet set(TrainCase bench, int vocabulary) {
    Random random = new Random(1);
    List<int[]> tokens = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    for (int i = 0; i < bench.batch(); i++) {
      tokens.add(random.ints(bench.length(), 0, vocabulary).toArray());
      boolean[] learnt = new boolean[bench.length()];
      Arrays.fill(learnt, true);
      targets.add(bench.classify() ? new Target.OneClass(i % 2) : new Target.LearntTokens(learnt));
    }
    return new TrainingSet(tokens, null, targets);
  }
}
