package dev.hone.bench;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Fails when a kernel has fallen off a cliff: when vectors became objects, or a loop is no longer compiled as it should be, it
 * takes ten to a hundred times as long. Times are compared with the bare rate of multiply-adds on the same machine in the same
 * run, so that the bounds hold on any machine; each is less than half of what was measured.
 *
 * <pre>
 * java --add-modules jdk.incubator.vector -cp 'bench/target/classes:bench/target/lib/*' dev.hone.bench.SpeedGuard
 * </pre>
 *
 * <p>About half a minute. Exit code 1 if a kernel is below its bound.
 */
public final class SpeedGuard {
  /**
   * What is expected of a kernel.
   *
   * @param work multiply-adds of one call; of kernels of other kinds, elements
   * @param share of the bare rate of multiply-adds, at least
   */
  private record Bound(double work, double share) {}

  private static final Map<String, Bound> BOUNDS = new LinkedHashMap<>();

  static {
    double n = GuardBenchmark.N;
    BOUNDS.put("product", new Bound(n * n * n, 0.2));
    BOUNDS.put("oneRow", new Bound(n * n, 0.05));
    BOUNDS.put("oneRowOfBrain", new Bound(n * n, 0.05));
    BOUNDS.put("laidOutBrain", new Bound(n * n, 0.06));
    BOUNDS.put("laidOutBytes", new Bound(n * n, 0.05));
    BOUNDS.put("laidOutBook", new Bound(n * n, 0.03));
    BOUNDS.put("eightLaidOut", new Bound(8 * n * n, 0.1));
    BOUNDS.put("sentence", new Bound(15 * n * n, 0.12));
    BOUNDS.put("thinDown", new Bound(n * n * 8, 0.04));
    BOUNDS.put("attention", new Bound(7 * n * n * n, 0.1));
    BOUNDS.put("softmax", new Bound(n * n, 0.005));
    BOUNDS.put("layerNorm", new Bound(n * n, 0.007));
    BOUNDS.put("gelu", new Bound(n * n, 0.005));
    BOUNDS.put("geluGradient", new Bound(n * n, 0.015));
    BOUNDS.put("adamW", new Bound(n * n, 0.005));
  }

  private SpeedGuard() {}

  /** Runs all kernels; takes no arguments. */
  public static void main(String[] arguments) throws RunnerException {
    Map<String, Double> nanos = new TreeMap<>();
    Runner runner = new Runner(new OptionsBuilder().include("GuardBenchmark").verbosity(VerboseMode.SILENT).build());
    for (RunResult result : runner.run()) {
      String name = result.getParams().getBenchmark();
      nanos.put(name.substring(name.lastIndexOf('.') + 1), result.getPrimaryResult().getScore());
    }
    double bare = (double) GuardBenchmark.STEPS * GuardBenchmark.CHAINS * GuardBenchmark.LANES / nanos.get("multiplyAdd");
    System.out.printf(Locale.ROOT, "bare rate: %.1f multiply-adds per nanosecond%n", bare);
    boolean failed = false;
    for (Map.Entry<String, Bound> entry : BOUNDS.entrySet()) {
      double share = entry.getValue().work() / nanos.get(entry.getKey()) / bare;
      boolean below = share < entry.getValue().share();
      failed |= below;
      System.out.printf(Locale.ROOT, "%-14s %.4f of it, bound %.4f%s%n", entry.getKey(), share, entry.getValue().share(),
          below ? "   BELOW" : "");
    }
    if (failed) {
      System.exit(1);
    }
  }
}
