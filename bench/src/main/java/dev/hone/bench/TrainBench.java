package dev.hone.bench;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.parallel.Workers;
import dev.hone.lora.Adapter;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.Objective;
import dev.hone.train.TrainingSet;
import dev.hone.train.optim.AdamW;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Grouping;
import dev.hone.train.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Whole training steps on random weights and tokens of fixed length, the cases and names of {@code bench_train.py}; one JSON
 * line per case. A step is forward, loss, backward, clipping and AdamW, without dropout.
 *
 * <p>Arguments: {@code --only REGEX}, {@code --steps N}, {@code --warmup N}, {@code --threads N}.
 */
public final class TrainBench {
  private static final String MINILM = """
      {"model_type": "bert", "vocab_size": 30522, "hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12,
       "intermediate_size": 1536, "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
       "hidden_act": "gelu", "hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0}""";
  private static final String DISTILBERT = """
      {"model_type": "distilbert", "vocab_size": 30522, "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072,
       "max_position_embeddings": 512, "activation": "gelu", "dropout": 0, "attention_dropout": 0, "seq_classif_dropout": 0}""";

  private record Case(String config, int batch, int length, int rank) {}

  private static final Map<String, Case> CASES = new LinkedHashMap<>();

  static {
    for (int[] size : new int[][] {{32, 32}, {16, 128}}) {
      CASES.put("bert-minilm/" + size[0] + "x" + size[1] + "/full", new Case(MINILM, size[0], size[1], 0));
      CASES.put("bert-minilm/" + size[0] + "x" + size[1] + "/lora8", new Case(MINILM, size[0], size[1], 8));
    }
    CASES.put("distilbert-base/16x64/full", new Case(DISTILBERT, 16, 64, 0));
    CASES.put("distilbert-base/16x64/lora8", new Case(DISTILBERT, 16, 64, 8));
  }

  private TrainBench() {}

  /** Runs the cases. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> flags = new LinkedHashMap<>();
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      flags.put(arguments[i], arguments[i + 1]);
    }
    Workers.setThreads(Integer.parseInt(flags.getOrDefault("--threads", "2")));
    for (Map.Entry<String, Case> entry : CASES.entrySet()) {
      if (entry.getKey().matches(".*(" + flags.getOrDefault("--only", "") + ").*")) {
        System.out.println(run(entry.getKey(), entry.getValue(), Integer.parseInt(flags.getOrDefault("--warmup", "20")),
            Integer.parseInt(flags.getOrDefault("--steps", "20"))));
      }
    }
  }

  private static String run(String name, Case bench, int warmup, int steps) throws IOException {
    Path directory = Files.createTempDirectory("hone-bench");
    Files.writeString(directory.resolve("config.json"), bench.config());
    PretrainedModel model = new ModelLoader(directory).task(Task.SEQUENCE_CLASSIFICATION)
        .labels(new Labels(List.of("a", "b"), Labels.Kind.SINGLE_LABEL)).untrained().load();
    Files.delete(directory.resolve("config.json"));
    Files.delete(directory);
    Collection<Parameter> parameters;
    if (bench.rank() > 0) {
      parameters = Adapter.attach(model, LoraConfig.of(bench.rank(), 16), 1).parameters().values();
    } else {
      model.setTrainable(true);
      parameters = model.parameters().values();
    }
    TrainingSet set = set(bench, model.config().vocabSize());
    int[] rows = IntStream.range(0, bench.batch()).toArray();
    Optimizer optimizer = new Optimizer(parameters, Grouping.of(AdamW.USUAL, 0.01));
    Objective objective = Objective.classification(model.labels());
    double[] times = new double[steps];
    for (int i = -warmup; i < steps; i++) {
      long start = System.nanoTime();
      try (Scope _ = Scope.open()) {
        Variable loss = objective.answer(model, set, rows, 1f / rows.length, Pass.training(1, i)).loss();
        loss.backward();
      }
      optimizer.step(1e-4, Gradients.clipScale(Gradients.norm(parameters), 1));
      Gradients.clear(parameters);
      if (i >= 0) {
        times[i] = (System.nanoTime() - start) / 1e6;
      }
    }
    Arrays.sort(times);
    double median = times[steps / 2];
    return String.format(Locale.ROOT, "{\"case\": \"%s\", \"threads\": %d, \"step_ms\": %.1f, \"best_ms\": %.1f, "
        + "\"tokens_per_s\": %.0f, \"peak_rss_mb\": %d}", name, Workers.threads(), median, times[0],
        bench.batch() * bench.length() / median * 1e3, peakMegabytes());
  }

  private static TrainingSet set(Case bench, int vocabulary) {
    Random random = new Random(1);
    List<int[]> tokens = new ArrayList<>();
    List<float[]> targets = new ArrayList<>();
    for (int i = 0; i < bench.batch(); i++) {
      tokens.add(random.ints(bench.length(), 0, vocabulary).toArray());
      targets.add(new float[] {i % 2});
    }
    return new TrainingSet(tokens, null, targets);
  }

  /** The most memory this process ever held, as Linux counts it; 0 elsewhere. */
  private static long peakMegabytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    return Files.readAllLines(status).stream().filter(line -> line.startsWith("VmHWM"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1000).findFirst().orElse(0);
  }
}
