package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code hone evaluate} as its users meet it. */
class EvaluateCommandTest {
  @TempDir
  Path directory;

  private Path model;
  private Path data;

  private void classifiers() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
    StringBuilder rows = new StringBuilder();
    int[] line = {0};
    TinyModel.reviews(60).lines().forEach(row -> rows.append(row).append(line[0] == 0 ? ",shop"
        : line[0] % 4 < 2 ? ",north" : ",south").append(line[0]++ == 0 ? ",stars\n" : "," + line[0] + "\n"));
    data = Files.writeString(directory.resolve("reviews.csv"), rows);
    train("lora", "classify", "--num-train-epochs", 8, "--target-modules", "all-linear");
    train("head", "classify", "--num-train-epochs", 1);
  }

  private void train(String method, String task, Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--task", task, "--model", model, "--data", data, "--method", method,
        "--output-dir", directory.resolve(method), "--batch-size", 8, "--learning-rate", "1e-2", "--quiet"));
    words.addAll(List.of(more));
    CommandRun.of(words.toArray()).assertDone();
  }

  private CommandRun evaluate(Object... more) {
    List<Object> words = new ArrayList<>(List.of("evaluate", "--model", model, "--data", data, "--resamples", 200));
    words.addAll(List.of(more));
    return CommandRun.of(words.toArray());
  }

  private static void assertFitsAScreen(CommandRun run) {
    run.out().lines().forEach(line -> assertTrue(line.codePointCount(0, line.length()) <= 80, line));
  }

  @Test
  void aClassifierIsMeasuredByGroupsAndBesideAnother() throws IOException {
    classifiers();
    Path terms = Files.writeString(directory.resolve("terms.tsv"), "good\tbad\n");
    Path predictions = directory.resolve("lora.jsonl");
    Object[] flags = {"--adapter", directory.resolve("lora/adapter"), "--slice-by", "shop,stars", "--swap", terms, "--baseline",
        directory.resolve("head/adapter"), "--predictions", predictions};
    CommandRun screen = evaluate(flags).assertDone();
    assertFitsAScreen(screen);
    for (String part : List.of("60 rows", "95 % interval", "balanced accuracy", "true \\ predicted", "by shop", "north",
        "Q4: ", "gap", "McNemar's test: p = ", "swap good / bad", "the prediction changes in ")) {
      assertTrue(screen.out().contains(part), part + " is missing in\n" + screen.out());
    }
    assertEquals(60, Files.readAllLines(predictions).size());
    List<Object> again = new ArrayList<>(List.of(flags));
    again.add("--json");
    JsonNode json = JsonMapper.shared().readTree(evaluate(again.toArray()).assertDone().out());
    assertEquals(60, json.path("rows").asInt());
    assertTrue(json.path("intervals").path("accuracy").get(0).asDouble() < json.path("accuracy").asDouble());
    assertEquals(200, json.path("bootstrap").path("resamples").asInt());
    assertEquals(2, json.path("slices").size());
    assertEquals(30, json.path("slices").get(0).path("groups").get(0).path("rows").asInt());
    JsonNode comparison = json.path("comparison");
    assertTrue(json.path("accuracy").asDouble() > comparison.path("differences").path("accuracy").path("first").asDouble(),
        comparison.path("differences").toString());
    assertEquals(json.path("accuracy").asDouble(), comparison.path("differences").path("accuracy").path("second").asDouble());
    assertEquals(comparison.path("won").asInt() - comparison.path("lost").asInt(),
        60 * comparison.path("differences").path("accuracy").path("change").asDouble(), 1e-9);
    assertTrue(json.path("swap").get(0).path("changed").asInt() > 0, json.path("swap").toString());

    CommandRun same = evaluate("--adapter", directory.resolve("lora/adapter"), "--baseline", predictions).assertDone();
    assertTrue(same.out().contains("0 rows only the second gets right, 0 only the first"), same.out());
    assertEquals(screen.out(), evaluate(flags).out());
  }

  @Test
  void whatDoesNotFitIsRefusedInOneLine() throws IOException {
    classifiers();
    Path lora = directory.resolve("lora/adapter");
    evaluate("--adapter", lora, "--baseline", "base").assertUserError("no trained head", "--method head");
    evaluate("--adapter", lora, "--baseline", directory.resolve("none")).assertUserError("none: no such directory or file");
    evaluate("--adapter", lora, "--slice-by", "town").assertUserError("no column 'town'", "shop");
    evaluate("--adapter", lora, "--swap", directory.resolve("none.tsv")).assertUserError("none.tsv: no such file");
    evaluate("--adapter", lora, "--generate", 3).assertUserError("--generate is for language models");
    evaluate("--adapter", lora, "--baseline", data).assertUserError("reviews.csv line 1", "is not a prediction");
    evaluate("--adapter", lora, "--level", 95).assertUserError("level between 0 and 1");
    evaluate("--adapter", lora, "--predictions", directory.resolve("no/such/p.jsonl"))
        .assertUserError("p.jsonl", "does not exist");
  }

  @Test
  void aLanguageModelIsMeasuredBesideItsBase() throws IOException {
    model = TinyLanguageModel.write(directory.resolve("tiny"));
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append("{\"prompt\": \"").append(i).append(" > \", \"completion\": \"ab\", \"kind\": \"").append(i % 2)
          .append("\"}\n");
    }
    data = Files.writeString(directory.resolve("rows.jsonl"), rows);
    train("lora", "generate", "--target-modules", "all-linear", "--num-train-epochs", 8);
    Path general = Files.writeString(directory.resolve("general.txt"), "the quick brown fox. ".repeat(10));
    CommandRun screen = evaluate("--adapter", directory.resolve("lora/adapter"), "--baseline", "base", "--probe", general,
        "--slice-by", "kind", "--generate", 10, "--max-new-tokens", 4).assertDone();
    assertFitsAScreen(screen);
    for (String part : List.of("40 rows, 120 tokens that count, 10 texts generated", "perplexity", "BLEU", "ROUGE-L",
        "exact match", "by kind", "first:  base", "40 rows with a smaller loss in the second", "sign test: p = "
        + "1.8e-12", "wanted: ab",
        "second: ab", "general text, 211 tokens: loss ")) {
      assertTrue(screen.out().contains(part), part + " is missing in\n" + screen.out());
    }
    JsonNode json = JsonMapper.shared().readTree(evaluate("--adapter", directory.resolve("lora/adapter"), "--json").assertDone()
        .out());
    assertEquals(40, json.path("generated").asInt()); // without being asked: the rows have answers
    assertEquals(1, json.path("exact_match").asDouble());
    assertFalse(json.has("comparison"));
    evaluate("--adapter", directory.resolve("lora/adapter"), "--swap", general).assertUserError("--swap is for classifiers");
    evaluate("--baseline", "base").assertUserError("without --adapter");
  }
}
