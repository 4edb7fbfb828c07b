package dev.hone.train.view;

import dev.hone.train.TrainListener;
import dev.hone.train.report.Curves;

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

  /**
   * Takes up what a run has done before. Which evaluation was the best is known, and its measure if that is a loss or an
   * accuracy; other measures are shown again from the next best on.
   */
  void goOn(Curves earlier) {
    earlier.steps().forEach(point -> add(point.step(), point.loss()));
    for (Curves.HeldOutPoint point : earlier.evaluations()) {
      addHeldOut(point.step(), point.loss());
      double measured = metric.equals("loss") ? point.loss() : metric.equals("accuracy") ? point.accuracy() : Double.NaN;
      if (point.best() && !Double.isNaN(measured)) {
        best = new TrainListener.Evaluation(point.step(), Double.NaN, point.loss(), point.accuracy(), null, measured, true);
      }
    }
  }

  void add(TrainListener.Step next) {
    step = next;
    add(next.step(), next.loss());
  }

  private void add(int atStep, double loss) {
    if (Double.isFinite(loss)) { // a step that was skipped says nothing about the others
      smoothed = Double.isNaN(smoothed) ? loss : SMOOTHING * smoothed + (1 - SMOOTHING) * loss;
      training.add(atStep, smoothed);
    }
  }

  void add(TrainListener.Evaluation next) {
    evaluation = next;
    if (next.best()) {
      best = next;
    }
    addHeldOut(next.step(), next.loss());
  }

  private void addHeldOut(int atStep, double loss) {
    if (Double.isFinite(loss)) {
      heldOut.add(atStep, loss);
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
