package dev.hone.train.page;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Values of an axis as coordinates, linearly, with ticks at round numbers. */
final class Scale {
  private final double low;
  private final double high;
  private final double from;
  private final double to;
  private final double tick;

  private Scale(double low, double high, double from, double to, double tick) {
    this.low = low;
    this.high = high;
    this.from = from;
    this.to = to;
    this.tick = tick;
  }

  /** From the least to the greatest value. */
  static Scale exact(double low, double high, double from, double to, int ticks) {
    double width = high > low ? 0 : Math.max(Math.abs(low), 1) / 2; // one value only: stands in the middle
    double start = low - width;
    double end = high + width;
    return new Scale(start, end, from, to, round((end - start) / ticks));
  }

  /** A scale widened to ticks. */
  static Scale round(double low, double high, double from, double to, int ticks) {
    Scale exact = exact(low, high, from, to, ticks);
    return new Scale(Math.floor(exact.low / exact.tick + 1e-9) * exact.tick,
        Math.ceil(exact.high / exact.tick - 1e-9) * exact.tick,
        from, to, exact.tick);
  }

  /** The round number, 1, 2 or 5 times a power of ten, that is at least {@code step}. */
  static double round(double step) {
    double power = Math.pow(10, Math.floor(Math.log10(step)));
    double lead = step / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
  }

  double at(double value) {
    return from + (value - low) / (high - low) * (to - from);
  }

  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    long first = (long) Math.ceil(low / tick - 1e-9);
    for (long i = first; i * tick <= high + tick * 1e-9; i++) {
      ticks.add(i * tick);
    }
    return ticks;
  }

  /** A tick's label, with as many decimals as tell ticks apart. */
  String label(double value) {
    double largest = Math.max(Math.abs(low), Math.abs(high));
    if (Math.abs(value) < tick / 2) {
      return "0";
    }
    if (largest >= 1e9 || largest < 1e-3) {
      return Markup.exponent(String.format(Locale.ROOT, "%.2e", value));
    }
    if (largest >= 1e4 && tick >= 100) {
      double thousands = largest >= 1e7 ? 1e6 : 1e3;
      return trimmed(value / thousands) + (thousands == 1e6 ? "M" : "k");
    }
    int decimals = Math.max(0, (int) Math.ceil(-Math.log10(tick) - 1e-9));
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  private static String trimmed(double value) {
    String text = String.format(Locale.ROOT, "%.2f", value);
    return text.replaceFirst("\\.?0+$", "");
  }
}
