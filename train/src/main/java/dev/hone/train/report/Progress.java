package dev.hone.train.report;

import dev.hone.train.TrainListener;
import java.io.PrintStream;
import java.util.Locale;

/**
 * Progress for people. On a terminal one line that is written over; elsewhere a plain line now and then; evaluations get a
 * line of their own in both.
 */
public final class Progress implements TrainListener {
  private static final double SMOOTHING = 0.9;
  private static final int PLAIN_LINES = 20;
  private static final long REDRAW_NANOS = 100_000_000;
  private static final int WIDTH = 79;

  private final PrintStream out;
  private final boolean live;
  private double smoothed = Double.NaN;
  private long drawn;

  /**
   * A progress display.
   *
   * @param out usually the standard error stream
   * @param live whether a line may be written over
   */
  public Progress(PrintStream out, boolean live) {
    this.out = out;
    this.live = live;
  }

  @Override
  public void onStep(Step step) {
    smoothed = Double.isNaN(smoothed) ? step.loss() : SMOOTHING * smoothed + (1 - SMOOTHING) * step.loss();
    boolean last = step.step() == step.steps();
    long now = System.nanoTime();
    if (live ? !last && now - drawn < REDRAW_NANOS
        : !last && step.step() > 1 && step.step() % Math.max(1, step.steps() / PLAIN_LINES) != 0) {
      return;
    }
    drawn = now;
    double left = step.seconds() / step.step() * (step.steps() - step.step());
    Runtime runtime = Runtime.getRuntime();
    String line = String.format(Locale.ROOT, "step %d/%d  epoch %.2f  loss %.4f  %,.0f tokens/s  left %s  heap %d MB",
        step.step(), step.steps(), step.epoch(), smoothed, step.tokensPerSecond(), time(left),
        (runtime.totalMemory() - runtime.freeMemory()) / 1_000_000);
    show(line, false);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    String accuracy = Double.isNaN(evaluation.accuracy()) ? ""
        : String.format(Locale.ROOT, "  accuracy %.3f", evaluation.accuracy());
    String perplexity = evaluation.logits() != null ? ""
        : String.format(Locale.ROOT, "  perplexity %.2f", Math.exp(evaluation.loss()));
    show(String.format(Locale.ROOT, "epoch %.2f  held-out loss %.4f%s%s%s", evaluation.epoch(), evaluation.loss(), perplexity,
        accuracy,
        evaluation.best() ? "  (best so far)" : ""), true);
  }

  @Override
  public void onWarning(String message) {
    show("warning: " + message, true);
  }

  private void show(String line, boolean stays) {
    if (!live) {
      out.println(line);
      return;
    }
    String cut = line.length() > WIDTH && !stays ? line.substring(0, WIDTH) : line;
    out.print("\r" + cut + " ".repeat(Math.max(0, WIDTH - cut.length())) + (stays ? "\n" : ""));
    out.flush();
  }

  /** Ends the live line. */
  public void finish() {
    if (live) {
      out.println();
    }
  }

  private static String time(double seconds) {
    long whole = Math.round(seconds);
    return whole >= 3600 ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
        : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
  }
}
