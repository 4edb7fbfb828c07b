package dev.hone.bench;

import dev.hone.core.kernel.Kernels;
import dev.hone.core.parallel.Workers;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Single-operator speed, one JSON line per case.
 *
 * <pre>
 * java --add-modules jdk.incubator.vector -XX:PerMethodTrapLimit=10000 -cp 'bench/target/classes:bench/target/lib/*'
 *     dev.hone.bench.OpsBench --threads 2 [--only REGEX] [--seconds 1.0] [--retries 2]
 * </pre>
 *
 * <p>{@code best_ms} and {@code median_ms} are of all repetitions after the warm-up; rates use the best. {@code other_cpu} is
 * the CPU time of other processes meanwhile, in cores: where it is above 0.1 the line says little.
 */
public final class OpsBench {
  private static final List<OpsFamily> FAMILIES = List.of(new MatMulFamily(), new RowOps(), new AttentionFamily(),
      new HeadOps(), new OptimizerOps(), new MemoryOps());

  private OpsBench() {}

  /** Runs the cases that the arguments pick. */
  public static void main(String[] args) {
    int threads = Workers.threads();
    String only = "";
    double seconds = 1;
    int retries = 2;
    for (int i = 0; i + 1 < args.length; i += 2) {
      switch (args[i]) {
        case "--threads" -> threads = Integer.parseInt(args[i + 1]);
        case "--only" -> only = args[i + 1];
        case "--seconds" -> seconds = Double.parseDouble(args[i + 1]);
        case "--retries" -> retries = Integer.parseInt(args[i + 1]);
        default -> throw new IllegalArgumentException("OpsBench: unknown option " + args[i]
            + "; known are --threads, --only, --seconds, --retries");
      }
    }
    if (args.length % 2 != 0) {
      throw new IllegalArgumentException("OpsBench: " + args[args.length - 1] + " has no value");
    }
    Workers.setThreads(threads);
    System.err.println("kernels: " + Kernels.active().name() + ", " + Kernels.active().reason());
    OpsReport report = new OpsReport(Pattern.compile(only), seconds, retries);
    for (OpsFamily family : FAMILIES) {
      family.run(report);
    }
  }
}
