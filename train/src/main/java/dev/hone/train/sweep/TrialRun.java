package dev.hone.train.sweep;

import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.Trainer;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.report.MetricsFile;
import dev.hone.train.sweep.TrialRecord.Point;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** One trial while it runs: what it is about, and how the sweep watches it. */
public final class TrialRun {
  private static final String EVALUATIONS = "sweep_evaluations";
  private static final String STEPS = "sweep_steps";

  private final Trial trial;
  private final Path directory;
  private final String metric;
  private final Function<List<Point>, String> verdict; // why a trial with these evaluations ends, or null
  private final Runnable onStart;
  private final List<Point> evaluations = new ArrayList<>();
  private volatile Tuning<?> tuning;
  private volatile boolean stopped;
  private String ended; // null: it was not the sweep that ended it
  private int steps;

  TrialRun(Trial trial, Path directory, String metric, Function<List<Point>, String> verdict, Runnable onStart) {
    this.trial = trial;
    this.directory = directory;
    this.metric = metric;
    this.verdict = verdict;
    this.onStart = onStart;
  }

  /** What is tried. */
  public Trial trial() {
    return trial;
  }

  /** All settings of the run, by key: {@code TrainConfig.of(trial.settings())} if there are no others than its. */
  public Map<String, String> settings() {
    return trial.settings();
  }

  /** Where the run writes; the directory exists. */
  public Path directory() {
    return directory;
  }

  /** The checkpoints of the run, from which an interrupted trial goes on. */
  public Path checkpoints() {
    return directory.resolve("checkpoints");
  }

  /** Whether the trial has begun before, so that it is to go on from its checkpoints. */
  public boolean begun() {
    return Files.isDirectory(checkpoints());
  }

  /**
   * Trains, and leaves what a run leaves: checkpoints while it goes on, {@code metrics.jsonl}, and {@code adapter} or
   * {@code model} at the end.
   */
  public Trainer.Result train(Tuning<?> model, TrainingSet training, TrainingSet heldOut, TrainConfig config)
      throws IOException {
    watch(model, heldOut, config);
    model.setCheckpoints(new Checkpoints(checkpoints(), config.saveTotalLimit()), begun());
    try (MetricsFile metrics = new MetricsFile(directory.resolve("metrics.jsonl"))) {
      model.addListener(metrics);
      Trainer.Result result = model.train(training, heldOut, config);
      if (!result.interrupted()) {
        model.save(directory.resolve(model.adapter() == null ? "model" : "adapter"));
      }
      return result;
    }
  }

  /**
   * Lets the sweep watch and stop a run; for those who do not call {@link #train}. Such a run must write its checkpoints to
   * {@link #checkpoints()} and go on from them if it has {@link #begun()}.
   */
  public void watch(Tuning<?> model, TrainingSet heldOut, TrainConfig config) {
    if (heldOut == null) {
      throw new IllegalArgumentException("sweep: trials are compared on held-out rows, and there are none");
    }
    if (!config.bestMetric().equals(metric)) {
      throw new IllegalArgumentException("sweep: its metric is " + metric + ", metric_for_best_model is " + config.bestMetric());
    }
    if (config.saveTotalLimit() == 0) {
      throw new IllegalArgumentException("sweep: trials go on from checkpoints, save_total_limit must be 1 or more, is 0");
    }
    tuning = model;
    model.addListener(new Watch());
  }

  /** Ends the run after its step. */
  void stop() {
    stopped = true;
    Tuning<?> running = tuning;
    if (running != null) {
      running.stop();
    }
  }

  /** Why the sweep has ended the run, or null. */
  String ended() {
    return ended;
  }

  int steps() {
    return steps;
  }

  List<Point> evaluations() {
    return evaluations;
  }

  /** Takes down evaluations, keeps them in the checkpoints, and stops the run when the sweep does not want it any more. */
  private final class Watch implements TrainListener {
    @Override
    public void onStart() {
      onStart.run();
    }

    @Override
    public void onStep(Step step) {
      steps = step.step();
      if (stopped) { // before the run began
        tuning.stop();
      }
    }

    @Override
    public void onEvaluation(Evaluation evaluation) {
      evaluations.add(new Point(evaluation.step(), evaluation.metric(), evaluation.best()));
      judge();
    }

    @Override
    public Map<String, String> save() {
      return Map.of(EVALUATIONS, TrialRecord.text(evaluations), STEPS, Integer.toString(steps));
    }

    /** The checkpoint may be from the moment at which the run was stopped: it must not go on then. */
    @Override
    public void resume(Map<String, String> saved) {
      steps = Integer.parseInt(saved.getOrDefault(STEPS, "0"));
      evaluations.clear();
      evaluations.addAll(TrialRecord.points(saved.getOrDefault(EVALUATIONS, "[]")));
      judge();
    }

    private void judge() {
      ended = verdict.apply(evaluations);
      if (ended != null) {
        tuning.stop();
      }
    }
  }
}
