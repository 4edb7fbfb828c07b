package dev.hone.train.page;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** How often values fall into equal bins of a round width. */
final class HistogramChart {
  private static final int HEIGHT = 240;
  private static final int LEFT = 58;
  private static final int RIGHT = 12;
  private static final int TOP = 22;
  private static final int BOTTOM = 42;
  private static final int BINS = 40;

  private final String title;
  private final String name;
  private final double start;
  private final double width;
  private final long[] counts;
  private final boolean open; // whether the last bin has no upper end
  private final String description;
  private final List<Charts.Rule> rules;

  private HistogramChart(String title, String name, double start, double width, long[] counts, boolean open, String description,
      List<Charts.Rule> rules) {
    this.title = title;
    this.name = name;
    this.start = start;
    this.width = width;
    this.counts = counts;
    this.open = open;
    this.description = rules.stream().map(rule -> " " + rule.label() + " at " + Markup.number(rule.x()) + ".")
        .collect(Collectors.joining("", description, ""));
    this.rules = rules;
  }

  static HistogramChart of(String title, String name, double[] all, List<Charts.Rule> rules) {
    double[] values = Arrays.stream(all).filter(Double::isFinite).sorted().toArray();
    double low = values.length == 0 ? 0 : values[0];
    double high = values.length == 0 ? 1 : values[values.length - 1];
    boolean whole = Arrays.stream(values).allMatch(v -> v == Math.rint(v));
    double width = high > low ? Scale.round((high - low) / BINS) : 1;
    width = whole ? Math.max(1, width) : width;
    double start = Math.floor(low / width) * width;
    long[] counts = new long[(int) Math.floor((high - start) / width + 1e-9) + 1];
    for (double value : values) {
      counts[Math.min(counts.length - 1, (int) Math.floor((value - start) / width + 1e-9))]++;
    }
    return new HistogramChart(title, name, start, width, counts, false, description(name, values), rules);
  }

  static HistogramChart of(String title, String name, double start, double width, long[] counts, boolean open,
      List<Charts.Rule> rules) {
    return new HistogramChart(title, name, start, width, counts, open, Markup.number(Arrays.stream(counts).sum()) + " values of "
        + name
        + ".", rules);
  }

  Chart figure() {
    double end = start + counts.length * width;
    double right = Math.max(end, rules.stream().mapToDouble(Charts.Rule::x).max().orElse(end));
    Scale x = Scale.exact(start, right, LEFT, Svg.WIDTH - RIGHT, 6);
    Scale y = Scale.round(0, Math.max(1, Arrays.stream(counts).max().orElse(1)), HEIGHT - BOTTOM, TOP, 4);
    Table table = Table.of("", name + " from", "below", "count");
    Svg svg = new Svg(HEIGHT, title, description);
    for (double tick : y.ticks()) {
      if (tick == Math.rint(tick)) {
        svg.line("grid", LEFT, y.at(tick), Svg.WIDTH - RIGHT, y.at(tick));
        svg.text("soft", "end", LEFT - 6, y.at(tick) + 4.5, y.label(tick));
      }
    }
    for (int b = 0; b < counts.length; b++) {
      double from = start + b * width;
      if (counts[b] > 0) {
        boolean last = open && b == counts.length - 1;
        table.row(from, last ? "and more" : from + width, counts[b]);
        double left = x.at(from);
        double gap = x.at(from + width) - left > 4 ? 1 : 0;
        svg.rectangle("f0", 1, left, Math.min(y.at(counts[b]), HEIGHT - BOTTOM - 1), x.at(from + width) - left - gap,
            Math.max(1, HEIGHT - BOTTOM - y.at(counts[b])), Markup.number(from) + (last ? " and more" : " to below "
                + Markup.number(from + width))
                + ": " + Markup.number(counts[b]));
      }
    }
    svg.line("axis", LEFT, HEIGHT - BOTTOM, Svg.WIDTH - RIGHT, HEIGHT - BOTTOM);
    for (double tick : x.ticks()) {
      svg.text("soft", "middle", Math.min(x.at(tick), Svg.WIDTH - RIGHT - 8), HEIGHT - BOTTOM + 18, x.label(tick));
    }
    for (Charts.Rule rule : rules) {
      double at = x.at(rule.x());
      svg.line("rule", at, TOP - 4, at, HEIGHT - BOTTOM);
      boolean leftward = at > Svg.WIDTH / 2.0;
      svg.text("", leftward ? "end" : "start", leftward ? at - 5 : at + 5, TOP - 8, rule.label());
    }
    svg.text("soft", "middle", (LEFT + Svg.WIDTH - RIGHT) / 2.0, HEIGHT - 6, name);
    return new Chart(title, description, svg.finish(), List.of(), table);
  }

  private static String description(String name, double[] values) {
    return values.length == 0 ? "No values." : Markup.number(values.length) + " values of " + name + ": least "
        + Markup.number(values[0]) + ", median " + Markup.number(values[values.length / 2]) + ", 95 % up to "
        + Markup.number(values[(int) (0.95 * (values.length - 1))]) + ", greatest " + Markup.number(values[values.length - 1])
            + ".";
  }
}
