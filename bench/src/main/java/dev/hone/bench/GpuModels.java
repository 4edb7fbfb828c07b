package dev.hone.bench;

import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.cuda.Cuda;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Generator;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** Models on a GPU: a few steps against the CPU's, a LoRA step and decoding with a clock. */
final class GpuModels {
  private static final int STEPS = 20;
  private static final int WARM = 3;
  private static final int TIMED = 5;
  private static final String SMALL = """
      {"model_type": "llama", "vocab_size": 997, "hidden_size": 256, "intermediate_size": 640, "num_hidden_layers": 4,
       "num_attention_heads": 8, "num_key_value_heads": 2, "max_position_embeddings": 512, "rms_norm_eps": 1e-6,
       "hidden_act": "silu", "rope_theta": 10000.0, "tie_word_embeddings": true}""";
  private static final String TINY = """
      {"model_type": "llama", "vocab_size": 97, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
       "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-6,
       "hidden_act": "silu", "rope_theta": 10000.0, "tie_word_embeddings": true}""";

  private final Device gpu;
  private final boolean tiny;

  /**
   * Models there.
   *
   * @param tiny whether they are small enough for the emulated driver, which shows that all runs, not how fast
   */
  GpuModels(Device gpu, boolean tiny) {
    this.gpu = gpu;
    this.tiny = tiny;
  }

  /** The largest difference of a loss from the CPU's over some steps of all weights and of LoRA, as a share of it. */
  Map<String, Double> train() throws IOException {
    Map<String, Double> found = new LinkedHashMap<>();
    for (int rank : new int[] {0, 8}) {
      TrainCase bench = new TrainCase(tiny ? TINY : SMALL, false, tiny ? 2 : 4, tiny ? 9 : 96, rank,
          rank == 0 ? null : List.of("all-linear"), false);
      TrainStep here = new TrainStep(bench);
      TrainStep there = new TrainStep(bench, false, gpu);
      double off = 0;
      float first = Float.NaN;
      float last = Float.NaN;
      for (int step = 0; step < STEPS; step++) {
        float expected = here.run();
        float loss = there.run();
        off = Math.max(off, Float.isFinite(loss) ? Math.abs(loss - expected) / expected : Double.POSITIVE_INFINITY);
        first = step == 0 ? loss : first;
        last = loss;
      }
      String name = rank == 0 ? "all weights" : "LoRA";
      System.out.printf(Locale.ROOT, "%-22s losses of %d steps off by %.1e at most, from %.4f to %.4f%n", name, STEPS, off, first,
          last);
      found.put(name, last < first ? off : Double.POSITIVE_INFINITY); // a model that does not learn is wrong, too
    }
    return found;
  }

  /** The model that is timed, in BF16 as files have it. */
  private Path stored() throws IOException {
    Path directory = Path.of(System.getProperty("java.io.tmpdir"), "hone-gpu-check-" + (tiny ? "tiny" : "1b"));
    if (!Files.exists(directory.resolve("config.json"))) {
      Path shape = Files.writeString(Files.createTempFile("hone-shape", ".json"), tiny ? TINY : TrainCase.LLAMA_1B);
      ModelLoader.ofConfig(shape).task(Task.CAUSAL_LM).seed(1).load().save(directory, DType.BF16);
      Files.delete(shape);
    }
    return directory;
  }

  /** Steps of LoRA on all linear layers, with Llama-3.2-1B's shape: 8 texts of 1024 tokens. */
  Map<String, Double> lora() throws IOException {
    int batch = tiny ? 2 : 8;
    int length = tiny ? 9 : 1024;
    TrainStep step = new TrainStep(new TrainCase(tiny ? TINY : TrainCase.LLAMA_1B, false, batch, length, 16,
        List.of("all-linear"), false, stored(), null), false, gpu);
    double[] seconds = new double[TIMED];
    for (int i = -WARM; i < TIMED; i++) {
      long start = System.nanoTime();
      step.run(); // which reads the loss, and so waits
      if (i >= 0) {
        seconds[i] = (System.nanoTime() - start) * 1e-9;
      }
    }
    Arrays.sort(seconds);
    double rate = batch * length / seconds[TIMED / 2];
    double memory = Cuda.memoryTaken(gpu);
    System.out.printf(Locale.ROOT, "LoRA step %d x %d       %.1f ms, %.0f tokens/s, %.1f GB of memory%n", batch, length,
        seconds[TIMED / 2] * 1e3, rate, memory / 1e9);
    return new LinkedHashMap<>(Map.of("tokens_per_s", rate, "step_ms", seconds[TIMED / 2] * 1e3, "memory_bytes", memory));
  }

  /** Greedy tokens of one text, beside what reading the weights once a token would allow. */
  Map<String, Double> decode() throws IOException {
    int tokens = tiny ? 8 : 128;
    PretrainedModel model = PretrainedModel.load(stored(), Task.CAUSAL_LM).to(gpu);
    Generator generator = new Generator(model);
    List<int[]> prompt = List.of(new Random(1).ints(tiny ? 5 : 128, 0, model.config().vocabSize()).toArray());
    double best = 0;
    for (int run = 0; run < 3; run++) {
      long[] first = {0};
      generator.generate(prompt, GenerationSettings.GREEDY.withMaxNewTokens(tokens),
          (_, _) -> first[0] = first[0] == 0 ? System.nanoTime() : first[0]);
      best = Math.max(best, (tokens - 1) * 1e9 / (System.nanoTime() - first[0]));
    }
    double bytes = model.parameters().values().stream().mapToLong(parameter -> parameter.value().bytes()).sum();
    double bound = bytesPerSecond() / bytes;
    System.out.printf(Locale.ROOT, "decoding               %.1f tokens/s, %.2f of what memory allows%n", best, best / bound);
    return new LinkedHashMap<>(Map.of("tokens_per_s", best, "of_bound", best / bound));
  }

  /** Bytes that copies on the GPU read and write in a second. */
  private double bytesPerSecond() {
    int n = tiny ? 1 << 10 : 1 << 28;
    Tensor a = Tensor.empty(gpu, Shape.of(n)).fill(1);
    Tensor b = Tensor.empty(gpu, Shape.of(n));
    double best = 0;
    for (int i = 0; i < TIMED; i++) {
      b.get(0);
      long start = System.nanoTime();
      for (int j = 0; j < 10; j++) {
        b.copyFrom(a);
      }
      b.get(0); // waits
      best = Math.max(best, 10 * 2.0 * Float.BYTES * n / ((System.nanoTime() - start) * 1e-9));
    }
    return best;
  }
}
