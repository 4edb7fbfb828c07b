package dev.hone.train.page;

import dev.hone.train.metric.ProbabilityScores;
import java.util.List;
import java.util.Locale;

/** Accuracy over confidence, with the diagonal. */
final class ReliabilityPlot {
  private static final int HEIGHT = 330;
  private static final int LEFT = 62;
  private static final int RIGHT = 12;
  private static final int TOP = 10;
  private static final int BOTTOM = 42;

  private ReliabilityPlot() {}

  static Chart figure(String title, List<ProbabilityScores.Bin> bins) {
    double least = Math.min(0.5, bins.stream().mapToDouble(ProbabilityScores.Bin::confidence).min().orElse(0));
    double start = Math.floor(least * 10) / 10; // confidences of few classes never come near 0
    Scale x = Scale.exact(start, 1, LEFT, Svg.WIDTH - RIGHT, 6);
    Scale y = Scale.exact(0, 1, HEIGHT - BOTTOM, TOP, 5);
    long rows = bins.stream().mapToLong(ProbabilityScores.Bin::rows).sum();
    String description = "Accuracy of " + rows + " rows in " + bins.size()
        + " bins of confidence. On the diagonal confidence tells the truth; below it the model is too sure of itself.";
    Svg svg = new Svg(HEIGHT, title, description);
    for (double tick : y.ticks()) {
      svg.line("grid", LEFT, y.at(tick), Svg.WIDTH - RIGHT, y.at(tick));
      svg.text("soft", "end", LEFT - 6, y.at(tick) + 4.5, y.label(tick));
    }
    for (double tick : x.ticks()) {
      svg.text("soft", "middle", Math.min(x.at(tick), Svg.WIDTH - RIGHT - 8), HEIGHT - BOTTOM + 18, x.label(tick));
    }
    svg.line("axis", LEFT, HEIGHT - BOTTOM, Svg.WIDTH - RIGHT, HEIGHT - BOTTOM);
    svg.line("rule", x.at(start), y.at(start), x.at(1), y.at(1));
    StringBuilder path = new StringBuilder();
    for (ProbabilityScores.Bin bin : bins) {
      path.append(path.isEmpty() ? 'M' : 'L').append(Markup.coordinate(x.at(bin.confidence()))).append(' ')
          .append(Markup.coordinate(y.at(bin.accuracy())));
    }
    svg.path("curve s0", "", path);
    Table table = Table.of("", "confidence above", "up to", "rows", "mean confidence", "accuracy");
    for (ProbabilityScores.Bin bin : bins) {
      svg.marker(0, x.at(bin.confidence()), y.at(bin.accuracy()), 3 + 12 * Math.sqrt(bin.rows() / (double) rows),
          String.format(Locale.ROOT, "%d rows: confidence %.3f, accuracy %.3f", bin.rows(), bin.confidence(), bin.accuracy()));
      table.row(bin.low(), bin.high(), bin.rows(), bin.confidence(), bin.accuracy());
    }
    svg.text("soft", "middle", (LEFT + Svg.WIDTH - RIGHT) / 2.0, HEIGHT - 6, "mean confidence");
    svg.sideways(13, (TOP + HEIGHT - BOTTOM) / 2.0, "accuracy");
    return new Chart(title, description, svg.finish(), List.of(), table);
  }
}
