package dev.hone.train.page;

import java.util.List;

/** Bars from left to right. */
final class BarChart {
  private static final int SHOWN = 40;
  private static final int ROW = 24;
  private static final int LABEL = 24; // characters
  private static final int TABLE_ROWS = 200;

  private BarChart() {}

  static Chart figure(String title, String value, List<Charts.Bar> bars) {
    List<Charts.Bar> shown = bars.subList(0, Math.min(SHOWN, bars.size()));
    double left = 10 + Svg.CHARACTER * shown.stream().mapToInt(bar -> Math.min(LABEL, bar.label().length())).max().orElse(1);
    double right = 10 + Svg.CHARACTER * shown.stream().mapToInt(bar -> bar.text().length()).max().orElse(1);
    double most = shown.stream().mapToDouble(Charts.Bar::value).max().orElse(1);
    Scale scale = Scale.exact(0, most > 0 ? most : 1, left, Svg.WIDTH - right, 4);
    String description = bars.size() + " bars, " + value + (bars.size() > SHOWN ? "; the first " + SHOWN + " are drawn" : "")
        + ".";
    Svg svg = new Svg(ROW * shown.size() + 4, title, description);
    for (int i = 0; i < shown.size(); i++) {
      Charts.Bar bar = shown.get(i);
      double top = ROW * i + 2;
      svg.text("", "end", left - 6, top + 15, Markup.cut(bar.label(), LABEL));
      svg.rectangle("f0", 1, left, top + 2, Math.max(1, scale.at(bar.value()) - left), ROW - 6, bar.label() + ": " + bar.text());
      svg.text("soft", "start", Math.max(left + 1, scale.at(bar.value())) + 6, top + 15, bar.text());
    }
    Table table = Table.of("", "", value);
    bars.subList(0, Math.min(TABLE_ROWS, bars.size())).forEach(bar -> table.row(bar.label(), bar.text()));
    return new Chart(title, description, svg.finish(), List.of(), table);
  }
}
