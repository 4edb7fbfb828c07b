package dev.hone.train.page;

import java.util.List;
import java.util.stream.DoubleStream;

/** Figures with intervals, one below the other. */
final class IntervalPlot {
  private static final int SHOWN = 40;
  private static final int ROW = 28;
  private static final int BOTTOM = 44;
  private static final int LABEL = 24; // characters

  private IntervalPlot() {}

  static Chart figure(String title, String value, List<Charts.Estimate> estimates, double reference) {
    List<Charts.Estimate> shown = estimates.subList(0, Math.min(SHOWN, estimates.size()));
    double left = 14 + Svg.CHARACTER * shown.stream().mapToInt(e -> Math.min(LABEL, e.label().length())).max().orElse(1);
    double[] ends = DoubleStream.concat(DoubleStream.of(reference),
        shown.stream().flatMapToDouble(e -> DoubleStream.of(e.value(), e.low(), e.high()))).filter(Double::isFinite).toArray();
    Scale x = Scale.round(DoubleStream.of(ends).min().orElse(0), DoubleStream.of(ends).max().orElse(1), left + 8,
        Svg.WIDTH - 20, left > 150 ? 4 : 6);
    double bottom = ROW * shown.size() + 8;
    String description = value + " of " + estimates.size() + (estimates.size() == 1 ? " row" : " rows") + " with intervals"
        + (Double.isNaN(reference) ? "." : "; the dashed line is at " + Markup.number(reference) + ".");
    Svg svg = new Svg(bottom + BOTTOM, title, description);
    for (double tick : x.ticks()) {
      svg.line("grid", x.at(tick), 4, x.at(tick), bottom);
      svg.text("soft", "middle", x.at(tick), bottom + 16, x.label(tick));
    }
    svg.line("axis", left + 8, bottom, Svg.WIDTH - 20, bottom);
    if (Double.isFinite(reference)) {
      svg.line("rule", x.at(reference), 2, x.at(reference), bottom);
    }
    Table table = Table.of("", "", value, "from", "to");
    for (int i = 0; i < shown.size(); i++) {
      Charts.Estimate e = shown.get(i);
      double at = ROW * (i + 0.5) + 4;
      svg.text("", "end", left, at + 4.5, Markup.cut(e.label(), LABEL));
      if (Double.isFinite(e.low()) && Double.isFinite(e.high())) {
        svg.path("curve s0", "", "M" + Markup.coordinate(x.at(e.low())) + " " + Markup.coordinate(at) + "H"
            + Markup.coordinate(x.at(e.high())) + "M" + Markup.coordinate(x.at(e.low())) + " " + Markup.coordinate(at - 5)
            + "v10M"
            + Markup.coordinate(x.at(e.high())) + " " + Markup.coordinate(at - 5) + "v10");
      }
      if (Double.isFinite(e.value())) {
        svg.marker(0, x.at(e.value()), at, 4.5, e.label() + ": " + Markup.number(e.value()) + " (" + Markup.number(e.low())
            + " to "
            + Markup.number(e.high()) + ")");
      }
    }
    svg.text("soft", "middle", (left + Svg.WIDTH - 12) / 2, bottom + 36, value);
    estimates.forEach(e -> table.row(e.label(), e.value(), e.low(), e.high()));
    return new Chart(title, description, svg.finish(), List.of(), table);
  }
}
