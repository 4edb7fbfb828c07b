package dev.hone.bench;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.SavedPrecision;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Workers;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.LoraConfig;
import dev.hone.lora.SubsetConfig;
import dev.hone.nn.Pass;
import dev.hone.nn.Pass.Savings;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.train.TrainConfig;
import dev.hone.train.Trainer;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.optim.AdamW;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Grouping;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.task.classify.ClassificationObjective;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Steps that leave out work beside those that do not, on the shapes and names of {@code bench/reference_saving.py}; a JSON line
 * each, the plain way under the name with {@code +plain}.
 *
 * <p>Arguments: {@code --only REGEX}, {@code --steps N}, {@code --warmup N}, {@code --threads N},
 * {@code --activations bf16}. Memory is the process's, so it is a case's own only if one is run.
 */
public final class SavingBench {
  private static final List<String> ALL_LINEAR = List.of("all-linear");

  private final String only;
  private final int warmup;
  private final int steps;
  private final boolean rounded; // activations wait in BF16

  private SavingBench(Map<String, String> flags) {
    only = flags.getOrDefault("--only", "");
    warmup = Integer.parseInt(flags.getOrDefault("--warmup", "3"));
    steps = Integer.parseInt(flags.getOrDefault("--steps", "5"));
    rounded = flags.getOrDefault("--activations", "f32").equals("bf16");
  }

  /** Runs the cases. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> flags = TrainBench.flags(arguments);
    Workers.setThreads(Integer.parseInt(flags.getOrDefault("--threads", "2")));
    SavingBench bench = new SavingBench(flags);
    for (boolean saving : new boolean[] {true, false}) {
      String way = (saving ? "" : "+plain") + (bench.rounded ? "+bf16" : "");
      Savings savings = new Savings(saving, saving);
      bench.answers("chat-llama-135m/8x200+30/lora16" + way, 8, 8, 200, 30, savings);
      bench.answers("dpo-llama-135m/4x2x300+60/lora16" + way, 4, 2, 300, 60, savings);
      bench.classifier("first-minilm/16x128/lora8" + way, 8, savings);
      bench.classifier("first-minilm/16x128/full" + way, 0, savings);
      bench.head("head-minilm/512x64/3epochs" + way, saving);
      for (int length : new int[] {2048, 8192, 32768}) {
        bench.sequence("long-llama-135m/1x" + length + "/lora16+ckpt" + way, length, savings);
      }
    }
  }

  /** Groups of rows that begin alike, of which the last tokens are learnt; each row with a factor of its own, as preferences. */
  private void answers(String name, int groupsOrRows, int alike, int prompt, int answer, Savings savings) throws IOException {
    if (skipped(name)) {
      return;
    }
    PretrainedModel model = new TrainCase(TrainCase.LLAMA_135M, false, 1, 1, 16, ALL_LINEAR, false).model();
    int groups = alike == groupsOrRows ? 1 : groupsOrRows;
    Random random = new Random(1);
    List<int[]> rows = new ArrayList<>();
    for (int group = 0; group < groups; group++) {
      int[] shared = random.ints(prompt, 0, model.config().vocabSize()).toArray();
      for (int row = 0; row < alike; row++) {
        rows.add(IntStream.concat(IntStream.of(shared), random.ints(answer, 0, model.config().vocabSize())).toArray());
      }
    }
    TokenBatch batch = TokenBatch.of(rows);
    int[] labels = batch.tokens().clone();
    float[] weights = new float[rows.size() * answer];
    for (int s = 0; s < rows.size(); s++) {
      Arrays.fill(labels, batch.offsets()[s], batch.offsets()[s] + prompt, -1);
      Arrays.fill(weights, s * answer, (s + 1) * answer, (groups == 1 || s % 2 == 0 ? 1f : -1f) / weights.length);
    }
    steps(name, model, LoraConfig.of(16, 32).withTargets(ALL_LINEAR), batch.size(),
        pass -> MathOps.mul(model.tokenLosses(batch, labels, pass), Variable.constant(Tensor.of(weights, weights.length))).sum(),
        savings, false);
  }

  private void classifier(String name, int rank, Savings savings) throws IOException {
    if (skipped(name)) {
      return;
    }
    PretrainedModel model = TrainCase.all(null).get("bert-minilm/16x128/full").model();
    TrainingSet set = rows(16, 128, model);
    int[] all = IntStream.range(0, 16).toArray();
    ClassificationObjective objective = ClassificationObjective.of(model.labels());
    steps(name, model, rank == 0 ? null : LoraConfig.of(rank, 2 * rank), 16 * 128,
        pass -> objective.answer(model, set.batch(all), 1f / 16, pass).loss(), savings, false);
  }

  private void sequence(String name, int length, Savings savings) throws IOException {
    if (skipped(name)) {
      return;
    }
    String config = TrainCase.LLAMA_135M.replace("\"max_position_embeddings\": 2048", "\"max_position_embeddings\": 65536");
    PretrainedModel model = new TrainCase(config, false, 1, 1, 16, ALL_LINEAR, true).model();
    int[] tokens = new Random(1).ints(length, 0, model.config().vocabSize()).toArray();
    TokenBatch batch = TokenBatch.of(List.of(tokens));
    steps(name, model, LoraConfig.of(16, 32).withTargets(ALL_LINEAR), length,
        pass -> MathOps.mul(model.tokenLosses(batch, tokens, pass).sum(), 1f / length), savings, true);
  }

  private static TrainingSet rows(int count, int length, PretrainedModel model) {
    Random random = new Random(1);
    List<int[]> tokens = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      tokens.add(random.ints(length, 0, model.config().vocabSize()).toArray());
      targets.add(new Target.OneClass(i % 2));
    }
    return new TrainingSet(tokens, null, targets);
  }

  /** Whole runs that train the head alone: 3 epochs of batches of 32. */
  private void head(String name, boolean saving) throws IOException {
    if (skipped(name)) {
      return;
    }
    double[] times = new double[steps];
    for (int i = -Math.min(1, warmup); i < steps; i++) {
      PretrainedModel model = TrainCase.all(null).get("bert-minilm/16x128/full").model();
      Collection<Parameter> trained = Adapter.attach(model, SubsetConfig.head(), 1).parameters().values();
      TrainConfig config = TrainConfig.of(Map.of("num_train_epochs", 3, "batch_size", 32, "learning_rate", 1e-3,
          "cache_frozen", saving ? "auto" : "off"));
      Trainer trainer = new Trainer(model, trained, ClassificationObjective.of(model.labels()), config);
      double seconds = trainer.train(rows(512, 64, model), null).seconds();
      if (i >= 0) {
        times[i] = 1e3 * seconds;
      }
    }
    print(name, times, 3 * 512 * 64);
  }

  private void steps(String name, PretrainedModel model, AdapterConfig method, int tokens, Function<Pass, Variable> loss,
      Savings savings, boolean checkpointing) throws IOException {
    Collection<Parameter> trained;
    if (method == null) {
      model.setTrainable(true);
      trained = model.parameters().values();
    } else {
      trained = Adapter.attach(model, method, 1).parameters().values();
    }
    Optimizer optimizer = new Optimizer(trained, Grouping.of(AdamW.USUAL, 0.01));
    double[] times = new double[steps];
    for (int i = -warmup; i < steps; i++) {
      long start = System.nanoTime();
      try (Scope _ = Scope.open()) {
        Variable value;
        try (SavedPrecision _ = rounded ? SavedPrecision.bf16() : null) {
          value = loss.apply(new Pass(true, 1, i, checkpointing).withSavings(savings));
        }
        value.backward();
      }
      optimizer.step(1e-4, Gradients.clipScale(Gradients.norm(trained), 1));
      Gradients.clear(trained);
      if (i >= 0) {
        times[i] = (System.nanoTime() - start) / 1e6;
      }
    }
    print(name, times, tokens);
  }

  private boolean skipped(String name) {
    return !name.matches(".*(" + only + ").*");
  }

  static void print(String name, double[] times, int tokens) throws IOException {
    Arrays.sort(times);
    double median = times[times.length / 2];
    System.out.println(String.format(Locale.ROOT, "{\"case\": \"%s\", \"threads\": %d, \"step_ms\": %.1f, \"best_ms\": %.1f, "
        + "\"tokens_per_s\": %.0f, \"peak_rss_mb\": %d}", name, Workers.threads(), median, times[0], tokens / median * 1e3,
        TrainBench.peakMegabytes()));
  }
}
