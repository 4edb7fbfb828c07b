package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TrainConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    return new Arguments("train", new TrainCommand().flags(), all);
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
    TrainConfig config = TrainCommand.config(train("--config", yaml, "--num_train_epochs", 2));
    assertEquals(2, config.epochs());
    assertEquals(2e-4, config.learningRate());
    assertEquals(4, config.batchSize());
    assertTrue(config.checkpointing());
    assertEquals(Map.of("min_lr_rate", "0.1"), config.lrSchedulerArgs());
    assertEquals(0.1, config.warmupRatio());
    assertEquals(List.of("query", "value"), train("--config", yaml).list("target-modules"));
  }

  @Test
  void jsonIsAsGoodAsYaml() throws IOException {
    Path json = file("a.json", "{\"learning-rate\": 0.5, \"optim\": \"sgd\", \"optim_args\": {\"momentum\": 0.9}}");
    TrainConfig config = TrainCommand.config(train("--config", json));
    assertEquals(0.5, config.learningRate());
    assertEquals("0.9", config.optimArgs().get("momentum"));
  }

  @Test
  void theUsualRateDependsOnTheMethodUnlessOneIsGiven() throws IOException {
    assertEquals(1e-3, TrainCommand.config(train()).learningRate());
    assertEquals(5e-5, TrainCommand.config(train("--method", "full")).learningRate());
    assertEquals(0.25, TrainCommand.config(train("--config", file("r.yaml", "learning_rate: 0.25"), "--method", "full"))
        .learningRate());
  }

  @Test
  void whatIsResolvedStartsTheSameRunAgain() throws IOException {
    Arguments first = train("--data", "a.csv", "--learning-rate", "0.01", "--module-lr", "classifier=10,layer.1=0.5", "--quiet");
    TrainConfig config = TrainCommand.config(first);
    Path stored = directory.resolve("run.yaml");
    ConfigFile.write(stored, first.resolved(List.of("quiet", "overwrite")));
    Arguments again = train("--config", stored);
    assertEquals(config, TrainCommand.config(again));
    assertEquals("a.csv", again.text("data"));
    assertTrue(!again.has("quiet"), "how much is printed is not part of a run");
  }

  @Test
  void everyKeyOfTheConfigurationIsAFlag() {
    List<String> flags = new TrainCommand().flags().stream().map(Flag::name).toList();
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
        message(() -> TrainCommand.config(train("--batch-size", "many"))));
    assertEquals("weight_decay must be 0 or more, is -1.0", message(() -> TrainCommand.config(train("--weight-decay", "-1"))));
    assertEquals("unknown setting 'warmup_rtio'; did you mean warmup_ratio?",
        message(() -> TrainConfig.of(Map.of("warmup_rtio", 1))));
    assertEquals("optim: 'adamv' is not known; known: adamw, adamw_8bit, adam, adamax, adadelta, adafactor, torch_adafactor, "
        + "adagrad, lion, muon, nadam, radam, rmsprop, sgd", message(() -> TrainConfig.of(Map.of("optim", "adamv"))));
    assertTrue(message(() -> TrainConfig.of(Map.of("metric_for_best_model", "acuracy"))).contains("did you mean accuracy?"));
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
