package dev.hone.train.view;

import dev.hone.train.TrainListener;

/** What a view remembers of a run: the last step, the last and the best evaluation, and both curves of the loss. */
final class RunTrace {
  private static final double SMOOTHING = 0.9;

  final String title;
  final String metric;
  final Curve training = new Curve();
  final Curve heldOut = new Curve();
  TrainListener.Step step; // null before the first
  TrainListener.Evaluation evaluation; // null before the first
  TrainListener.Evaluation best; // null before the first
  private double smoothed = Double.NaN;

  /**
   * An empty trace.
   *
   * @param title what the run is called; may be empty
   * @param metric what its best step is chosen by
   */
  RunTrace(String title, String metric) {
    this.title = title;
    this.metric = metric;
  }

  void add(TrainListener.Step next) {
    step = next;
    if (Double.isFinite(next.loss())) { // a step that was skipped says nothing about the others
      smoothed = Double.isNaN(smoothed) ? next.loss() : SMOOTHING * smoothed + (1 - SMOOTHING) * next.loss();
      training.add(next.step(), smoothed);
    }
  }

  void add(TrainListener.Evaluation next) {
    evaluation = next;
    if (next.best()) {
      best = next;
    }
    if (Double.isFinite(next.loss())) {
      heldOut.add(next.step(), next.loss());
    }
  }

  /** The training loss, smoothed over about ten steps; NaN before the first. */
  double smoothed() {
    return smoothed;
  }

  /** Seconds until the last step at the speed so far, without evaluations. */
  double secondsLeft() {
    return step.seconds() / step.step() * (step.steps() - step.step());
  }
}
