package dev.hone.bench;

import dev.hone.core.Device;
import dev.hone.core.parallel.Workers;
import dev.hone.train.optim.AdamW;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Whole training steps on random weights and tokens of fixed length, the cases and names of {@code bench_train.py}; one JSON
 * line per case. A step is forward, loss, backward, clipping and AdamW, without dropout.
 *
 * <p>The highest memory is the process's, so it is a case's own only if one case is run.
 *
 * <p>Arguments: {@code --rows-times N} and {@code --length-times N} for batches of N times as many sequences or tokens per
 * sequence, which the name of the case does not show; {@code --only REGEX}, {@code --steps N}, {@code --warmup N},
 * {@code --threads N}, {@code --activations bf16}, of which names end in {@code +bf16}, {@code --models DIR} with what
 * {@link DecoderModels} wrote, for the case with stored weights.
 */
public final class TrainBench {
  private TrainBench() {}

  /** Runs the cases. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> flags = flags(arguments);
    Workers.setThreads(Integer.parseInt(flags.getOrDefault("--threads", "2")));
    Path models = flags.containsKey("--models") ? Path.of(flags.get("--models")) : null;
    int rows = Integer.parseInt(flags.getOrDefault("--rows-times", "1"));
    int lengths = Integer.parseInt(flags.getOrDefault("--length-times", "1"));
    boolean rounded = flags.getOrDefault("--activations", "f32").equals("bf16");
    for (Map.Entry<String, TrainCase> entry : TrainCase.all(models).entrySet()) {
      if (entry.getKey().matches(".*(" + flags.getOrDefault("--only", "") + ").*")) {
        System.out.println(run(entry.getKey(), entry.getValue().times(rows, lengths), rounded,
            Integer.parseInt(flags.getOrDefault("--warmup", "20")), Integer.parseInt(flags.getOrDefault("--steps", "20"))));
      }
    }
  }

  /** Pairs of a flag and its value. */
  static Map<String, String> flags(String[] arguments) {
    Map<String, String> flags = new LinkedHashMap<>();
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      flags.put(arguments[i], arguments[i + 1]);
    }
    return flags;
  }

  private static String run(String name, TrainCase bench, boolean rounded, int warmup, int steps) throws IOException {
    TrainStep step = new TrainStep(bench, rounded, Device.CPU);
    double[] times = new double[steps];
    for (int i = -warmup; i < steps; i++) {
      long start = System.nanoTime();
      step.run();
      if (i >= 0) {
        times[i] = (System.nanoTime() - start) / 1e6;
      }
    }
    Arrays.sort(times);
    double median = times[steps / 2];
    return String.format(Locale.ROOT, "{\"case\": \"%s\", \"threads\": %d, \"step_ms\": %.1f, \"best_ms\": %.1f, "
        + "\"tokens_per_s\": %.0f, \"peak_rss_mb\": %d}", name + (rounded ? "+bf16" : ""), Workers.threads(), median, times[0],
        bench.batch() * bench.length() / median * 1e3, peakMegabytes());
  }

  /** The most memory this process ever held, as Linux counts it; 0 elsewhere. */
  static long peakMegabytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    return Files.readAllLines(status).stream().filter(line -> line.startsWith("VmHWM"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024).findFirst().orElse(0);
  }
}
