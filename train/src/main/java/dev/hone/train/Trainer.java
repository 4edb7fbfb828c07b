package dev.hone.train;

import dev.hone.autograd.GradMode;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.data.BatchSampler;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.schedule.Schedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * The training loop.
 *
 * {@snippet :
 * Trainer trainer = new Trainer(model, adapter.parameters().values(), objective, config);
 * trainer.addListener(listener);
 * Trainer.Result result = trainer.train(training, heldOut);
 * }
 *
 * <p>Runs on the thread that calls it. With held-out rows the parameters that are left at the end are those with the lowest
 * held-out loss. The same seed gives the same bits, whatever the number of threads. {@link #stop()} from any thread ends
 * the run after the current step; interrupting the training thread does too.
 */
public final class Trainer {
  /**
   * How a run ended.
   *
   * @param steps that were taken
   * @param bestStep the step whose parameters were kept
   * @param bestLoss their loss on held-out rows; NaN if there were none
   * @param stoppedEarly whether early stopping or {@link #stop()} ended the run
   * @param seconds of training, without evaluations
   */
  public record Result(int steps, int bestStep, double bestLoss, boolean stoppedEarly, double seconds) {}

  private final PretrainedModel model;
  private final List<Parameter> parameters;
  private final Objective objective;
  private final TrainConfig config;
  private final List<TrainListener> listeners = new ArrayList<>();
  private volatile boolean stopped;

  /**
   * A trainer.
   *
   * @param parameters what is trained; all must be trainable parameters of the model
   */
  public Trainer(PretrainedModel model, Collection<Parameter> parameters, Objective objective, TrainConfig config) {
    this.model = model;
    this.parameters = List.copyOf(parameters);
    this.objective = objective;
    this.config = config;
    if (this.parameters.isEmpty()) {
      throw new IllegalArgumentException("Trainer: there is nothing to train");
    }
    for (Parameter parameter : this.parameters) {
      if (!parameter.requiresGradient()) {
        throw new IllegalArgumentException("Trainer: parameter " + parameter.name() + " is frozen");
      }
    }
  }

  /** Adds a listener. */
  public void addListener(TrainListener listener) {
    listeners.add(listener);
  }

  /** Ends the run after the current step. */
  public void stop() {
    stopped = true;
  }

  /**
   * Trains.
   *
   * @param training at least one row
   * @param heldOut rows to evaluate on, or null for none
   */
  public Result train(TrainingSet training, TrainingSet heldOut) {
    int budget = config.maxTokensPerBatch() == 0 ? BatchSampler.NO_LIMIT : config.maxTokensPerBatch();
    BatchSampler batches = new BatchSampler(training.lengths(), config.batchSize(), budget, true, config.seed());
    int total = steps(batches);
    Schedule schedule = config.schedule(total);
    Optimizer optimizer = new Optimizer(parameters, config.grouping(model.config().layers()));
    Best best = new Best();
    double seconds = 0;
    long tokens = 0;
    int step = 0;
    long pass = 0;
    for (int epoch = 0; step < total; epoch++) {
      List<List<int[]>> windows = windows(batches.epoch(epoch));
      for (int i = 0; i < windows.size() && step < total; i++) {
        long start = System.nanoTime();
        Window window = accumulate(training, windows.get(i), pass);
        pass += windows.get(i).size();
        double norm = Gradients.norm(parameters);
        double rate = config.learningRate() * schedule.factor(step);
        if (!Double.isFinite(window.loss) || !Double.isFinite(norm)) {
          throw notFinite(step + 1, window.loss);
        }
        optimizer.step(rate, Gradients.clipScale(norm, config.maxGradNorm()));
        Gradients.clear(parameters);
        step++;
        seconds += (System.nanoTime() - start) / 1e9;
        tokens += window.tokens;
        double done = epoch + (i + 1.0) / windows.size();
        TrainListener.Step report =
            new TrainListener.Step(step, total, done, window.loss, rate, norm, window.tokens, seconds, tokens);
        listeners.forEach(listener -> listener.onStep(report));
        boolean evaluate = config.evalEverySteps() > 0 ? step % config.evalEverySteps() == 0 : i == windows.size() - 1;
        if (heldOut != null && (evaluate || step == total)) {
          best.offer(step, done, evaluate(model, objective, heldOut, config.batchSize()));
        }
        if (best.exhausted() || stopped || Thread.currentThread().isInterrupted()) {
          best.restore();
          return new Result(step, best.step(step), best.loss, true, seconds);
        }
      }
    }
    best.restore();
    return new Result(step, best.step(step), best.loss, false, seconds);
  }

  /** The steps of the whole run; a fraction of an epoch counts its share. */
  private int steps(BatchSampler batches) {
    int whole = (int) Math.floor(config.epochs());
    double steps = 0;
    for (int epoch = 0; epoch < whole; epoch++) {
      steps += windows(batches.epoch(epoch)).size();
    }
    if (config.epochs() > whole) {
      steps += (config.epochs() - whole) * windows(batches.epoch(whole)).size();
    }
    return Math.max(1, (int) Math.ceil(steps));
  }

  /** Batches in groups of as many as are accumulated; the last group may have fewer. */
  private List<List<int[]>> windows(List<int[]> batches) {
    List<List<int[]>> windows = new ArrayList<>();
    for (int i = 0; i < batches.size(); i += config.accumulation()) {
      windows.add(batches.subList(i, Math.min(batches.size(), i + config.accumulation())));
    }
    return windows;
  }

  private record Window(double loss, int tokens) {}

  /** Gradients of the mean loss over all items of a window: losses are summed and divided once. */
  private Window accumulate(TrainingSet training, List<int[]> window, long firstPass) {
    double weight = 0;
    for (int[] rows : window) {
      weight += objective.weight(training, rows);
    }
    double loss = 0;
    int tokens = 0;
    for (int i = 0; i < window.size(); i++) {
      Pass pass = new Pass(true, config.seed(), firstPass + i, config.checkpointing());
      try (Scope _ = Scope.open()) {
        Variable scaled = objective.answer(model, training, window.get(i), (float) (1 / weight), pass).loss();
        scaled.backward();
        loss += scaled.value().item();
      }
      tokens += training.tokens(window.get(i));
    }
    return new Window(loss, tokens);
  }

  private IllegalStateException notFinite(int step, double loss) {
    Parameter bad = Gradients.firstNotFinite(parameters);
    return new IllegalStateException("step " + step + ": the loss is " + loss
        + (bad == null ? "" : " and the gradient of " + bad.name() + " is not finite")
        + "; try a lower learning rate");
  }

  /**
   * What a model makes of all rows.
   *
   * @param loss mean over the items
   * @param items rows of a classifier, learnt tokens of a language model
   * @param accuracy share of the items that are answered right; NaN where there is no right and wrong
   * @param logits [rows][labels] of a classifier, in the order of the rows; null for a language model
   */
  public record Evaluated(double loss, long items, double accuracy, float[][] logits) {}

  /** The mean loss of all rows, without dropout. */
  public static Evaluated evaluate(PretrainedModel model, Objective objective, TrainingSet set, int batchSize) {
    float[][] logits = objective instanceof Objective.Classification ? new float[set.size()][] : null;
    double loss = 0;
    double weight = 0;
    long items = 0;
    long hits = 0;
    boolean judged = true;
    for (int[] rows : BatchSampler.ofRows(set.lengths(), batchSize, 0).inOrder()) {
      try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
        Objective.Answer answer = objective.answer(model, set, rows, 1, Pass.inference());
        loss += answer.loss().value().item();
        weight += objective.weight(set, rows);
        items += objective.items(set, rows);
        hits += answer.hits();
        judged &= answer.hits() >= 0;
        if (logits != null) {
          scatter(answer.logits().toFloatArray(), rows, logits);
        }
      }
    }
    double accuracy = judged ? (double) hits / Math.max(1, items) : Double.NaN;
    return new Evaluated(weight == 0 ? 0 : loss / weight, items, accuracy, logits);
  }

  /** The logits of all rows, in their order, without dropout. */
  public static float[][] answers(PretrainedModel model, TrainingSet set, int batchSize) {
    float[][] logits = new float[set.size()][];
    for (int[] rows : BatchSampler.ofRows(set.lengths(), batchSize, 0).inOrder()) {
      try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
        scatter(model.forward(set.batch(rows), Pass.inference()).value().toFloatArray(), rows, logits);
      }
    }
    return logits;
  }

  private static void scatter(float[] values, int[] rows, float[][] logits) {
    int width = values.length / rows.length;
    for (int i = 0; i < rows.length; i++) {
      logits[rows[i]] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
    }
  }

  /** The parameters with the lowest held-out loss so far. */
  private final class Best {
    private double loss = Double.NaN;
    private int step = -1;
    private int since;
    private List<Tensor> values;

    void offer(int atStep, double epoch, Evaluated evaluated) {
      boolean better = Double.isNaN(loss) || evaluated.loss < loss;
      if (better) {
        loss = evaluated.loss;
        step = atStep;
        since = 0;
        if (values == null) {
          values = parameters.stream().map(parameter -> parameter.value().copy().keep()).toList();
        } else {
          for (int i = 0; i < values.size(); i++) {
            values.get(i).copyFrom(parameters.get(i).value());
          }
        }
      } else {
        since++;
      }
      TrainListener.Evaluation report =
          new TrainListener.Evaluation(atStep, epoch, evaluated.loss, evaluated.accuracy, evaluated.logits, better);
      listeners.forEach(listener -> listener.onEvaluation(report));
    }

    boolean exhausted() {
      return config.patience() > 0 && since >= config.patience();
    }

    int step(int last) {
      return step < 0 ? last : step;
    }

    void restore() {
      for (int i = 0; values != null && i < values.size(); i++) {
        parameters.get(i).value().copyFrom(values.get(i));
      }
    }
  }
}
