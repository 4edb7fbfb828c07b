package dev.hone.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TrainConfig;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.ConfigFile;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Flags, files and defaults: which of them counts, and what is said about mistakes. */
class ConfigFileTest {
  @TempDir
  Path directory;

  private static Arguments train(Object... words) {
    List<String> all = new ArrayList<>();
    for (Object word : words) {
      all.add(word.toString());
    }
    return new Arguments("train", TrainFlags.all(), all);
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  @Test
  void aFlagWinsOverTheFileAndTheFileOverTheDefault() throws IOException {
    Path yaml = file("a.yaml", """
        model: somewhere            # comments are fine
        learning_rate: 2e-4
        num-train-epochs: 7
        per_device_train_batch_size: 4
        target_modules: [query, value]
        gradient_checkpointing: true
        lr_scheduler_type: cosine_with_min_lr
        lr_scheduler_kwargs: {min_lr_rate: 0.1}
        """);
    TrainConfig config = TrainFlags.config(train("--config", yaml, "--num_train_epochs", 2));
    assertEquals(2, config.epochs());
    assertEquals(2e-4, config.learningRate());
    assertEquals(4, config.batchSize());
    assertTrue(config.checkpointing());
    assertEquals(Map.of("min_lr_rate", "0.1"), config.lrSchedulerArgs());
    assertEquals(0.1, config.warmupRatio());
    assertEquals(List.of("query", "value"), train("--config", yaml).list("target-modules"));
  }

  @Test
  void nestingBeyondTheReadersLimitIsSaidThoughItHasNoPlace() throws IOException {
    Path yaml = file("deep.yaml", "model: somewhere\ntarget_modules: " + "[".repeat(2000) + "\n");
    UserError e = assertThrows(UserError.class, () -> train("--config", yaml));
    assertTrue(e.getMessage().startsWith(yaml + ": not a mapping"), e.getMessage());
  }

  @Test
  void pathsBeginAtHomeWhereATildeSaysSo() throws IOException {
    Path home = Path.of(System.getProperty("user.home"));
    Path yaml = file("home.yaml", "model: ~/models/a\noutput_dir: ~/out\n");
    assertEquals(home.resolve("out"), train("--config", yaml).path("output-dir"));
    assertEquals(home.resolve("models/a").toString(), train("--config", yaml).required("model"));
    assertEquals(home.resolve("rows.csv"), train("--data=~/rows.csv").path("data"));
    assertEquals(Path.of("a~/b"), train("--output-dir", "a~/b").path("output-dir"));
  }

  @Test
  void jsonIsAsGoodAsYaml() throws IOException {
    Path json = file("a.json", "{\"learning-rate\": 0.5, \"optim\": \"sgd\", \"optim_args\": {\"momentum\": 0.9}}");
    TrainConfig config = TrainFlags.config(train("--config", json));
    assertEquals(0.5, config.learningRate());
    assertEquals("0.9", config.optimArgs().get("momentum"));
  }

  @Test
  void theUsualRateDependsOnTheMethodUnlessOneIsGiven() throws IOException {
    assertEquals(1e-3, TrainFlags.config(train()).learningRate());
    assertEquals(5e-5, TrainFlags.config(train("--method", "full")).learningRate());
    assertEquals(0.25, TrainFlags.config(train("--config", file("r.yaml", "learning_rate: 0.25"), "--method", "full"))
        .learningRate());
  }

  @Test
  void whatIsResolvedStartsTheSameRunAgain() throws IOException {
    Arguments first = train("--data", "a.csv", "--learning-rate", "0.01", "--module-lr", "classifier=10,layer.1=0.5", "--quiet");
    TrainConfig config = TrainFlags.config(first);
    Path stored = directory.resolve("run.yaml");
    ConfigFile.write(stored, first.resolved(List.of("quiet", "overwrite")));
    Arguments again = train("--config", stored);
    assertEquals(config, TrainFlags.config(again));
    assertEquals("a.csv", again.text("data"));
    assertTrue(!again.has("quiet"), "how much is printed is not part of a run");
  }

  @Test
  void everyKeyOfTheConfigurationIsAFlag() {
    List<String> flags = TrainFlags.all().stream().map(Flag::name).toList();
    TrainConfig.SETTINGS.all().forEach(setting -> assertTrue(flags.contains(setting.key().replace('_', '-')), setting.key()));
    assertEquals(flags.size(), flags.stream().distinct().count(), "a flag occurs twice");
  }

  @Test
  void mistakesNameTheNearestKey() throws IOException {
    Path yaml = file("a.yaml", "lerning_rate: 1");
    assertTrue(message(() -> train("--config", yaml)).endsWith("a.yaml: unknown key 'lerning_rate'; did you mean learning_rate?"
        + "; hone train --help lists the flags, which are the keys"));
    assertEquals("hone train: unknown flag --batchsize; did you mean --batch-size?", message(() -> train("--batchsize", 3)));
    assertTrue(message(() -> train("--config", file("b.yaml", "- a\n- b\n"))).contains("not a mapping from keys to values"));
    assertTrue(message(() -> train("--config", file("c.yaml", "a: [1\nb: }"))).contains("not a mapping from keys to values"));
    assertTrue(message(() -> train("--config", directory.resolve("none.yaml"))).endsWith("none.yaml: no such file"));
    assertEquals("batch_size must be a whole number, is 'many'",
        message(() -> TrainFlags.config(train("--batch-size", "many"))));
    assertEquals("weight_decay must be 0 or more, is -1.0", message(() -> TrainFlags.config(train("--weight-decay", "-1"))));
    assertEquals("unknown setting 'warmup_rtio'; did you mean warmup_ratio?",
        message(() -> TrainConfig.of(Map.of("warmup_rtio", 1))));
    assertEquals("optim: 'adamv' is not known; known: adamw, adamw_8bit, adam, adamax, adadelta, adafactor, torch_adafactor, "
        + "adagrad, lion, muon, nadam, radam, rmsprop, sgd", message(() -> TrainConfig.of(Map.of("optim", "adamv"))));
    assertTrue(message(() -> TrainConfig.of(Map.of("metric_for_best_model", "acuracy"))).contains("did you mean accuracy?"));
  }

  @Test
  void twoValuesForOneSettingAreNotAGuess() throws IOException {
    Path doubled = file("d.yaml", "data: a.csv\nmax_steps: 2\nmax_steps: 3\n");
    assertEquals(doubled + ": the key 'max_steps' is there twice (line 3); which of the two counts is not for a reader to guess",
        message(() -> train("--config", doubled)));
    Path json = file("d.json", "{\"seed\": 1, \"seed\": 2}");
    assertTrue(message(() -> train("--config", json)).contains("the key 'seed' is there twice (line 1)"));
    Path names = file("e.yaml", "batch_size: 2\nper_device_train_batch_size: 3\n");
    assertEquals(names + ": batch_size and per_device_train_batch_size are one setting; give one of them",
        message(() -> train("--config", names)));
    Map<String, Object> both = new LinkedHashMap<>();
    both.put("lr", 1e-3);
    both.put("learning-rate", 1e-3);
    assertEquals("lr and learning-rate are one setting; give one of them", message(() -> TrainConfig.of(both)));
  }

  @Test
  void truthAndNothingAreReadAsPeopleWriteThem() throws IOException {
    Arguments arguments = train("--config", file("t.yaml", "use_dora: True\ngradient_checkpointing: yes\ngroup_by_length: OFF\n"
        + "learning_rate: ~\nmax_length: null\ncolumns: Null\n"));
    TrainConfig config = TrainFlags.config(arguments);
    assertTrue(arguments.on("use-dora"));
    assertTrue(config.checkpointing());
    assertTrue(!config.groupByLength());
    assertEquals(1e-3, config.learningRate(), "nothing is the default");
    assertTrue(!arguments.has("max-length"));
    assertEquals("", arguments.text("columns"));
    assertEquals("group_by_length is a switch: true or false, not 'perhaps'",
        message(() -> TrainFlags.config(train("--group-by-length", "perhaps"))));
  }

  @Test
  void settingsOfOtherTrainersAreAnsweredWithOurs() throws IOException {
    Map<String, String> answers = new LinkedHashMap<>();
    answers.put("r", "is lora_r here");
    answers.put("max_seq_length", "is max_length here");
    answers.put("cutoff_len", "is max_length here");
    answers.put("lora_target_modules", "is target_modules here");
    answers.put("eval_strategy", "held-out rows are evaluated once an epoch or every eval_steps");
    answers.put("save_strategy", "checkpoints are written once an epoch or every save_steps");
    answers.put("load_best_model_at_end", "the best state on held-out rows is always what is written");
    answers.put("logging_steps", "every step is in metrics.jsonl; leave it out");
    answers.put("resume_from_checkpoint", "say --resume on the command line");
    answers.put("overwrite_output_dir", "say --overwrite on the command line");
    answers.put("bf16", "Hone computes in 32-bit floats");
    for (Map.Entry<String, String> answer : answers.entrySet()) {
      Path file = file("other.yaml", answer.getKey() + ": 8");
      String said = message(() -> train("--config", file));
      assertTrue(said.contains("unknown key '" + answer.getKey() + "': " + answer.getValue()), said);
      assertTrue(!said.contains("did you mean"), said);
      String flag = answer.getKey().replace('_', '-');
      assertTrue(message(() -> train("--" + flag, 8)).startsWith("hone train: unknown flag --" + flag + ": "
          + answer.getValue()));
    }
    assertEquals("max_steps must be 0 (the epochs decide) or more, is -1",
        message(() -> TrainFlags.config(train("--max-steps", -1))));
  }

  @Test
  void flagsThatDoNotGoTogetherAreNamedBeforeAnythingIsRead() {
    assertEquals("--lora-r is for --method lora, not for full", message(() -> TrainFlags.config(train("--method", "full",
        "--lora-r", 4))));
    assertEquals("--chat-template is for --task generate or prefer, not for classify",
        message(() -> TrainFlags.config(train("--chat-template", "a.jinja"))));
    assertEquals("--problem-type is for --task classify, not for generate",
        message(() -> TrainFlags.config(train("--task", "generate", "--problem-type", "regression"))));
    assertEquals("metric_for_best_model: there is no accuracy of a language model; use loss",
        message(() -> TrainFlags.config(train("--task", "generate", "--metric-for-best-model", "accuracy"))));
    assertEquals("metric_for_best_model: there is no rmse of classes; use accuracy or macro_f1",
        message(() -> TrainFlags.config(train("--metric-for-best-model", "rmse"))));
    assertEquals("--val-size must be a share below 1 or a whole number of rows, is '1.5'",
        message(() -> TrainFlags.config(train("--val-size", "1.5"))));
    assertEquals("--max-length must be at least 1, is 0", message(() -> TrainFlags.config(train("--max-length", 0))));
    assertTrue(message(() -> TrainFlags.config(train("--report-to", "wandb"))).startsWith("--report-to must be all, none"));
    assertTrue(message(() -> TrainFlags.config(train("--init-lora-weights", "olive"))).contains("olive"));
  }

  @Test
  void aSettingThatNeedsHeldOutRowsIsNotIgnoredWithoutThem() throws IOException {
    Path data = file("rows.csv", "text,label\na,x\n");
    Arguments arguments = train("--data", data, "--val-size", 0, "--early-stopping-patience", 2);
    assertEquals("--early-stopping-patience counts evaluations of held-out rows, and --val-size 0 leaves none",
        message(() -> TrainFlags.checkFiles(arguments, TrainFlags.config(arguments))));
    Arguments missing = train("--data", data, "--test-data", directory.resolve("none.csv"));
    assertEquals(directory.resolve("none.csv") + ": no such file",
        message(() -> TrainFlags.checkFiles(missing, TrainFlags.config(missing))));
  }

  @Test
  void aChangedSettingLeavesTheOthers() {
    TrainConfig config = TrainConfig.of(Map.of("learning_rate", 0.5, "seed", 7)).with("per_device_train_batch_size", 3);
    assertEquals(3, config.batchSize());
    assertEquals(0.5, config.learningRate());
    assertEquals(7, config.seed());
  }

  private interface Body {
    void run() throws Exception;
  }

  private static String message(Body body) {
    return assertThrows(RuntimeException.class, body::run).getMessage();
  }
}
