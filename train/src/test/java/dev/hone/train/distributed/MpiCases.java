package dev.hone.train.distributed;

import dev.hone.train.config.Arguments;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.run.TrainingRun;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Trains case after case in the processes that a launcher started; each writes what {@code hone train} writes. */
final class MpiCases {
  private MpiCases() {}

  /** Names and settings; what is not in the name is in every case: dropout, accumulation, packed batches, clipping. */
  static Map<String, Map<String, Object>> all(Path inputs) {
    Map<String, Map<String, Object>> cases = new LinkedHashMap<>();
    for (String kind : List.of("classifier", "decoder")) {
      for (String method : List.of("lora", "full")) {
        for (String optim : List.of("adamw", "muon")) {
          for (boolean sharded : new boolean[] {false, true}) {
            Map<String, Object> settings = new LinkedHashMap<>(Map.of("model", inputs.resolve(kind), "method", method,
                "optim", optim, "shard_optimizer", sharded,
                "batch_size", 4, "gradient_accumulation_steps", 2, "max_tokens_per_batch", 90,
                "step_blocks", 8, "dropout", 0.2, "max_grad_norm", 0.5));
            settings.putAll(Map.of("learning_rate", 0.01, "num_train_epochs", 1, "eval_steps", 3, "eval_batch_size", 3, "seed", 5,
                "report_to", "none", "val_size", 0.2, "data",
                inputs.resolve(kind.equals("decoder") ? "texts.jsonl" : "rows.csv")));
            if (kind.equals("decoder")) {
              settings.put("task", "generate");
            }
            if (method.equals("lora")) {
              settings.put("lora_dropout", 0.1);
            }
            cases.put(kind + " " + method + " " + optim + (sharded ? " sharded" : ""), settings);
          }
        }
      }
    }
    return cases;
  }

  /** Takes the directory of models and rows, and that of results. */
  public static void main(String[] args) throws Exception {
    try (Ranks ranks = MpiRanks.connect(_ -> { })) {
      for (Map.Entry<String, Map<String, Object>> each : all(Path.of(args[0])).entrySet()) {
        Map<String, Object> settings = new LinkedHashMap<>(each.getValue());
        settings.put("output_dir", Path.of(args[1], each.getKey().replace(' ', '-')));
        TrainingRun.of(Arguments.of("train", TrainFlags.all(), "settings", settings), ranks, _ -> { }).complete();
      }
    } catch (Throwable e) {
      e.printStackTrace();
      System.exit(1);
    }
  }
}
