package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TrainListener;
import dev.hone.train.Trainer;
import dev.hone.train.run.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Preferences on the command line: tuned from pairs and from ratings, measured, resumed, refused. */
class PreferenceCommandsTest {
  @TempDir
  Path directory;

  private Path model;
  private Path pairs;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyLanguageModel.write(directory.resolve("tiny"));
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append("{\"prompt\": \"").append(i).append(" > \", \"chosen\": \"ab\", \"rejected\": \"xyz\"}\n");
    }
    pairs = Files.writeString(directory.resolve("pairs.jsonl"), rows);
  }

  private CommandRun train(Path data, Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--task", "prefer", "--model", model, "--data", data, "--output-dir",
        directory.resolve("out"), "--learning-rate", "1e-2", "--overwrite", "--target-modules", "all-linear"));
    words.addAll(List.of(more));
    return CommandRun.of(words.toArray());
  }

  private List<JsonNode> metrics() throws IOException {
    return Files.readAllLines(directory.resolve("out/metrics.jsonl")).stream().map(JsonMapper.shared()::readTree).toList();
  }

  @Test
  void pairsAreLearntMeasuredAndComparedWithTheBase() throws IOException {
    CommandRun run = train(pairs, "--num-train-epochs", 4).assertDone();
    assertTrue(run.err().contains("chosen = column 'chosen', rejected = column 'rejected'; texts"), run.err());
    assertTrue(run.err().contains("training: 36 rows"), run.err());
    JsonNode first = metrics().getFirst();
    assertEquals(Math.log(2), first.path("loss").asDouble(), 1e-6);
    assertEquals(0, first.path("rewards/chosen").asDouble(1), 1e-6);
    JsonNode last = metrics().getLast();
    assertEquals(1, last.path("eval_rewards/accuracies").asDouble());
    assertTrue(last.path("eval_rewards/margins").asDouble() > 0.5, last.toString());
    String page = Files.readString(directory.resolve("out/report.html"));
    assertTrue(page.contains("the better answer is told from the worse in 1.000"), page);
    assertTrue(Files.readString(directory.resolve("out/adapter/README.md")).contains("prefers the better answer"));
    JsonNode found = JsonMapper.shared().readTree(CommandRun.of("evaluate", "--task", "prefer", "--model", model, "--adapter",
        directory.resolve("out/adapter"), "--data", pairs, "--baseline", "base", "--json").assertDone().out());
    assertEquals(40, found.path("rows").asInt());
    assertEquals(1, found.path("reward_accuracy").asDouble());
    double gain = found.path("comparison").path("differences").path("margin").path("change").asDouble();
    assertEquals(10 * found.path("reward_margin").asDouble(), gain, 1e-3 * gain, "beta is 0.1: rewards are a tenth of the gain");
  }

  @Test
  void theReferenceIsReadAgainAndAnotherIsNot() throws IOException {
    train(pairs, "--max-steps", 2).assertDone();
    Path reference = directory.resolve("out/reference.txt");
    List<String> before = Files.readAllLines(reference);
    assertEquals(41, before.size(), "one line each of 40 rows, and the reference's");
    train(pairs, "--max-steps", 2).assertDone();
    assertEquals(before, Files.readAllLines(reference));
    List<String> cut = new ArrayList<>(before.subList(0, 11));
    Files.writeString(reference, String.join("\n", cut) + "\n" + before.get(11).substring(0, 20));
    train(pairs, "--max-steps", 2).assertDone();
    assertEquals(new TreeSet<>(before), new TreeSet<>(Files.readAllLines(reference)),
        "what was cut off is computed again to the same numbers");
    train(pairs, "--max-steps", 2, "--reference", directory.resolve("out/adapter")).assertDone();
    List<String> other = Files.readAllLines(reference);
    assertTrue(other.stream().noneMatch(before::contains), "all is of the other reference");
    assertTrue(metrics().getFirst().path("loss").asDouble() > Math.log(2), "a fresh adapter is behind a tuned reference");
    train(pairs, "--reference", model).assertUserError("--reference", "is not the directory of an adapter");
  }

  @Test
  void ratedAnswersAreLearntByKto() throws IOException {
    StringBuilder rows = new StringBuilder("prompt,completion,label\n");
    for (int i = 0; i < 40; i++) {
      rows.append(i).append(" > ,").append(i % 2 == 0 ? "ab,up" : "xyz,down").append('\n');
    }
    Path data = Files.writeString(directory.resolve("rated.csv"), rows);
    train(data, "--preference-loss", "kto", "--num-train-epochs", 4).assertDone();
    assertEquals(0.5, metrics().getFirst().path("loss").asDouble(), 1e-6);
    assertTrue(metrics().getLast().path("eval_rewards/margins").asDouble() > 0.2, metrics().getLast().toString());
    train(data).assertUserError("rated.csv line ", "single answers that were liked or not: use kto");
    train(data, "--preference-loss", "kto", "--batch-size", 1).assertUserError("batch_size must be at least 2");
  }

  @Test
  void aRewardModelGivesTheBetterAnswerMore() throws IOException {
    train(pairs, "--preference-loss", "reward", "--num-train-epochs", 6).assertDone();
    JsonNode found = JsonMapper.shared().readTree(CommandRun.of("evaluate", "--task", "prefer", "--model", model, "--adapter",
        directory.resolve("out/adapter"), "--data", pairs, "--json").assertDone().out());
    assertEquals(1, found.path("accuracy").asDouble());
    assertTrue(found.path("margin").asDouble() > 1, found.toString());
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"sigmoid", "kto", "orpo"})
  void aRunThatWasStoppedEndsWithTheSameBits(String loss) throws IOException {
    byte[][] weights = new byte[2][];
    for (int i = 0; i < 2; i++) {
      Map<String, Object> settings = new LinkedHashMap<>();
      settings.put("task", "prefer");
      settings.put("model", model);
      settings.put("data", pairs);
      settings.put("output_dir", directory.resolve("run" + i));
      settings.put("preference_loss", loss);
      settings.put("max_steps", 8);
      settings.put("learning_rate", 1e-2);
      if (i == 1) {
        TrainingRun first = TrainingRun.of(settings, _ -> { });
        first.tuning().addListener(new TrainListener() {
          @Override
          public void onStep(Step step) {
            if (step.step() == 3) {
              first.tuning().stop();
            }
          }
        });
        Trainer.Result stopped = first.complete();
        assertTrue(stopped.interrupted() && stopped.steps() == 3);
        settings.put("resume", true);
      }
      assertEquals(8, TrainingRun.of(settings, _ -> { }).complete().steps());
      weights[i] = Files.readAllBytes(directory.resolve("run" + i + "/adapter/adapter_model.safetensors"));
    }
    assertArrayEquals(weights[0], weights[1]);
  }

  /** Wrong rows, and the line that names them. A line end is written as |, a double quote as a single one. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiter = '~', quoteCharacter = '`', textBlock = """
      {'prompt': 'a', 'chosen': 'b'} ~ columns found: prompt, chosen; preferences have prompt, chosen and rejected
      {'prompt': 'a', 'chosen': 'b', 'rejected': 'c'}|{'prompt': 'a', 'chosen': 'b', 'rejected': ' '} ~ line 2: rejected (column
      {'prompt': 'a', 'chosen': 'b', 'rejected': 'b'}|{'prompt': 'a', 'chosen': 'b', 'rejected': 'c'} ~ both answers are the same
      {'prompt': 'a', 'chosen': 'b', 'rejected': 'c', 'margin': 'x'} ~ line 1: margin 'x' is no number
      {'prompt': 'a', 'completion': 'b', 'label': 'maybe'} ~ line 1: label 'maybe' says neither that the answer was liked
      {'chosen': [{'role': 'user', 'content': 'a'}], 'rejected': [{'role': 'user', 'content': 'b'}]} ~ line 1: chosen ends with
      {'prompt': 'a', 'chosen': 'b', 'rejected': [{'role': 'user', 'content': 'b'}]} ~ line 1: rejected is a list of messages
      {'chosen': [{'role': 'assistant', 'content': 'b'}], 'rejected': 'c'} ~ line 1: rejected is a text, and the first row's
      {'chosen': [{'rule': 'user', 'content': 'a'}], 'rejected': [{'role': 'user', 'content': 'b'}]} ~ line 1: message 1 has no
      """)
  void wrongRowsAreNamedWithTheirLine(String rows, String message) throws IOException {
    Path data = Files.writeString(directory.resolve("wrong.jsonl"), rows.replace('|', '\n').replace('\'', '"') + "\n");
    train(data, "--val-size", 0).assertUserError("wrong.jsonl", message);
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(delimiter = '~', value = {"--preference-loss ~ dpoo ~ preference_loss: 'dpoo' is not known",
      "--beta ~ 0 ~ beta must be above 0, is 0", "--sft-weight ~ -1 ~ sft_weight must be 0 or more",
      "--metric-for-best-model ~ macro_f1 ~ must be loss or accuracy", "--label-smoothing ~ 0.6 ~ must be below 0.5",
      "--neftune-noise-alpha ~ 5 ~ neftune_noise_alpha is not for preferences", "--max-length ~ 3 ~ raise it (--max-length)",
      "--class-weights ~ 1,2 ~ class_weights and focal_gamma are for classifiers"})
  void settingsThatCannotBeAreNamed(String flag, String value, String message) {
    train(pairs, flag, value).assertUserError(message);
  }
}
