package dev.hone.train;

import dev.hone.autograd.Parameter;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.lora.RankAllocator;
import dev.hone.nn.MemoryEstimate;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Work;
import dev.hone.train.RunEvents.CheckpointEvent;
import dev.hone.train.RunEvents.EvaluationEvent;
import dev.hone.train.RunEvents.StepEvent;
import dev.hone.train.checkpoint.Checkpoint;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.Batches;
import dev.hone.train.distributed.Ranks;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.optim.Gradients;
import dev.hone.train.schedule.Schedule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * The training loop.
 *
 * {@snippet :
 * Trainer trainer = new Trainer(model, adapter.parameters().values(), objective, config);
 * trainer.addListener(listener);
 * Trainer.Result result = trainer.train(training, heldOut);
 * }
 *
 * <p>Runs on the thread that calls it. With held-out rows the parameters that are left at the end are those with the best
 * held-out measure. The same seed gives the same bits, whatever the number of threads. Which other sequences are in its batch
 * changes no bit of a sequence's logits, nor of the gradients that it sends back, if each has more than 65 tokens; short batches
 * are added up in another order, so that there it is equal to rounding. So are, however a window is cut into batches and blocks,
 * the gradients of weights, which are sums over all of it; dropout and noise are drawn by a row's place in the window.
 *
 * <p>{@link #stop()} from any thread ends the run after the current step; interrupting the training thread does too. While it
 * trains, other threads can neither train the model nor ask it: both throw.
 */
public final class Trainer {
  /**
   * How a run ended.
   *
   * @param steps that were taken
   * @param bestStep the step whose parameters were kept
   * @param bestLoss their loss on held-out rows; NaN if there were none
   * @param stoppedEarly whether it ended before its last step
   * @param interrupted whether {@link #stop()} or an interrupt did that; then {@code --resume} can go on
   * @param seconds of training, without evaluations
   */
  public record Result(int steps, int bestStep, double bestLoss, boolean stoppedEarly, boolean interrupted,
      double seconds) {}

  private static final System.Logger LOG = System.getLogger("dev.hone.train");

  private final PretrainedModel model;
  private final List<Parameter> parameters;
  private final Objective objective;
  private final TrainConfig config;
  private final StepPass pass;
  private final List<TrainListener> listeners = new ArrayList<>();
  private Checkpoints checkpoints; // null: none are written
  private boolean resume;
  private Metric metric;
  private FrozenCache frozen; // of a run; null: none
  private Pass.Savings savings = Pass.Savings.NONE; // of a run, counted
  private Ranks ranks = Ranks.alone();
  private RankAllocator allocator; // null: ranks of adapters stay
  private volatile boolean stopped;
  private boolean saves; // checkpoints, in rank 0
  private boolean agreed; // that the run is to end, among several processes

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
    metric = HeldOutMetric.named(config.bestMetric());
    if (this.parameters.isEmpty()) {
      throw new IllegalArgumentException("Trainer: there is nothing to train");
    }
    for (Parameter parameter : this.parameters) {
      if (!parameter.requiresGradient()) {
        throw new IllegalArgumentException("Trainer: parameter " + parameter.name() + " is frozen");
      }
    }
    pass = new StepPass(model, this.parameters, objective, config);
  }

  /** Chooses the best step, and with patience the end, by a measure of your own instead of {@code metric_for_best_model}. */
  public void setMetric(Metric own) {
    metric = own;
  }

  /**
   * Shares the runs to come with other processes, which train the same model on the same rows with the same settings: each
   * computes some blocks of a step, and all end with the same bits, which are those of one process. Checkpoints are those of
   * rank 0. With {@code local_steps} each has steps of its own, and their number is part of the run.
   *
   * @throws IllegalArgumentException if there are more processes than blocks
   */
  public void setRanks(Ranks others) {
    if (config.localSteps() == 0) {
      pass.share(others);
    }
    ranks = others;
  }

  /** Lets something cut ranks of an adapter after every step, or nothing with null; checkpoints hold what it remembers. */
  public void setRankAllocator(RankAllocator allocator) {
    this.allocator = allocator;
  }

  /** Adds a listener. */
  public void addListener(TrainListener listener) {
    listeners.add(listener);
  }

  /**
   * Ends the run after the current step, or, before {@link #train}, the run to come before its first: one run, not those after.
   */
  public void stop() {
    stopped = true;
  }

  /**
   * Writes checkpoints in a run to come, as often as the settings say, and when it is stopped.
   *
   * @param checkpoints null for none, or in a process that is not rank 0, which has them
   * @param resume whether the run goes on from the newest whole checkpoint there, if there is one; else all there are removed
   */
  public void setCheckpoints(Checkpoints checkpoints, boolean resume) {
    this.checkpoints = checkpoints;
    this.resume = resume;
  }

  /**
   * Trains. A run that goes on from a checkpoint ends with the same bits as one that was never interrupted.
   *
   * @param training at least one row
   * @param heldOut rows to evaluate on, or null for none
   * @throws TrainingException if the loss is not finite three times in a row, or diverges
   * @throws UncheckedIOException if a checkpoint cannot be written; those from before are left
   */
  public Result train(TrainingSet training, TrainingSet heldOut) {
    if (training.size() == 0 || heldOut != null && heldOut.size() == 0) {
      throw new IllegalArgumentException("train: " + (training.size() == 0 ? "the training data has no rows"
          : "the held-out data has no rows; give null to hold nothing out"));
    }
    try (PretrainedModel.Exclusive _ = model.training();
        Scope.Hold _ = Scope.hold()) { // gradients outlive steps, and other threads may compute between two
      return run(training, heldOut);
    } finally {
      if (frozen != null) {
        frozen.close();
        frozen = null;
      }
      stopped = false;
    }
  }

  private Result run(TrainingSet training, TrainingSet heldOut) {
    Batches batches = batches(training);
    Windows plan = windows(batches);
    savings = config.savings().counted(new Work());
    int total = plan.steps();
    Schedule schedule = config.schedule(total);
    RunState run = new RunState(parameters, config, model.config().layers(), training.fingerprint(heldOut),
        new DivergenceGuard(objective.ignorance(model, training), objective.noise()), metric, ranks);
    run.cutRanks(allocator, total);
    Checkpoint found = takeUp(run);
    if (run.step < total) {
      Gradients.reserve(parameters, model.head());
      MemoryEstimate needed = memory(training, heldOut != null);
      needed.check("training");
      frozen = FrozenCache.of(model, objective, config, training, savings, total - run.step > plan.of(run.epoch).size(),
          Math.max(0, Runtime.getRuntime().maxMemory() - needed.heapBytes()) / 2,
          checkpoints == null ? null : checkpoints.directory().resolve(FrozenCache.FILE), this::warn);
      PrefixSharing.refusal(model, objective, config, training, batches).ifPresent(this::warn);
    }
    begin(found);
    Work work = savings.work();
    run.start = run.step;
    saves = ranks.gather(checkpoints == null ? 0 : 1)[0] != 0;
    agree();
    while (goesOn(run, total)) {
      List<List<int[]>> windows = plan.of(run.epoch);
      while (run.window < windows.size() && goesOn(run, total)) {
        step(run, training, windows, schedule, total);
        boolean pause = run.window == windows.size() || run.step == total;
        boolean evaluates = heldOut != null && due(config.evalEverySteps(), run.step, pause, run.step == total);
        boolean writes = saves && due(config.saveEverySteps(), run.step, pause, false);
        if (run.meets(evaluates || writes || run.step == total)) {
          run.meet();
          agree();
        }
        if (run.step == run.start + 1 && goesOn(run, total)) {
          probe(training, windows);
          Gradients.clear(parameters);
        }
        if (evaluates) {
          evaluate(run, heldOut, epochs(run, windows));
        }
        boolean ends = !goesOn(run, total);
        if (writes || saves && ends) {
          save(run);
        }
      }
      if (run.window == windows.size()) {
        run.epoch++;
        run.window = 0;
      }
    }
    if (run.best.exists()) {
      run.best.putBack();
    } else if (run.mean != null) {
      run.mean.swap();
    }
    listeners.forEach(listener -> listener.onEnd(work));
    boolean early = run.step < total;
    return new Result(run.step, run.best.step(run.step), run.best.loss(), early, early && !exhausted(run), run.seconds);
  }

  private boolean goesOn(RunState run, int total) {
    return run.step < total && !exhausted(run) && !(ranks.size() > 1 ? agreed : asked());
  }

  private boolean asked() {
    return stopped || Thread.currentThread().isInterrupted();
  }

  /** Whoever is asked to end ends all, after the same step. */
  private void agree() {
    if (ranks.size() > 1) {
      agreed = Arrays.stream(ranks.gather(asked() ? 1 : 0)).anyMatch(each -> each != 0);
    }
  }

  private boolean exhausted(RunState run) {
    return config.patience() > 0 && run.best.since() >= config.patience();
  }

  /** Whether something that happens every so many steps, or else at the end of an epoch, happens now. */
  private static boolean due(int every, int step, boolean epochEnds, boolean must) {
    return must || (every > 0 ? step % every == 0 : epochEnds);
  }

  private static double epochs(RunState run, List<List<int[]>> windows) {
    return run.epoch + (double) run.window / windows.size();
  }

  /** One optimiser step on the next window. */
  private void step(RunState run, TrainingSet training, List<List<int[]>> windows, Schedule schedule, int total) {
    StepEvent event = RunEvents.recorded() ? new StepEvent() : null;
    if (event != null) {
      event.begin();
    }
    long start = System.nanoTime();
    List<int[]> batches = windows.get(run.window);
    long draw = config.localSteps() == 0 ? run.step : (long) run.step * ranks.size() + ranks.rank(); // of dropout and noise
    StepPass.Result window = pass.run(training, batches, draw, savings, frozen);
    if (run.step == run.start) {
      nameUnreached();
    }
    double norm = Gradients.norm(parameters);
    double rate = config.learningRate() * schedule.factor(run.step);
    String refused = run.watch.check(run.step + 1, window.loss(), norm, parameters);
    if (refused == null) {
      run.move(rate, Gradients.clipScale(norm, config.maxGradNorm()));
      run.watch.taken(run.step + 1, window.loss());
    } else {
      warn(refused);
    }
    Gradients.clear(parameters);
    run.step++;
    run.window++;
    run.tokens += window.tokens();
    if (run.mean != null && refused == null) {
      run.mean.update(run.step);
    }
    run.seconds += (System.nanoTime() - start) / 1e9;
    if (event != null) {
      event.step = run.step;
      event.loss = window.loss();
      event.gradientNorm = norm;
      event.tokens = window.tokens();
      event.commit();
    }
    TrainListener.Step report = new TrainListener.Step(run.step, total, epochs(run, windows), window.loss(), rate, norm,
        window.tokens(), run.seconds, run.tokens, window.figures());
    listeners.forEach(listener -> listener.onStep(report));
  }

  private void evaluate(RunState run, TrainingSet heldOut, double epochs) {
    EvaluationEvent event = RunEvents.recorded() ? new EvaluationEvent() : null;
    if (event != null) {
      event.begin();
    }
    if (run.mean != null) {
      run.mean.swap();
    }
    Evaluated evaluated = Evaluated.of(model, objective, heldOut, config.evalBatchSize(),
        Pass.inference().withSavings(savings).behind(frozen), ranks);
    double measured = metric.of(evaluated, heldOut, model.labels());
    boolean better = run.best.offer(run.step, measured, evaluated.loss());
    if (run.mean != null) {
      run.mean.swap();
    }
    if (event != null) {
      event.step = run.step;
      event.loss = evaluated.loss();
      event.commit();
    }
    TrainListener.Evaluation report = new TrainListener.Evaluation(run.step, epochs, evaluated.loss(), evaluated.accuracy(),
        evaluated.logits(), measured, better,
        evaluated.logits() == null ? Map.of() : objective.figures(Arrays.asList(evaluated.logits())));
    listeners.forEach(listener -> listener.onEvaluation(report));
  }

  /** Goes on from the newest checkpoint, if that is wanted and there is one: returns it, or null. No file is changed. */
  private Checkpoint takeUp(RunState run) {
    if (!resume || checkpoints == null && ranks.leads()) {
      return null;
    }
    try {
      Checkpoint found = ranks.leads() ? checkpoints.newest(this::warn).orElse(null) : null;
      found = ranks.size() > 1 ? Checkpoint.handOut(ranks, found) : found;
      if (found != null) {
        run.restore(found);
      } else if (ranks.leads()) {
        warn("resume: no checkpoint in " + checkpoints.directory() + ", the run begins at step 1");
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** From here on files are changed: all that could refuse the run has been asked. */
  private void begin(Checkpoint found) {
    if (checkpoints != null) {
      try {
        if (resume) {
          checkpoints.removeUnfinished();
        } else {
          checkpoints.clear();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    if (found != null) {
      Map<String, String> heard = RunState.heard(found);
      listeners.forEach(listener -> listener.resume(heard));
    }
    listeners.forEach(TrainListener::onStart);
  }

  /** All processes take part, and rank 0 writes. */
  private void save(RunState run) {
    boolean interrupted = Thread.interrupted(); // an interrupted thread cannot write to a channel
    CheckpointEvent event = RunEvents.recorded() ? new CheckpointEvent() : null;
    if (event != null) {
      event.begin();
    }
    try {
      Checkpoint state = run.save(ranks.leads() ? listeners : List.of());
      if (checkpoints == null) {
        return;
      }
      Path file = checkpoints.save(run.step, state);
      if (event != null) {
        event.step = run.step;
        event.file = file.toString();
        event.commit();
      }
      listeners.forEach(listener -> listener.onCheckpoint(run.step, file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Forward and backward on the batch with the most tokens, without a step, after the first step of a run: what does not fit
   * into memory fails now and not after hours.
   */
  private void probe(TrainingSet training, List<List<int[]>> windows) {
    pass.probe(training, pass.longest(training, windows));
  }

  /** Warns of parameters that have no gradient after a pass. */
  private void nameUnreached() {
    List<String> unreached = parameters.stream().filter(parameter -> !parameter.hasGradient()).map(Parameter::name).toList();
    if (!unreached.isEmpty()) {
      warn("no gradient reaches " + unreached.size() + " of " + parameters.size() + " trained tensors: "
          + String.join(", ", unreached.subList(0, Math.min(3, unreached.size()))) + (unreached.size() > 3 ? ", ..." : ""));
    }
  }

  /**
   * What a run needs, by part, before it needs it.
   *
   * @param heldOut whether rows are held out
   */
  public MemoryEstimate memory(TrainingSet training, boolean heldOut) {
    int[] rows = pass.longest(training, new Windows(config, batches(training)).of(0));
    return new TrainingMemory(model, parameters, config, ranks.size(), allocator)
        .of(objective.tokensAtOnce(training.batch(rows)), training, rows, heldOut);
  }

  private void warn(String message) {
    LOG.log(listeners.isEmpty() ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG, message);
    listeners.forEach(listener -> listener.onWarning(message));
  }

  /** The steps that {@link #train} would take. */
  public int steps(TrainingSet training) {
    return windows(batches(training)).steps();
  }

  /**
   * Checks what a run would stumble over later: the longest batch goes forward and backward, one held-out row is measured.
   * Nothing is changed.
   */
  public void check(TrainingSet training, TrainingSet heldOut) {
    try (PretrainedModel.Exclusive _ = model.training()) {
      probe(training, new Windows(config, batches(training)).of(0));
      nameUnreached();
      Gradients.clear(parameters);
      if (heldOut != null) {
        TrainingSet one = heldOut.first(2);
        metric.of(Evaluated.of(model, objective, one, 1), one, model.labels());
      }
    }
  }

  private Windows windows(Batches batches) {
    return new Windows(config, batches, config.localSteps() == 0 ? Ranks.alone() : ranks);
  }

  private Batches batches(TrainingSet training) {
    return objective.batches(training, config);
  }

  /**
   * Looks for a learning rate: steps with rates that rise from 1e-7 to 10 until the loss, smoothed, is four times its lowest.
   * The parameters are put back afterwards.
   *
   * @param steps at most; 100 is usual
   */
  public LearningRateFinder findRate(TrainingSet training, int steps) {
    try (PretrainedModel.Exclusive _ = model.training(); Scope.Hold _ = Scope.hold()) {
      return searchRate(training, steps);
    }
  }

  private LearningRateFinder searchRate(TrainingSet training, int steps) {
    Batches batches = batches(training);
    RunState run = new RunState(parameters, config, model.config().layers(), "",
        new DivergenceGuard(Double.POSITIVE_INFINITY, objective.noise()), metric, ranks);
    List<Tensor> before = parameters.stream().map(parameter -> parameter.value().copy().keep()).toList();
    LearningRateFinder search = new LearningRateFinder(steps);
    long step = 0;
    for (int epoch = 0; search.goesOn(); epoch++) {
      for (List<int[]> window : new Windows(config, batches).of(epoch)) {
        if (!search.goesOn()) {
          break;
        }
        double rate = search.nextRate();
        search.add(rate, pass.run(training, window, step, config.savings(), null).loss());
        run.move(rate, Gradients.clipScale(Gradients.norm(parameters), config.maxGradNorm()));
        Gradients.clear(parameters);
        step++;
      }
    }
    for (int i = 0; i < before.size(); i++) {
      parameters.get(i).value().copyFrom(before.get(i));
    }
    return search;
  }
}
