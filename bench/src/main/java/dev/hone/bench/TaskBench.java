package dev.hone.bench;

import dev.hone.core.parallel.Workers;
import dev.hone.nn.Labels;
import dev.hone.train.TrainConfig;
import dev.hone.train.Trainer;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.infer.FewShotClassifier;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.embed.EmbeddingEvaluator;
import dev.hone.train.task.embed.EmbeddingSettings;
import dev.hone.train.task.embed.EmbeddingTuning;
import dev.hone.train.task.fewshot.FewShotTuning;
import dev.hone.train.task.tag.TagTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A whole job of one task, as {@code bench/reference_tasks.py} does it with the Python libraries: the same rows (of
 * {@link TaskData}), settings and measures; one JSON line. Cases: {@code embed}, {@code tag}, {@code few-amazon-8},
 * {@code probe-amazon-8} (a regression on frozen vectors), {@code full-amazon-8} (a classifier) and so on.
 *
 * <p>Arguments: {@code --case NAME}, {@code --model DIR}, {@code --data DIR}, {@code --seed N}, {@code --threads N},
 * {@code --max-steps N} (0, the default: all). Seconds are
 * those of training with the encoding of rows; memory is the process's, measuring included.
 */
public final class TaskBench {
  private static final Bootstrap NO_INTERVALS = new Bootstrap(2, 0.95, 0);

  /** What came out: the measure before training (NaN where there is none) and after it, steps and seconds. */
  private record Outcome(double before, double after, Timed timed) {}

  /** A training and how long it took. */
  private record Timed(int steps, double seconds) {
    static Timed of(Supplier<Trainer.Result> training) {
      long start = System.nanoTime();
      int steps = training.get().steps();
      return new Timed(steps, (System.nanoTime() - start) / 1e9);
    }
  }

  private final Path model;
  private final Path data;
  private final long seed;
  private final int maxSteps;

  private TaskBench(Map<String, String> flags) {
    model = Path.of(flags.get("--model"));
    data = Path.of(flags.get("--data"));
    seed = Long.parseLong(flags.getOrDefault("--seed", "1"));
    maxSteps = Integer.parseInt(flags.getOrDefault("--max-steps", "0"));
  }

  /** Runs a case. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> flags = TrainBench.flags(arguments);
    Workers.setThreads(Integer.parseInt(flags.getOrDefault("--threads", "2")));
    String name = flags.get("--case");
    TaskBench bench = new TaskBench(flags);
    Outcome found = switch (name.split("-")[0]) {
      case "embed" -> bench.embed();
      case "tag" -> bench.tag();
      case "few" -> bench.few(name, true);
      case "probe" -> bench.few(name, false);
      case "full" -> bench.full(name);
      default -> throw new IllegalArgumentException("no case " + name);
    };
    System.out.println(String.format(Locale.ROOT, "{\"side\": \"hone\", \"case\": \"%s\", \"seed\": %d%s, \"score\": %.4f, "
        + "\"steps\": %d, \"seconds\": %.2f, \"peak_rss_mb\": %d}", name, bench.seed, Double.isNaN(found.before) ? ""
        : String.format(Locale.ROOT, ", \"before\": %.4f", found.before), found.after, found.timed.steps, found.timed.seconds,
        TrainBench.peakMegabytes()));
  }

  private TrainConfig config(double rate, double epochs, int batch) {
    return TrainConfig.of(Map.of("learning_rate", rate, "num_train_epochs", epochs, "batch_size", batch, "seed", seed,
        "max_steps", maxSteps));
  }

  private Outcome embed() throws IOException {
    Dataset<Example.Related> test = Dataset.related(data.resolve("embed-test.jsonl"), DataOptions.DETECT);
    EmbeddingTuning tuning = EmbeddingTuning.full(model, EmbeddingSettings.USUAL).withMaxLength(256);
    EmbeddingEvaluator evaluator = new EmbeddingEvaluator(NO_INTERVALS, null, null);
    double before = evaluator.evaluate(tuning.embedder(), test).value("ndcg");
    Dataset<Example.Related> training = Dataset.related(data.resolve("embed-train.jsonl"), DataOptions.DETECT);
    Timed timed = Timed.of(() -> tuning.train(training, null, config(5e-5, 1, 32)));
    return new Outcome(before, evaluator.evaluate(tuning.embedder(), test).value("ndcg"), timed);
  }

  private Outcome tag() throws IOException {
    Dataset<Example.Tagged> training = Dataset.tagged(data.resolve("tag-train.conll"), DataOptions.DETECT);
    Dataset<Example.Tagged> test = Dataset.tagged(data.resolve("tag-test.conll"), DataOptions.DETECT);
    Labels labels = TagTuning.labels(training);
    TagTuning tuning = TagTuning.full(model, labels, seed);
    Timed timed = Timed.of(() -> tuning.train(training, null, config(3e-4, 2, 16)));
    return new Outcome(Double.NaN, TagTuning.evaluate(tuning.tagger(), test, NO_INTERVALS).figure("strict_f1").value(), timed);
  }

  private Dataset<Example.Labelled> rows(String name, String part) {
    String file = "few-" + name.substring(name.indexOf('-') + 1);
    return Dataset.labelled(data.resolve(part.equals("test") ? file.replaceAll("\\d+$", part) + ".jsonl"
        : file + "-" + seed + ".jsonl"), DataOptions.DETECT);
  }

  private double accuracy(String name, Function<List<String>, List<TextClassifier.Prediction>> classifier) {
    Dataset<Example.Labelled> test = rows(name, "test");
    List<TextClassifier.Prediction> found = classifier.apply(test.map(Example.Labelled::text));
    int right = 0;
    for (int i = 0; i < test.size(); i++) {
      right += found.get(i).label().equals(test.row(i).label()) ? 1 : 0;
    }
    return right / (double) test.size();
  }

  private Outcome few(String name, boolean body) throws IOException {
    Dataset<Example.Labelled> training = rows(name, "train");
    FewShotTuning tuning = FewShotTuning.full(model, LabelSet.of(training)).withMaxLength(64);
    TrainConfig config = FewShotTuning.usual(seed).with("max_steps", maxSteps);
    Timed timed = body ? Timed.of(() -> tuning.trainBody(training, config)) : new Timed(0, 0);
    FewShotClassifier classifier = tuning.fitHead(training);
    return new Outcome(Double.NaN, accuracy(name, classifier::predict), timed);
  }

  private Outcome full(String name) throws IOException {
    Dataset<Example.Labelled> training = rows(name, "train");
    ClassifierTuning tuning = ClassifierTuning.full(model, LabelSet.of(training), seed).withMaxLength(64);
    Timed timed = Timed.of(() -> tuning.train(training, null, config(5e-5, 25, 8)));
    return new Outcome(Double.NaN, accuracy(name, tuning.classifier()::predict), timed);
  }
}
