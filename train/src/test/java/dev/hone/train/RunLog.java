package dev.hone.train;

import dev.hone.nn.Work;
import java.util.ArrayList;
import java.util.List;

/** What a run told its listeners. */
public final class RunLog implements TrainListener {
  private final List<Double> losses = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private Work work;

  /** Nothing was told yet. */
  public RunLog() {}

  /** The losses of steps and of held-out rows, in the order in which they were told. */
  public List<Double> losses() {
    return losses;
  }

  /** All warnings. */
  public List<String> warnings() {
    return warnings;
  }

  /** What was computed; null before the end. */
  public Work work() {
    return work;
  }

  @Override
  public void onStep(Step step) {
    losses.add(step.loss());
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    losses.add(evaluation.loss());
  }

  @Override
  public void onWarning(String message) {
    warnings.add(message);
  }

  @Override
  public void onEnd(Work all) {
    work = all;
  }
}
