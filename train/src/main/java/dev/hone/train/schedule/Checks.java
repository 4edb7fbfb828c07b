package dev.hone.train.schedule;

/** Rules that several schedules share. */
final class Checks {
  private Checks() {}

  static void steps(String schedule, int steps) {
    if (steps < 0) {
      throw new IllegalArgumentException(schedule + ": steps must be 0 or more, got " + steps);
    }
  }

  static void steps(String schedule, int warmup, int total) {
    steps(schedule, warmup);
    if (total < 0 || warmup > total) {
      throw new IllegalArgumentException(schedule + ": needs 0 <= warm-up <= total steps, got " + warmup + " and " + total);
    }
  }

  static void factor(String schedule, double factor) {
    if (!(factor >= 0 && factor <= 1)) {
      throw new IllegalArgumentException(schedule + ": factors and shares lie between 0 and 1, got " + factor);
    }
  }

  static void atLeast(String schedule, String what, int least, int value) {
    if (value < least) {
      throw new IllegalArgumentException(schedule + ": " + what + " must be " + least + " or more, got " + value);
    }
  }
}
