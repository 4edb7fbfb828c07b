package dev.hone.train;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What the Flight Recorder sees of a run. */
final class RunEvents {
  private RunEvents() {}

  /** Whether anyone records. To define the events takes the Flight Recorder a tenth of a second, so they are not before. */
  static boolean recorded() {
    return FlightRecorder.isInitialized();
  }

  /** One optimiser step. */
  @Name("dev.hone.Step")
  @Label("Training step")
  @Category("Hone")
  @StackTrace(false)
  static final class StepEvent extends Event {
    @Label("Step")
    int step;
    @Label("Loss")
    double loss;
    @Label("Gradient norm")
    double gradientNorm;
    @Label("Tokens")
    int tokens;
  }

  /** One evaluation on held-out rows. */
  @Name("dev.hone.Evaluation")
  @Label("Evaluation")
  @Category("Hone")
  @StackTrace(false)
  static final class EvaluationEvent extends Event {
    @Label("Step")
    int step;
    @Label("Loss")
    double loss;
  }

  /** One checkpoint written. */
  @Name("dev.hone.Checkpoint")
  @Label("Checkpoint")
  @Category("Hone")
  @StackTrace(false)
  static final class CheckpointEvent extends Event {
    @Label("Step")
    int step;
    @Label("File")
    String file;
  }
}
