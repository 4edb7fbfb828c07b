package dev.hone.train.report.page;

import java.util.Arrays;
import java.util.List;

/** How often values fall into equal bins of a round width. */
final class Histogram {
  private static final int HEIGHT = 240;
  private static final int LEFT = 58;
  private static final int RIGHT = 12;
  private static final int TOP = 22;
  private static final int BOTTOM = 42;
  private static final int BINS = 40;

  private final String title;
  private final String name;
  private final double[] values;
  private final List<Charts.Rule> rules;

  Histogram(String title, String name, double[] values, List<Charts.Rule> rules) {
    this.title = title;
    this.name = name;
    this.values = Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
    this.rules = rules;
  }

  Figure figure() {
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
    double end = start + counts.length * width;
    double right = Math.max(end, rules.stream().mapToDouble(Charts.Rule::x).max().orElse(end));
    Scale x = Scale.exact(start, right, LEFT, Svg.WIDTH - RIGHT, 6);
    Scale y = Scale.round(0, Math.max(1, Arrays.stream(counts).max().orElse(1)), HEIGHT - BOTTOM, TOP, 4);
    Table table = Table.of("", name + " from", "below", "count");
    String description = description();
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
        table.row(from, from + width, counts[b]);
        double left = x.at(from);
        double gap = x.at(from + width) - left > 4 ? 1 : 0;
        svg.rectangle("f0", 1, left, Math.min(y.at(counts[b]), HEIGHT - BOTTOM - 1), x.at(from + width) - left - gap,
            Math.max(1, HEIGHT - BOTTOM - y.at(counts[b])), Markup.number(from) + " to below " + Markup.number(from + width)
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
    return new Figure(title, description, svg.finish(), List.of(), table);
  }

  private String description() {
    if (values.length == 0) {
      return "No values.";
    }
    StringBuilder text = new StringBuilder(Markup.number(values.length) + " values of " + name + ": least "
        + Markup.number(values[0]) + ", median " + Markup.number(values[values.length / 2]) + ", 95 % up to "
        + Markup.number(values[(int) (0.95 * (values.length - 1))]) + ", greatest "
        + Markup.number(values[values.length - 1]) + ".");
    rules.forEach(rule -> text.append(' ').append(rule.label()).append(" at ").append(Markup.number(rule.x())).append('.'));
    return text.toString();
  }
}
