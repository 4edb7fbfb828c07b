package dev.hone.bench;

import dev.hone.core.parallel.Workers;
import dev.hone.lora.LoraConfig;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.prefer.PreferenceSettings;
import dev.hone.train.task.prefer.PreferenceTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Whole jobs of {@code bench/saving.sh}, by the names of their counterparts in Python; a JSON line each.
 *
 * <p>Arguments: {@code --case amazon/lora|amazon/full}, with {@code --model DIR} of MiniLM and {@code --data FILE} of sentences:
 * three epochs over four fifths of them. Or {@code --case dpo-job...}, with what {@code reference_saving.py --prepare} wrote as
 * {@code --model}: an epoch over its pairs, their encoding and the log-probabilities of the reference included.
 * {@code --threads N}; memory is the process's.
 */
public final class JobBench {
  private JobBench() {}

  /** Runs a case. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> flags = TrainBench.flags(arguments);
    Workers.setThreads(Integer.parseInt(flags.getOrDefault("--threads", "2")));
    String name = flags.get("--case");
    Path model = Path.of(flags.get("--model"));
    double seconds = name.startsWith("dpo") ? preferences(model)
        : sentences(model, Path.of(flags.get("--data")), name.endsWith("lora"));
    SavingBench.print(name, new double[] {1e3 * seconds}, 0);
  }

  /** The recipe of {@code sentiment_baseline.py}; every fifth row is left for tests. */
  private static double sentences(Path model, Path file, boolean lora) throws IOException {
    List<Example.Labelled> rows = new ArrayList<>();
    String[] lines = Files.readString(file).split("\n");
    for (int i = 0; i < lines.length; i++) {
      int tab = lines[i].lastIndexOf('\t');
      if (i % 5 != 4) {
        rows.add(new Example.Labelled(lines[i].substring(0, tab), lines[i].substring(tab + 1)));
      }
    }
    Dataset<Example.Labelled> data = Dataset.of(file.toString(), rows);
    ClassifierTuning tuning = (lora ? ClassifierTuning.lora(model, LabelSet.of(data), LoraConfig.of(8, 16), 1)
        : ClassifierTuning.full(model, LabelSet.of(data), 1)).withMaxLength(128);
    TrainConfig config = TrainConfig.of(Map.of("learning_rate", lora ? 1e-3 : 5e-5, "num_train_epochs", 3, "batch_size", 32,
        "seed", 1, "save_total_limit", 0));
    return tuning.train(data, null, config).seconds();
  }

  private static double preferences(Path model) throws IOException {
    Dataset<Example.Judged> data = Dataset.judged(model.resolve("pairs.jsonl"), DataOptions.DETECT);
    PreferenceTuning tuning = PreferenceTuning.adapted(model, LoraConfig.of(16, 32).withTargets(List.of("all-linear")),
        PreferenceSettings.of(Map.of("loss_type", "sigmoid")), 1, null);
    TrainConfig config = TrainConfig.of(Map.of("learning_rate", 1e-4, "num_train_epochs", 1, "batch_size", 4, "seed", 1,
        "save_total_limit", 0));
    long start = System.nanoTime();
    tuning.train(data, null, config);
    return (System.nanoTime() - start) / 1e9;
  }
}
