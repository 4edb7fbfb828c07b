package dev.hone.train.page;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Curves over one axis. */
final class LineChart {
  private static final int HEIGHT = 270;
  private static final int LEFT = 72;
  private static final int RIGHT = 12;
  private static final int TOP = 10;
  private static final int BOTTOM = 42;
  private static final int BUCKETS = 240; // each keeps its least and its greatest point
  private static final int TABLE_ROWS = 25;

  private final String title;
  private final String xName;
  private final String yName;
  private final List<Charts.Series> series;

  LineChart(String title, String xName, String yName, List<Charts.Series> series) {
    this.title = title;
    this.xName = xName;
    this.yName = yName;
    this.series = coloured(series);
  }

  /** Gives colours to those without; a background shares that of the series after it. */
  private static List<Charts.Series> coloured(List<Charts.Series> series) {
    List<Charts.Series> coloured = new ArrayList<>();
    int next = 0;
    for (Charts.Series s : series) {
      coloured.add(s.colour() >= 0 ? s : s.withColour(next));
      if (s.style() != Charts.Style.BACKGROUND && s.colour() < 0) {
        next++;
      }
    }
    return coloured;
  }

  Chart figure() {
    double[] xs = range(true);
    double[] ys = range(false);
    Scale x = Scale.exact(xs[0], xs[1], LEFT, Svg.WIDTH - RIGHT, 5);
    Scale y = Scale.round(ys[0], ys[1], HEIGHT - BOTTOM, TOP, 6);
    String description = description();
    Svg svg = new Svg(HEIGHT, title, description);
    frame(svg, x, y);
    for (Charts.Series s : series) {
      draw(svg, s, x, y);
    }
    List<String> legend = series.size() < 2 ? List.of()
        : series.stream().filter(s -> s.style() != Charts.Style.BACKGROUND).map(LineChart::legend).toList();
    return new Chart(title, description, svg.finish(), legend.size() < 2 ? List.of() : legend, table());
  }

  /** The least and the greatest of what is finite. */
  private double[] range(boolean ofX) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (Charts.Series s : series) {
      for (int i = 0; i < s.x().length; i++) {
        if (Double.isFinite(s.x()[i]) && Double.isFinite(s.y()[i])) {
          double value = ofX ? s.x()[i] : s.y()[i];
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
    }
    return low > high ? new double[] {0, 1} : new double[] {low, high};
  }

  private void frame(Svg svg, Scale x, Scale y) {
    for (double tick : y.ticks()) {
      svg.line("grid", LEFT, y.at(tick), Svg.WIDTH - RIGHT, y.at(tick));
      svg.text("soft", "end", LEFT - 6, y.at(tick) + 4.5, y.label(tick));
    }
    svg.line("axis", LEFT, HEIGHT - BOTTOM, Svg.WIDTH - RIGHT, HEIGHT - BOTTOM);
    for (double tick : x.ticks()) {
      svg.line("axis", x.at(tick), HEIGHT - BOTTOM, x.at(tick), HEIGHT - BOTTOM + 4);
      svg.text("soft", "middle", Math.min(x.at(tick), Svg.WIDTH - RIGHT - 8), HEIGHT - BOTTOM + 18, x.label(tick));
    }
    svg.text("soft", "middle", (LEFT + Svg.WIDTH - RIGHT) / 2.0, HEIGHT - 6, xName);
    svg.sideways(12, (TOP + HEIGHT - BOTTOM) / 2.0, yName);
  }

  private static void draw(Svg svg, Charts.Series s, Scale x, Scale y) {
    StringBuilder data = new StringBuilder();
    boolean pen = false;
    for (int i : thinned(s)) {
      boolean point = Double.isFinite(s.y()[i]) && Double.isFinite(s.x()[i]);
      if (point) {
        data.append(pen ? 'L' : 'M').append(Markup.coordinate(x.at(s.x()[i]))).append(' ')
            .append(Markup.coordinate(y.at(s.y()[i])));
      }
      pen = point;
    }
    boolean faint = s.style() == Charts.Style.BACKGROUND;
    svg.path((faint ? "faint " : "curve ") + Svg.stroke(s.colour()), faint ? "" : Svg.dashes(s.colour()), data);
    if (s.style() == Charts.Style.POINTS || s.x().length == 1) {
      for (int i : thinned(s)) {
        if (Double.isFinite(s.y()[i]) && Double.isFinite(s.x()[i])) {
          svg.marker(s.colour(), x.at(s.x()[i]), y.at(s.y()[i]), 3.2,
              s.name() + ": " + Markup.number(s.x()[i]) + ", " + Markup.number(s.y()[i]));
        }
      }
    }
  }

  /** The points to draw: all, or of every bucket the least and the greatest, so that no peak is lost. */
  private static int[] thinned(Charts.Series s) {
    int n = s.x().length;
    if (n <= 2 * BUCKETS) {
      return IntStream.range(0, n).toArray();
    }
    TreeSet<Integer> kept = new TreeSet<>(List.of(0, n - 1));
    for (int b = 0; b < BUCKETS; b++) {
      int from = (int) ((long) b * n / BUCKETS);
      int to = (int) ((long) (b + 1) * n / BUCKETS);
      int least = from;
      int greatest = from;
      for (int i = from; i < to; i++) {
        least = s.y()[i] < s.y()[least] || Double.isNaN(s.y()[least]) ? i : least;
        greatest = s.y()[i] > s.y()[greatest] || Double.isNaN(s.y()[greatest]) ? i : greatest;
      }
      kept.add(least);
      kept.add(greatest);
    }
    return kept.stream().mapToInt(Integer::intValue).toArray();
  }

  private static String legend(Charts.Series s) {
    String dashes = Svg.dashes(s.colour());
    return "<svg width=\"30\" height=\"12\" viewBox=\"0 0 30 12\" aria-hidden=\"true\"><path class=\"curve "
        + Svg.stroke(s.colour()) + "\"" + (dashes.isEmpty() ? "" : " stroke-dasharray=\"" + dashes + "\"") + " d=\"M0 6H30\"/>"
        + (s.style() == Charts.Style.POINTS ? Svg.mark(s.colour(), 15, 6, 3.2, "") : "") + "</svg>" + Markup.escape(s.name());
  }

  private String description() {
    StringBuilder text = new StringBuilder(yName + " over " + xName + ".");
    for (Charts.Series s : series) {
      double[] finite = Arrays.stream(s.y()).filter(Double::isFinite).toArray();
      if (finite.length > 0 && s.style() != Charts.Style.BACKGROUND) {
        text.append(' ').append(s.name()).append(": from ").append(Markup.number(finite[0])).append(" to ")
            .append(Markup.number(finite[finite.length - 1])).append(", least ")
            .append(Markup.number(Arrays.stream(finite).min().orElseThrow())).append(", greatest ")
            .append(Markup.number(Arrays.stream(finite).max().orElseThrow())).append('.');
      }
    }
    return text.toString();
  }

  private Table table() {
    Table table = Table.of("", "series", xName, yName);
    int shown = Math.max(2, 4 * TABLE_ROWS / Math.max(4, series.size()));
    for (Charts.Series s : series) {
      int n = s.x().length;
      int rows = Math.min(n, shown);
      for (int r = 0; r < rows && s.style() != Charts.Style.BACKGROUND; r++) {
        int i = rows == 1 ? 0 : (int) ((long) r * (n - 1) / (rows - 1));
        table.row(s.name(), s.x()[i], s.y()[i]);
      }
    }
    return table;
  }
}
