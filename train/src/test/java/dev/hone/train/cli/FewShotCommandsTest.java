package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code hone train --few-shot}: trained, asked, measured beside a head on frozen vectors. */
class FewShotCommandsTest {
  @TempDir
  Path directory;

  private Path model;
  private Path few;
  private Path test;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("tiny"));
    few = Files.writeString(directory.resolve("few.csv"), rows(0, 16));
    test = Files.writeString(directory.resolve("test.csv"), rows(100, 140));
  }

  private static String rows(int from, int to) {
    StringBuilder rows = new StringBuilder("text,label\n");
    for (int i = from; i < to; i++) {
      rows.append(i % 2 == 0 ? "the good " : "the awful ").append((char) ('a' + i % 26)).append((char) ('a' + i * 7 % 26))
          .append(i % 2 == 0 ? ",up\n" : ",down\n");
    }
    return rows.toString();
  }

  private CommandRun train(Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--model", model, "--data", few, "--test-data", test, "--val-size", 0,
        "--output-dir", directory.resolve("out"), "--overwrite", "--learning-rate", "3e-3"));
    words.addAll(List.of(more));
    return CommandRun.of(words.toArray());
  }

  @Test
  void sixteenTextsMakeAClassifierThatPredictAndEvaluateKnow() throws IOException {
    CommandRun train = train("--few-shot", "--method", "full").assertDone();
    assertTrue(train.err().contains("144 pairs made of 16 texts; loss cosine; pooling mean, normalised"), train.err());
    Path tuned = directory.resolve("out/model");
    assertTrue(CommandRun.of("predict", "--model", tuned, "the good zz").assertDone().out().startsWith("up\t"));
    JsonNode line = JsonMapper.shared().readTree(CommandRun.of("predict", "--model", tuned, "--json", "the awful zz").assertDone()
        .out());
    assertEquals("down", line.path("label").asString());
    assertEquals(2, line.path("probabilities").size());
    JsonNode found = JsonMapper.shared().readTree(CommandRun.of("evaluate", "--model", tuned, "--data", test, "--json",
        "--baseline", tuned).assertDone().out());
    assertTrue(found.path("figures").path("accuracy").path("value").asDouble(found.path("accuracy").asDouble()) >= 0.9,
        found.toString());
    JsonNode facts = JsonMapper.shared().readTree(directory.resolve("out/run.json").toFile());
    assertEquals("classify", facts.path("task").asString());
    String before = facts.path("remarks").path("before training").asString();
    assertTrue(before.matches("a head on frozen vectors: accuracy [\\d.]+ \\([\\d.]+ to [\\d.]+\\); of 4 texts a class "
        + "accuracy .*"),
        before);
  }

  @Test
  void anAdapterIsEnoughAndTheSameRunHasTheSameBits() throws IOException {
    train("--few-shot", "--report-to", "none").assertDone();
    String head = Files.readString(directory.resolve("out/adapter/few_shot_head.json"));
    CommandRun.of("predict", "--model", model, "--adapter", directory.resolve("out/adapter"), "the good zz").assertDone();
    train("--few-shot", "--report-to", "none").assertDone();
    assertEquals(head, Files.readString(directory.resolve("out/adapter/few_shot_head.json")));
  }

  @Test
  void fewRowsAreToldOfItAndOtherSettingsAreRefused() {
    assertTrue(train("--num-train-epochs", 1, "--report-to", "none").assertDone().err()
        .contains("no label has more than 16 rows: --few-shot usually learns more from so few"));
    train("--few-shot", "--class-weights", "balanced").assertUserError("--few-shot has a loss of its own");
    train("--few-shot", "--problem-type", "regression").assertUserError("--few-shot learns one label a text, not regression");
    assertFalse(CommandRun.of("train", "--help").assertDone().out().isEmpty());
  }
}
