package dev.hone.train.view;

import dev.hone.train.TrainListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The picture of a run: how far it is, the curves of its losses, and the numbers of the moment. */
final class Dashboard {
  /** Below this many columns there is no picture. */
  static final int MIN_COLUMNS = 60;
  /** Below this many rows there is no picture. */
  static final int MIN_ROWS = 8;

  private static final int LOWEST_PLOT = 3;
  private static final int HIGHEST_PLOT = 20;
  private static final String GAP = "   ";

  private Dashboard() {}

  /**
   * The lines of the picture, none wider than {@code columns}, and fewer than {@code rows}.
   *
   * @param trace of a run with at least one step
   * @param memory in bytes
   */
  static List<String> lines(RunTrace trace, Look look, int columns, int rows, long memory) {
    List<String> numbers = flow(numbers(trace, look, memory), columns);
    List<String> lines = new ArrayList<>();
    lines.add(progress(trace, look, columns));
    int plot = Math.min(HIGHEST_PLOT, Math.min(rows / 2, rows - numbers.size() - 3)); // the bar, the axis, the cursor
    if (plot >= LOWEST_PLOT && !trace.training.isEmpty()) {
      lines.addAll(LossPlot.lines(trace, look, columns, plot));
    }
    lines.addAll(numbers);
    return lines.size() < rows ? lines : lines.subList(0, rows - 1);
  }

  private static String progress(RunTrace trace, Look look, int columns) {
    TrainListener.Step step = trace.step;
    double share = (double) step.step() / step.steps();
    String left = (trace.title.isEmpty() ? "" : cut(trace.title, columns / 3) + GAP)
        + String.format(Locale.ROOT, "step %d/%d", step.step(), step.steps()) + GAP;
    String right = GAP + String.format(Locale.ROOT, "%3.0f %%   epoch %.2f   left %s", 100 * share, step.epoch(),
        time(trace.secondsLeft()));
    int room = columns - left.length() - right.length();
    if (room < 1) {
      return cut(left + right.strip(), columns);
    }
    int full = (int) Math.round(share * room);
    String bar = look.train((look.unicode() ? "⣿" : "#").repeat(full))
        + look.faint((look.unicode() ? "⣀" : ".").repeat(room - full));
    return look.bold(left) + bar + right;
  }

  private static List<String> numbers(RunTrace trace, Look look, long memory) {
    TrainListener.Step step = trace.step;
    List<String> numbers = new ArrayList<>();
    numbers.add(look.train("loss " + LossPlot.label(trace.smoothed())));
    if (trace.evaluation != null) {
      TrainListener.Evaluation last = trace.evaluation;
      String judged = last.logits() == null ? String.format(Locale.ROOT, ", perplexity %.2f", Math.exp(last.loss()))
          : Double.isNaN(last.accuracy()) ? "" : String.format(Locale.ROOT, ", accuracy %.3f", last.accuracy());
      numbers.add(look.heldOut("held-out " + LossPlot.label(last.loss()) + judged));
    }
    if (trace.best != null) {
      numbers.add(look.heldOut("* best " + (trace.metric.equals("loss") ? "" : trace.metric + " ")
          + LossPlot.label(trace.best.metric()) + " at step " + trace.best.step()));
    }
    numbers.add(String.format(Locale.ROOT, "rate %.2e", step.learningRate()));
    numbers.add("gradient norm " + LossPlot.label(step.gradientNorm()));
    numbers.add(String.format(Locale.ROOT, "%,.0f tokens/s", step.tokensPerSecond()));
    numbers.add("elapsed " + time(step.seconds()));
    numbers.add(String.format(Locale.ROOT, "memory %.2f GB", memory / 1e9));
    return numbers;
  }

  /** Texts one after the other, in as many lines as they need. */
  private static List<String> flow(List<String> texts, int columns) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String text : texts) {
      if (!line.isEmpty() && Look.width(line.toString()) + GAP.length() + Look.width(text) > columns) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : GAP).append(text);
    }
    lines.add(line.toString());
    return lines;
  }

  private static String cut(String text, int columns) {
    return text.length() <= columns ? text : text.substring(0, columns);
  }

  /** Hours, minutes and seconds. */
  static String time(double seconds) {
    long whole = Math.round(seconds);
    return whole >= 3600 ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
        : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
  }
}
