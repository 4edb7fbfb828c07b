package dev.hone.bench;

import dev.hone.core.DType;
import dev.hone.core.parallel.Workers;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextEmbedder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Answers of encoders from texts to vectors or labels, the tokenizer included; one JSON line. What
 * {@code reference_inference.py} measures of ONNX Runtime.
 *
 * <p>Arguments: {@code --model DIR}, {@code --kind embed|classify}, {@code --texts FILE} (the first column of each line),
 * {@code --per-call N} texts, {@code --threads N}, {@code --seconds X}. {@code --first true} in place of these times a first
 * answer without a warm-up. {@code --write DIR --tokenizer FILE} writes a classifier of DistilBERT's shape with random weights.
 */
public final class EncoderBench {
  private static final String DISTILBERT = """
      {"model_type": "distilbert", "vocab_size": 30522, "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072,
       "max_position_embeddings": 512, "activation": "gelu", "dropout": 0.1, "attention_dropout": 0.1, "num_labels": 2}""";

  private static final int LEAST = 3; // calls

  private EncoderBench() {}

  /** Runs it. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> flags = TrainBench.flags(arguments);
    if (flags.containsKey("--write")) {
      write(Path.of(flags.get("--write")), Path.of(flags.get("--tokenizer")));
      return;
    }
    List<String> texts = Files.readAllLines(Path.of(flags.get("--texts"))).stream().map(line -> line.split("\t")[0]).toList();
    long start = System.nanoTime();
    if (flags.containsKey("--first")) {
      Consumer<List<String>> answer = loaded(flags, false);
      long loaded = System.nanoTime();
      answer.accept(texts.subList(0, 1));
      long end = System.nanoTime();
      System.out.printf(Locale.ROOT, "{\"kind\": \"%s\", \"load_ms\": %.1f, \"first_ms\": %.1f, \"since_start_ms\": %d}%n",
          flags.get("--kind"), (loaded - start) / 1e6, (end - loaded) / 1e6,
          ManagementFactory.getRuntimeMXBean().getUptime());
      return;
    }
    Workers.setThreads(Integer.parseInt(flags.getOrDefault("--threads", "2")));
    measure(loaded(flags, true), texts, flags);
  }

  private static Consumer<List<String>> loaded(Map<String, String> flags, boolean warm) throws IOException {
    Path directory = Path.of(flags.get("--model"));
    if (flags.get("--kind").equals("embed")) {
      TextEmbedder embedder = TextEmbedder.load(directory);
      if (warm) {
        embedder.warmUp();
      }
      return embedder::embed;
    }
    TextClassifier classifier = TextClassifier.load(directory, null);
    if (warm) {
      classifier.warmUp();
    }
    return classifier::predict;
  }

  private static void measure(Consumer<List<String>> answer, List<String> texts, Map<String, String> flags) {
    int perCall = Integer.parseInt(flags.get("--per-call"));
    double seconds = Double.parseDouble(flags.getOrDefault("--seconds", "5"));
    int calls = texts.size() / perCall;
    double[] times = new double[1 << 16];
    int count = 0;
    long begin = System.nanoTime();
    long measured = begin;
    for (int i = 0; count < LEAST || count < times.length && System.nanoTime() - begin < 2e9 * seconds; i++) {
      int from = i % calls * perCall;
      long start = System.nanoTime();
      answer.accept(texts.subList(from, from + perCall));
      if (start - begin > 1e9 * seconds) { // the first half compiles
        measured = count == 0 ? start : measured;
        times[count++] = (System.nanoTime() - start) / 1e6;
      }
    }
    double rate = count * perCall * 1e9 / (System.nanoTime() - measured);
    Arrays.sort(times, 0, count);
    System.out.printf(Locale.ROOT, "{\"kind\": \"%s\", \"per_call\": %d, \"threads\": %d, \"median_ms\": %.3f, "
        + "\"sentences_per_s\": %.1f}%n", flags.get("--kind"), perCall, Workers.threads(), times[count / 2], rate);
  }

  private static void write(Path directory, Path tokenizer) throws IOException {
    Path shape = Files.writeString(Files.createTempFile("hone-shape", ".json"), DISTILBERT);
    ModelLoader.ofConfig(shape).task(Task.SEQUENCE_CLASSIFICATION).seed(1).load().save(directory, DType.F32);
    Files.delete(shape);
    Files.copy(tokenizer, directory.resolve("tokenizer.json"));
  }
}
