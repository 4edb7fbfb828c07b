package dev.hone.train.schedule;

/** Pieces that schedules are made of. */
final class SchedulePieces {
  private SchedulePieces() {}

  /** Linear warm-up: 0 at step 0, 1 at step {@code warmup}. */
  static double rise(int step, int warmup) {
    return step / (double) Math.max(1, warmup);
  }

  /** The share of the steps between {@code from} and {@code to} that lies behind; above 1 after the end. */
  static double progress(int step, int from, int to) {
    return (step - from) / (double) Math.max(1, to - from);
  }

  /** min + (1 − min) · ½(1 + cos(2π · cycles · progress)). */
  static double wave(double progress, double cycles, double min) {
    return above(min, 0.5 * (1 + Math.cos(Math.PI * cycles * 2 * progress)));
  }

  /** Squeezes a factor from [0, 1] into [min, 1]. */
  static double above(double min, double factor) {
    return Math.max(0, factor * (1 - min) + min);
  }
}
