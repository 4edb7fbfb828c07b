package dev.hone.bench;

import dev.hone.core.Device;
import dev.hone.core.Scope;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.cuda.Cuda;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * Whether a GPU computes what the CPU does, and how fast, the most valuable first: driver and libraries; {@code kernels} of each
 * family on odd sizes, each twice with the same bits; {@code train}, 20 steps of all weights and of LoRA, whose losses are the
 * CPU's; {@code lora}, steps with Llama-3.2-1B's shape, which {@code bench/reference_gpu.py} measures with PyTorch and PEFT;
 * {@code decode}; {@code products}. What was found so far is written after each part. Ends with 1 if something differs.
 *
 * <p>Arguments: {@code --only PART[,PART]}, {@code --json FILE} (gpu-check.json if not given), {@code --tiny true} for sizes of
 * the emulated driver.
 *
 * <pre>java --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xmx16g -cp JARS dev.hone.bench.GpuCheck</pre>
 */
public final class GpuCheck {
  private static final double BOUND = 1e-4; // of the largest number, in fp32
  private static final double ROUNDED_BOUND = 2e-2; // with factors rounded to BF16
  private static final int[][] PRODUCTS = {{4096, 4096, 4096}, {8192, 2048, 8192}, {8192, 16, 2048}, {1, 2048, 8192}};
  private static final int[][] TINY_PRODUCTS = {{64, 48, 32}, {1, 64, 32}};
  private static final int TIMED = 10;
  private static final List<String> PARTS = List.of("kernels", "train", "lora", "decode", "products");

  private final Device gpu;
  private final double bound;
  private final boolean tiny;
  private final Map<String, Object> found = new LinkedHashMap<>();
  private boolean good = true;

  private GpuCheck(Device gpu, double bound, boolean tiny) {
    this.gpu = gpu;
    this.bound = bound;
    this.tiny = tiny;
  }

  /** Runs all, or the parts that are named. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> flags = TrainBench.flags(arguments);
    Cuda.Report report = Cuda.probeThoroughly();
    report.facts().forEach(System.out::println);
    if (!report.ready()) {
      System.out.println(report.whole());
      System.exit(2);
    }
    List<String> wanted = List.of(flags.getOrDefault("--only", String.join(",", PARTS)).split(","));
    if (!PARTS.containsAll(wanted)) {
      System.out.println("--only must be some of " + String.join(",", PARTS) + ", is " + String.join(",", wanted));
      System.exit(2);
    }
    boolean exact = System.getProperty("hone.cuda.precision", "bf16").equals("fp32");
    GpuCheck check = new GpuCheck(Cuda.device(), exact ? BOUND : ROUNDED_BOUND, Boolean.parseBoolean(flags.get("--tiny")));
    check.found.put("facts", report.facts());
    Path json = Path.of(flags.getOrDefault("--json", "gpu-check.json"));
    for (String part : PARTS) {
      if (wanted.contains(part)) {
        check.run(part);
        check.write(json);
      }
    }
    System.out.println(check.good ? "all agrees with the CPU" : "SOMETHING DIFFERS");
    System.exit(check.good ? 0 : 1);
  }

  private void run(String part) throws IOException {
    GpuModels models = new GpuModels(gpu, tiny);
    Map<String, Double> numbers = switch (part) {
      case "kernels" -> new GpuKernels(gpu, bound).run();
      case "train" -> models.train();
      case "lora" -> models.lora();
      case "decode" -> models.decode();
      default -> products();
    };
    found.put(part, numbers);
    if (part.equals("kernels") || part.equals("train")) {
      good &= numbers.values().stream().allMatch(off -> off <= bound);
    }
  }

  /** Written beside and renamed: whoever looks meanwhile reads all of it. */
  private void write(Path json) throws IOException {
    Path beside = json.resolveSibling(json.getFileName() + ".tmp");
    Files.writeString(beside, JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsString(found) + "\n");
    Files.move(beside, json, StandardCopyOption.REPLACE_EXISTING);
  }

  private Map<String, Double> products() {
    Map<String, Double> rates = new LinkedHashMap<>();
    for (int[] size : tiny ? TINY_PRODUCTS : PRODUCTS) {
      try (Scope _ = Scope.open()) {
        Tensor a = Tensor.empty(gpu, Shape.of(size[0], size[2])).fill(0.5f);
        Tensor b = Tensor.empty(gpu, Shape.of(size[1], size[2])).fill(0.5f);
        Tensor c = Tensor.empty(gpu, Shape.of(size[0], size[1]));
        double best = Double.POSITIVE_INFINITY;
        for (int i = 0; i < TIMED; i++) {
          long start = System.nanoTime();
          Kernels.of(gpu).matmul().matmul(a, false, b, true, false, c);
          c.get(0); // waits
          best = Math.min(best, (System.nanoTime() - start) * 1e-9);
        }
        double rate = 2.0 * size[0] * size[1] * size[2] / best * 1e-12;
        String name = size[0] + " x " + size[1] + " x " + size[2];
        System.out.printf(Locale.ROOT, "product %s  %.3f ms, %.1f TFLOP/s%n", name, best * 1e3, rate);
        rates.put(name, rate);
      }
    }
    return rates;
  }
}
