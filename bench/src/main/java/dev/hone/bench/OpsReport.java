package dev.hone.bench;

import dev.hone.core.parallel.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Measures cases and prints them.
 *
 * @param only name and shape, with a blank between them, must contain this
 * @param seconds how long to repeat a case
 * @param retries how often to measure again while other processes disturb
 */
record OpsReport(Pattern only, double seconds, int retries) {
  private static final double CLOCK_TICKS = 100; // of /proc/stat, per second: fixed on Linux
  private static final int MIN_REPETITIONS = 5;

  /** What is counted to state a rate. */
  enum Unit {
    /** Floating point operations: gflops. */
    FLOP("gflops"),
    /** Elements: gelems. */
    ELEMENT("gelems"),
    /** Bytes moved: gbytes. */
    BYTE("gbytes");

    private final String field;

    Unit(String field) {
      this.field = field;
    }
  }

  /** An amount of work of one repetition. */
  record Work(Unit unit, double amount) {}

  /** Measures one case if it is wanted; {@code make} prepares it and returns what to repeat. */
  void report(String name, String shape, Supplier<Runnable> make, Work... work) {
    if (!only.matcher(name + " " + shape).find()) {
      return;
    }
    Runnable body = make.get();
    warmUp(body);
    Sample best = null;
    for (int attempt = 0; attempt <= retries && (best == null || best.otherCpu >= 0.1); attempt++) {
      Sample sample = sample(body);
      best = best == null || sample.otherCpu < best.otherCpu ? sample : best;
    }
    StringBuilder line = new StringBuilder(String.format(Locale.ROOT,
        "{\"name\": \"%s\", \"shape\": \"%s\", \"threads\": %d, \"best_ms\": %.4f, \"median_ms\": %.4f", name, shape,
        Workers.threads(), best.best() * 1e3, best.median() * 1e3));
    for (Work w : work) {
      line.append(String.format(Locale.ROOT, ", \"%s\": %.3f", w.unit().field, w.amount() / best.best() / 1e9));
    }
    System.out.println(line.append(String.format(Locale.ROOT, ", \"reps\": %d, \"other_cpu\": %.2f}", best.times.length,
        best.otherCpu)));
  }

  /** Long enough for the compiler: until half the measuring time is over and the pace no longer improves. */
  private void warmUp(Runnable body) {
    long end = System.nanoTime() + (long) (Math.max(0.5, seconds / 2) * 1e9);
    long limit = end + 5_000_000_000L;
    double fastest = Double.MAX_VALUE;
    int since = 0;
    while (System.nanoTime() < end || since < 3 && System.nanoTime() < limit) {
      double time = time(body);
      since = time < 0.9 * fastest ? 0 : since + 1;
      fastest = Math.min(fastest, time);
    }
  }

  private static double time(Runnable body) {
    long start = System.nanoTime();
    body.run();
    return (System.nanoTime() - start) / 1e9;
  }

  private Sample sample(Runnable body) {
    double[] times = new double[1024];
    int count = 0;
    double before = otherCpuSeconds();
    long start = System.nanoTime();
    while (count < MIN_REPETITIONS || System.nanoTime() - start < seconds * 1e9) {
      if (count == times.length) {
        times = Arrays.copyOf(times, 2 * count);
      }
      times[count++] = time(body);
    }
    double wall = (System.nanoTime() - start) / 1e9;
    times = Arrays.copyOf(times, count);
    Arrays.sort(times);
    return new Sample(times, Math.max(0, (otherCpuSeconds() - before) / wall));
  }

  private record Sample(double[] times, double otherCpu) {
    double best() {
      return times[0];
    }

    double median() {
      return times[times.length / 2];
    }
  }

  /** CPU seconds that all other processes have used, or 0 where the system does not say. */
  private static double otherCpuSeconds() {
    try {
      String[] fields = Files.readAllLines(Path.of("/proc/stat")).getFirst().trim().split("\\s+");
      double ticks = 0;
      for (int i : new int[] {1, 2, 3, 6, 7, 8}) { // user, nice, system, irq, softirq, steal
        ticks += Double.parseDouble(fields[i]);
      }
      double own = ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos() / 1e9;
      return ticks / CLOCK_TICKS - own;
    } catch (IOException | RuntimeException e) {
      return 0;
    }
  }
}
