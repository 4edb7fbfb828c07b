package dev.hone.bench;

import dev.hone.core.DType;
import dev.hone.core.parallel.Workers;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.train.data.LabelSet;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.serve.ModelServer;
import dev.hone.train.serve.ServerSettings;
import dev.hone.train.source.ModelCache;
import dev.hone.train.source.ModelReference;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A server under load, clients in the same process: tokens per second of 1, 4 and 16 streams, the time to a first token alone and
 * beside eight streams, what HTTP adds to a request; texts classified and embedded one a request by 32 clients, beside the same
 * texts in batches without a server. One JSON line a figure.
 *
 * <p>Arguments: {@code --text DIR [--quantize Q8_0] [--new 64]} or {@code --sentences maven:G:A:V|DIR [--texts FILE]
 * [--requests 2000]}; {@code --threads 2}, {@code --rounds 3}. A directory without a tokenizer gets one of made-up words.
 */
public final class ServeBench {
  /** Most requests of one token before those that are measured, and most time: HTTP costs a server's first requests more. */
  private static final int WARM = 2000;
  private static final long WARM_NANOS = 10_000_000_000L;
  private static final int CLIENTS = 32;
  private static final int BESIDE = 8;
  private static final String PROMPT = "Once upon a time there was a little dog who lived in a big house";

  private ServeBench() {}

  /** Runs one of the two parts. */
  public static void main(String[] arguments) throws Exception {
    Map<String, String> flags = TrainBench.flags(arguments);
    Workers.setThreads(Integer.parseInt(flags.getOrDefault("--threads", "2")));
    int rounds = Integer.parseInt(flags.getOrDefault("--rounds", "3"));
    try (ModelServer server = ModelServer.open(ServerSettings.ALL.read(Map.of("port", 0, "grace", 0)))) {
      if (flags.containsKey("--text")) {
        DType quantized = flags.containsKey("--quantize") ? DType.valueOf(flags.get("--quantize")) : null;
        text(server, Path.of(flags.get("--text")), quantized, Integer.parseInt(flags.getOrDefault("--new", "64")), rounds);
      } else {
        Path model = ModelCache.ofUser().directory(ModelReference.parse(flags.get("--sentences")), System.err::println);
        sentences(server, model, texts(flags.get("--texts"), Integer.parseInt(flags.getOrDefault("--requests", "2000"))), rounds);
      }
    }
  }

  private static void print(String name, Object... figures) {
    StringBuilder line = new StringBuilder("{\"name\": \"").append(name).append('"');
    for (int i = 0; i < figures.length; i += 2) {
      line.append(String.format(Locale.ROOT, ", \"%s\": %s", figures[i], figures[i + 1] instanceof Double x
          ? String.format(Locale.ROOT, "%.3f", x) : figures[i + 1]));
    }
    System.out.println(line.append('}'));
  }

  private static double percentile(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.min(sorted.length - 1, (int) (share * sorted.length))];
  }

  // Text

  private static void text(ModelServer server, Path directory, DType quantized, int count, int rounds) throws Exception {
    if (!Files.exists(directory.resolve("tokenizer.json"))) {
      writeWords(directory);
    }
    TextGenerator generator = TextGenerator.load(directory, null, quantized);
    String name = directory.getFileName() + (quantized == null ? "" : "-" + quantized);
    generator.warmUp(); // as `hone serve` does
    server.add("model", generator);
    server.ready();
    streams(server, 16, count, 1); // compiles what follows
    streams(server, 1, count, 2);
    double single = 0;
    for (int streams : new int[] {1, 4, 16}) {
      double best = 0;
      for (int round = 0; round < rounds; round++) {
        best = Math.max(best, streams(server, streams, count, 10 + round));
      }
      single = streams == 1 ? best : single;
      print(name, "streams", streams, "tokens_per_s", best, "of_single", best / single);
    }
    int asks = 10 * rounds;
    double alone = percentile(firsts(server, asks), 0.5);
    double beside;
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < BESIDE; i++) {
        int seed = i;
        running.add(threads.submit(() -> {
          for (int round = 0; !over.get(); round++) {
            ask(server, body(seed, 4 * count, round, true));
          }
          return null;
        }));
      }
      Thread.sleep(500);
      beside = percentile(firsts(server, asks), 0.5);
      over.set(true);
      for (Future<?> each : running) {
        each.get();
      }
    }
    print(name, "first_token_ms_alone", alone, "beside_8_streams", beside, "ratio", beside / alone);

    GenerationSettings one = GenerationSettings.GREEDY.withMaxNewTokens(1);
    long warm = System.nanoTime();
    for (int i = 0; i < WARM && System.nanoTime() - warm < WARM_NANOS; i++) {
      generator.generate(PROMPT + " but " + i, one);
      ask(server, oneToken("yet " + i));
    }
    double[] direct = new double[20 * rounds];
    double[] served = new double[20 * rounds];
    for (int i = 0; i < direct.length; i++) {
      long begin = System.nanoTime();
      generator.generate(PROMPT + " and " + i, one);
      long middle = System.nanoTime();
      ask(server, oneToken("or " + i));
      direct[i] = (middle - begin) / 1e6;
      served[i] = (System.nanoTime() - middle) / 1e6;
    }
    print(name, "one_token_ms_direct", percentile(direct, 0.5), "served", percentile(served, 0.5), "overhead_ms",
        percentile(served, 0.5) - percentile(direct, 0.5));
  }

  private static String oneToken(String end) {
    return "{\"model\": \"model\", \"prompt\": \"" + PROMPT + " " + end + "\", \"max_tokens\": 1, \"temperature\": 0}";
  }

  private static String body(int seed, int count, int round, boolean stream) {
    return "{\"model\": \"model\", \"prompt\": \"" + PROMPT + " number " + seed + " of " + round + "\", \"max_tokens\": " + count
        + ", \"ignore_eos\": true, \"temperature\": 0, \"stream\": " + stream + "}";
  }

  /** Tokens per second of so many clients that ask at once. */
  private static double streams(ModelServer server, int streams, int count, int round) throws Exception {
    long begin = System.nanoTime();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < streams; i++) {
        int seed = i;
        all.add(threads.submit(() -> ask(server, body(seed, count, round, true))));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
    return streams * count * 1e9 / (System.nanoTime() - begin);
  }

  /** Milliseconds from a request to its first token. */
  private static double[] firsts(ModelServer server, int asks) throws IOException {
    double[] millis = new double[asks];
    for (int i = -5; i < asks; i++) {
      long begin = System.nanoTime();
      double first = ask(server, body(1000 + i, 2, i, true));
      if (i >= 0) {
        millis[i] = (first - begin) / 1e6;
      }
    }
    return millis;
  }

  /** Reads an answer to its end; returns when its first data came. */
  private static long ask(ModelServer server, String json) throws IOException {
    return post(server, "/v1/completions", json);
  }

  private static long post(ModelServer server, String path, String json) throws IOException {
    HttpURLConnection call = (HttpURLConnection) URI.create(server.address() + path).toURL().openConnection();
    call.setDoOutput(true);
    call.setRequestProperty("Content-Type", "application/json");
    call.getOutputStream().write(json.getBytes(StandardCharsets.UTF_8));
    if (call.getResponseCode() != 200) {
      throw new IOException("status " + call.getResponseCode() + " of " + json);
    }
    long first = 0;
    try (BufferedReader body = new BufferedReader(new InputStreamReader(call.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = body.readLine(); line != null; line = body.readLine()) {
        first = first == 0 && (line.startsWith("data:") || line.startsWith("{")) ? System.nanoTime() : first;
      }
    }
    return first;
  }

  /** Words enough for a vocabulary of random weights, so that every id has a text. */
  private static void writeWords(Path directory) throws IOException {
    int size = Integer.parseInt(Files.readString(directory.resolve("config.json"))
        .replaceAll("(?s).*\"vocab_size\"\\s*:\\s*([0-9]+).*", "$1"));
    String words = IntStream.range(0, size).mapToObj(i -> "\"" + (i == 0 ? "[UNK]" : "w" + i) + "\": " + i)
        .collect(Collectors.joining(", "));
    Files.writeString(directory.resolve("tokenizer.json"), "{\"version\": \"1.0\", \"truncation\": null, \"padding\": null, "
        + "\"added_tokens\": [], \"normalizer\": null, \"pre_tokenizer\": {\"type\": \"Whitespace\"}, \"post_processor\": null, "
        + "\"decoder\": null, \"model\": {\"type\": \"WordLevel\", \"unk_token\": \"[UNK]\", \"vocab\": {" + words + "}}}");
  }

  // Sentences

  private static List<String> texts(String file, int count) throws IOException {
    List<String> lines = new ArrayList<>();
    if (file == null) {
      Random random = new Random(1);
      for (int i = 0; i < count; i++) {
        lines.add(random.ints(4 + random.nextInt(16), 0, 400).mapToObj(w -> "word" + w).collect(Collectors.joining(" ")));
      }
      return lines;
    }
    for (String line : Files.readString(Path.of(file)).split("\n")) {
      lines.add(line.split("\t")[0]);
    }
    return IntStream.range(0, count).mapToObj(i -> lines.get(i % lines.size())).toList();
  }

  private static void sentences(ModelServer server, Path model, List<String> texts, int rounds) throws Exception {
    TextClassifier classifier = ClassifierTuning.lora(model, new LabelSet(List.of("negative", "positive")),
        LoraConfig.of(8, 16), 42).classifier();
    TextEmbedder embedder = TextEmbedder.load(model);
    classifier.warmUp();
    embedder.warmUp();
    server.add("labels", classifier);
    server.add("vectors", embedder);
    server.ready();
    double labels = 0;
    double vectors = 0;
    for (int round = 0; round <= rounds; round++) { // the first compiles
      long begin = System.nanoTime();
      classifier.predict(texts);
      long middle = System.nanoTime();
      embedder.embed(texts);
      labels = Math.max(labels, texts.size() * 1e9 / (middle - begin));
      vectors = Math.max(vectors, texts.size() * 1e9 / (System.nanoTime() - middle));
    }
    load(server, "/v1/classify", "labels", texts, labels, rounds);
    load(server, "/v1/embeddings", "vectors", texts, vectors, rounds);
  }

  private static void load(ModelServer server, String path, String model, List<String> texts, double batch, int rounds)
      throws Exception {
    double best = 0;
    double[] ofBest = {};
    for (int round = 0; round <= rounds; round++) {
      double[] millis = new double[texts.size()];
      long begin = System.nanoTime();
      try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
          int row = i;
          all.add(threads.submit(() -> {
            long start = System.nanoTime();
            post(server, path, "{\"model\": \"" + model + "\", \"input\": \""
                + texts.get(row).replace("\\", "\\\\").replace("\"", "\\\"") + "\"}");
            millis[row] = (System.nanoTime() - start) / 1e6;
            return null;
          }));
        }
        for (Future<?> each : all) {
          each.get();
        }
      }
      double rate = texts.size() * 1e9 / (System.nanoTime() - begin);
      if (round > 0 && rate > best) {
        best = rate;
        ofBest = millis;
      }
    }
    print(model, "clients", CLIENTS, "texts_per_s", best, "batch_texts_per_s", batch, "of_batch", best / batch, "p50_ms",
        percentile(ofBest, 0.5), "p99_ms", percentile(ofBest, 0.99));
  }
}
