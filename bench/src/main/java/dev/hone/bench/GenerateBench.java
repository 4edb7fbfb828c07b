package dev.hone.bench;

import dev.hone.core.DType;
import dev.hone.core.parallel.Workers;
import dev.hone.nn.InterleavedWeights;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.generate.Drafting;
import dev.hone.nn.generate.Generated;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Generator;
import dev.hone.nn.generate.PromptLookup;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Greedy decoding with a cache, the cases, names and fields of {@code bench_generate.py}: one JSON line per case, the best of
 * the runs. The bound is the rate at which the same threads read plain memory over the bytes of weights that a token needs.
 * A virtual machine's memory changes its rate within seconds, so plain memory is read before and after each run, the
 * quicker of both is its bound, and {@code of_bound} is the median of the runs. It also differs by half from one part of the
 * memory to another: {@code of_own_read} has the same measure of plain reads of the mapped weights themselves.
 *
 * <p>Arguments: {@code --models DIR} (what {@link DecoderModels} wrote), {@code --only REGEX}, {@code --prompt N},
 * {@code --new N}, {@code --runs N},
 * {@code --threads N}, {@code --quantize NF4|Q8_0|INT8_ROWS}, {@code --streams N} texts at once, {@code --guess none|lookup} for
 * answers that go on as their prompts do, with and without prompt lookup, {@code --directory DIR} for a model of your own,
 * {@code -Dhone.layout=stored} for weights as they are stored. Rates are those of all texts together. One case per process is the
 * fair way: a process stays in one mode of the memory.
 */
public final class GenerateBench {
  private static final int GRAIN = 1 << 16;
  private static final int READS = 8;
  private static final int QUOTED = 192;

  private GenerateBench() {}

  /** Runs the cases. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> flags = TrainBench.flags(arguments);
    Workers.setThreads(Integer.parseInt(flags.getOrDefault("--threads", "2")));
    float[] plain = new float[1 << 28];
    Arrays.fill(plain, 1); // pages that were never written may all be the same one
    if (flags.containsKey("--directory")) {
      Path directory = Path.of(flags.get("--directory"));
      System.out.println(run(directory.getFileName().toString(), directory, plain, flags));
      return;
    }
    for (String name : DecoderModels.CASES.keySet()) {
      if (name.matches(".*(" + flags.getOrDefault("--only", "") + ").*")) {
        System.out.println(run(name, DecoderModels.find(Path.of(flags.get("--models")), name), plain, flags));
      }
    }
  }

  private static String run(String name, Path directory, float[] plain, Map<String, String> flags) throws IOException {
    DType quantized = flags.containsKey("--quantize") ? DType.valueOf(flags.get("--quantize")) : null;
    int streams = Integer.parseInt(flags.getOrDefault("--streams", "1"));
    int promptLength = Integer.parseInt(flags.getOrDefault("--prompt", "32"));
    int count = Integer.parseInt(flags.getOrDefault("--new", "64"));
    int runs = Integer.parseInt(flags.getOrDefault("--runs", "5"));
    String guess = flags.get("--guess");
    PretrainedModel model = PretrainedModel.load(directory, Task.CAUSAL_LM, quantized);
    long began = System.nanoTime();
    InterleavedWeights interleaved = InterleavedWeights.of(model);
    double layoutSeconds = (System.nanoTime() - began) / 1e9;
    List<int[]> prompts = IntStream.range(0, streams)
        .mapToObj(i -> new Random(1 + i).ints(promptLength, 0, model.config().vocabSize()).toArray()).toList();
    GenerationSettings settings = GenerationSettings.GREEDY.withMaxNewTokens(count);
    if (guess != null) {
      prompts = quoting(model, prompts);
    }
    Generator generator = new Generator(model, null, "lookup".equals(guess) ? PromptLookup.USUAL : Drafting.NONE);
    long bytes = weightBytes(model);
    List<MemorySegment> mapped = model.parameters().values().stream()
        .filter(parameter -> parameter.value().isReadOnly() && !parameter.value().isQuantized())
        .map(parameter -> parameter.value().segment()).toList();
    double[] shares = new double[runs];
    double[] ownShares = new double[runs];
    double decode = 0;
    double read = 0;
    double whole = 0;
    double prefill = Double.MAX_VALUE;
    for (int i = -1; i < runs; i++) { // the first run compiles and reads the file into memory
      double bound = bytesPerSecond(plain);
      double ownBound = bytesPerSecond(mapped);
      long start = System.nanoTime();
      long[] first = {0};
      generator.generate(prompts, settings, (_, _) -> first[0] = first[0] == 0 ? System.nanoTime() : first[0]);
      long end = System.nanoTime();
      if (i >= 0) {
        bound = Math.max(bound, bytesPerSecond(plain));
        ownBound = Math.max(ownBound, bytesPerSecond(mapped));
        double rate = streams * (count - 1) * 1e9 / (end - first[0]);
        shares[i] = rate / streams * bytes / bound;
        ownShares[i] = rate / streams * bytes / ownBound;
        read = Math.max(read, bound);
        prefill = Math.min(prefill, (first[0] - start) / 1e6);
        decode = Math.max(decode, rate);
        whole = Math.max(whole, streams * count * 1e9 / (end - start));
      }
    }
    Arrays.sort(shares);
    Arrays.sort(ownShares);
    return String.format(Locale.ROOT, "{\"model\": \"%s%s\", \"guess\": \"%s\", \"streams\": %d, \"layout_mb\": %d, "
        + "\"layout_s\": %.2f, \"threads\": %d, \"prompt\": %d, \"new\": %d, "
        + "\"decode_tokens_per_s\": %.2f, \"prefill_ms\": %.1f, \"generate_tokens_per_s\": %.2f, \"read_gb_per_s\": %.2f, "
        + "\"bytes_per_token\": %d, \"bound_tokens_per_s\": %.2f, \"of_bound\": %.3f, \"of_own_read\": %.3f, \"peak_rss_mb\": "
        + "%d}", name, quantized == null ? "" : "/" + quantized, guess, streams, interleaved.bytes() >> 20, layoutSeconds,
        Workers.threads(), promptLength, count, decode, prefill, whole, read / 1e9, bytes, read / bytes, shares[runs / 2],
        ownShares[runs / 2],
        TrainBench.peakMegabytes());
  }

  /** Prompts with what the model writes after them: in the end it repeats itself, and so goes on as the prompt does. */
  private static List<int[]> quoting(PretrainedModel model, List<int[]> prompts) {
    List<Generated> written = new Generator(model).generate(prompts, GenerationSettings.GREEDY.withMaxNewTokens(QUOTED));
    return IntStream.range(0, prompts.size()).mapToObj(i -> IntStream.concat(Arrays.stream(prompts.get(i)),
        Arrays.stream(written.get(i).tokens())).toArray()).toList();
  }

  /** All that is read for one token: every weight but a table of positions. */
  private static long weightBytes(PretrainedModel model) {
    return model.parameters().entrySet().stream().filter(entry -> !entry.getKey().endsWith("wpe.weight"))
        .mapToLong(entry -> entry.getValue().value().bytes()).sum();
  }

  /** The best rate of plain reads by all threads. */
  private static double bytesPerSecond(float[] data) {
    float[] sums = new float[data.length / GRAIN];
    double best = 0;
    for (int i = 0; i < READS; i++) {
      long start = System.nanoTime();
      Workers.ranges(data.length, GRAIN, (from, to) -> sums[from / GRAIN] = PlainRead.sum(data, from, to));
      best = Math.max(best, 4e9 * data.length / (System.nanoTime() - start));
    }
    return best;
  }

  /** The best rate of plain reads of mapped matrices, all but less than {@link #GRAIN} bytes at the end of each. */
  private static double bytesPerSecond(List<MemorySegment> matrices) {
    double best = 0;
    for (int i = 0; i < READS; i++) {
      long bytes = 0;
      long start = System.nanoTime();
      for (MemorySegment matrix : matrices) {
        int blocks = (int) (matrix.byteSize() / GRAIN);
        int[] sums = new int[blocks];
        Workers.ranges(blocks, 1, (from, _) -> sums[from] = PlainRead.sum(matrix, (long) from * GRAIN, (from + 1L) * GRAIN));
        bytes += (long) blocks * GRAIN;
      }
      best = Math.max(best, bytes * 1e9 / (System.nanoTime() - start));
    }
    return best;
  }
}
