package dev.hone.train.view;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The losses of a run as lines of text: training as a curve of dots, held-out rows as another, with {@code o} at every
 * evaluation and {@code *} at the best. A cell of the screen has two by four dots.
 */
final class LossPlot {
  private static final int MARGIN = 8; // "0.6931 |"
  private static final int ACROSS = 2;
  private static final int DOWN = 4;
  /** Bits of the eight dots in Unicode, which numbers the lowest row last. */
  private static final int[][] BRAILLE = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

  private final Look look;
  private final int columns;
  private final int rows;
  private final int[][] dots;
  private final boolean[][] held;
  private final char[][] marks;
  private double left;
  private double right;
  private double low;
  private double high;

  private LossPlot(Look look, int columns, int rows) {
    this.look = look;
    this.columns = columns;
    this.rows = rows;
    dots = new int[rows][columns];
    held = new boolean[rows][columns];
    marks = new char[rows][columns];
  }

  /**
   * The picture.
   *
   * @param width cells of a line, at least 20
   * @param rows lines for the curves; one more is the axis
   */
  static List<String> lines(RunTrace trace, Look look, int width, int rows) {
    LossPlot plot = new LossPlot(look, width - MARGIN, rows);
    plot.fit(trace);
    plot.line(trace.training, false);
    plot.line(trace.heldOut, true);
    double[] x = trace.heldOut.x();
    double[] y = trace.heldOut.y();
    for (int i = 0; i < x.length; i++) {
      plot.mark(x[i], y[i], 'o');
    }
    if (trace.best != null && Double.isFinite(trace.best.loss())) {
      plot.mark(trace.best.step(), trace.best.loss(), '*');
    }
    return plot.lines();
  }

  private void fit(RunTrace trace) {
    double[] x = both(trace.training.x(), trace.heldOut.x());
    double[] y = both(trace.training.y(), trace.heldOut.y());
    left = Arrays.stream(x).min().orElse(0);
    right = Math.max(left + 1, Arrays.stream(x).max().orElse(1));
    low = Arrays.stream(y).min().orElse(0);
    high = Arrays.stream(y).max().orElse(1);
    double least = Math.max(1e-6, Math.abs(high) * 1e-3);
    if (high - low < least) {
      low -= least / 2;
      high = low + least;
    }
  }

  private static double[] both(double[] a, double[] b) {
    double[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  private int dotX(double x) {
    return (int) Math.round((x - left) / (right - left) * (columns * ACROSS - 1));
  }

  private int dotY(double y) {
    double share = Math.clamp((high - y) / (high - low), 0, 1);
    return (int) Math.round(share * (rows * DOWN - 1));
  }

  private void line(Curve curve, boolean heldOut) {
    double[] x = curve.x();
    double[] y = curve.y();
    for (int i = 0; i < x.length; i++) {
      int from = Math.max(0, i - 1);
      segment(dotX(x[from]), dotY(y[from]), dotX(x[i]), dotY(y[i]), heldOut);
    }
  }

  private void segment(int fromX, int fromY, int toX, int toY, boolean heldOut) {
    int steps = Math.max(1, Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY)));
    for (int i = 0; i <= steps; i++) {
      int x = Math.clamp(fromX + Math.round((float) (toX - fromX) * i / steps), 0, columns * ACROSS - 1);
      int y = fromY + Math.round((float) (toY - fromY) * i / steps);
      dots[y / DOWN][x / ACROSS] |= BRAILLE[y % DOWN][x % ACROSS];
      held[y / DOWN][x / ACROSS] |= heldOut;
    }
  }

  private void mark(double x, double y, char sign) {
    int column = Math.clamp(dotX(x) / ACROSS, 0, columns - 1);
    marks[dotY(y) / DOWN][column] = sign;
    held[dotY(y) / DOWN][column] = true;
  }

  private List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      boolean labelled = row == 0 || row == rows - 1 || row == rows / 2 && rows > 4;
      double value = high - (high - low) * (row == 0 ? 0 : row == rows - 1 ? 1 : (row + 0.5) / rows);
      lines.add(look.faint(String.format(Locale.ROOT, "%" + (MARGIN - 2) + "s ", labelled ? label(value) : "")
          + (look.unicode() ? "│" : "|")) + cells(row));
    }
    lines.add(look.faint(axis()));
    return lines;
  }

  /** A number in at most six characters. */
  static String label(double value) {
    double size = Math.abs(value);
    String text = size != 0 && size < 1e-3 || size >= 1e5 ? String.format(Locale.ROOT, "%.0e", value)
        : String.format(Locale.ROOT, size < 10 ? "%.4f" : size < 1000 ? "%.2f" : "%.0f", value);
    return text.length() > MARGIN - 2 ? text.substring(0, MARGIN - 2) : text;
  }

  private String cells(int row) {
    StringBuilder line = new StringBuilder();
    StringBuilder run = new StringBuilder(); // neighbours of one colour
    for (int column = 0; column < columns; column++) {
      if (column > 0 && held[row][column] != held[row][column - 1]) {
        line.append(paint(run, held[row][column - 1]));
        run.setLength(0);
      }
      run.append(marks[row][column] != 0 ? marks[row][column] : dots(dots[row][column]));
    }
    return line.append(paint(run, held[row][columns - 1])).toString().stripTrailing();
  }

  private String paint(StringBuilder run, boolean heldOut) {
    String text = run.toString();
    return text.isBlank() ? text : heldOut ? look.heldOut(text) : look.train(text);
  }

  private char dots(int bits) {
    if (bits == 0) {
      return ' ';
    }
    if (look.unicode()) {
      return (char) (0x2800 + bits);
    }
    int upper = bits & 0x1b;
    return upper == 0 ? '.' : upper == bits ? '\'' : ':';
  }

  private String axis() {
    String first = String.format(Locale.ROOT, "%.0f", left);
    String last = "step " + String.format(Locale.ROOT, "%.0f", right);
    String rule = look.unicode() ? "─" : "-";
    return " ".repeat(MARGIN - 1) + (look.unicode() ? "└" : "+") + first
        + rule.repeat(Math.max(1, columns - first.length() - last.length())) + last;
  }
}
