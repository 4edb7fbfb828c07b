package dev.hone.train.view;

import dev.hone.train.report.Curves;
import java.io.PrintStream;
import java.util.Locale;

/** Prints a line now and then, about twenty a run, and one for every evaluation: for logs, pipes and narrow screens. */
public final class PlainView implements RunView {
  private static final int LINES = 20;

  private final PrintStream out;
  private final RunTrace trace;

  /** A view that prints, usually to the standard error stream. */
  public PlainView(PrintStream out) {
    this(out, new RunTrace("", "loss"));
  }

  /** A view that prints what another view remembers. */
  PlainView(PrintStream out, RunTrace trace) {
    this.out = out;
    this.trace = trace;
  }

  @Override
  public void goOn(Curves earlier) {
    trace.goOn(earlier);
  }

  @Override
  public void onStep(Step step) {
    trace.add(step);
    show(step);
  }

  /** Prints a step if its turn has come. */
  void show(Step step) {
    boolean last = step.step() == step.steps();
    if (!last && step.step() > 1 && step.step() % Math.max(1, step.steps() / LINES) != 0) {
      return;
    }
    note(String.format(Locale.ROOT, "step %d/%d  epoch %.2f  loss %.4f  %,.0f tokens/s  left %s  memory %.2f GB",
        step.step(), step.steps(), step.epoch(), trace.smoothed(), step.tokensPerSecond(),
        Dashboard.time(trace.secondsLeft()), Memory.bytes() / 1e9));
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    trace.add(evaluation);
    note(line(evaluation));
  }

  static String line(Evaluation evaluation) {
    String accuracy = Double.isNaN(evaluation.accuracy()) ? ""
        : String.format(Locale.ROOT, "  accuracy %.3f", evaluation.accuracy());
    String perplexity = evaluation.logits() != null ? ""
        : String.format(Locale.ROOT, "  perplexity %.2f", Math.exp(evaluation.loss()));
    return String.format(Locale.ROOT, "epoch %.2f  held-out loss %.4f%s%s%s", evaluation.epoch(), evaluation.loss(),
        perplexity, accuracy, evaluation.best() ? "  (best so far)" : "");
  }

  @Override
  public void onWarning(String message) {
    note("warning: " + message);
  }

  @Override
  public void note(String line) {
    out.println(line);
  }

  @Override
  public void close() {}
}
