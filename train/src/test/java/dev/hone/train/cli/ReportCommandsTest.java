package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.page.Markups;
import dev.hone.train.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** What runs leave for people, and runs side by side. */
class ReportCommandsTest {
  @TempDir
  Path directory;

  private Path model;
  private Path data;
  private Path test;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
    data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(60));
    test = Files.writeString(directory.resolve("test.csv"), TinyModel.reviews(46));
  }

  private Path train(String name, Object... more) {
    Path out = directory.resolve(name);
    List<Object> words = new ArrayList<>(List.of("train", "--model", model, "--data", data, "--output-dir", out, "--batch-size",
        8,
        "--num-train-epochs", 2));
    words.addAll(List.of(more));
    CommandRun.of(words.toArray()).assertDone();
    return out;
  }

  private static String page(Path out) throws IOException {
    String html = Files.readString(out.resolve("report.html"));
    Markups.assertWhole(html);
    assertFalse(html.contains("http://") || html.contains("https://"), "an address");
    return html;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> card(Path file) throws IOException {
    String text = Files.readString(file);
    assertTrue(text.startsWith("---\n"), text);
    String front = text.substring(4, text.indexOf("\n---\n", 4));
    return YAMLMapper.builder().build().readValue(front, new TypeReference<Map<String, Object>>() {});
  }

  @Test
  void aRunLeavesAReportAModelCardAndItsPredictions() throws Exception {
    Path out = train("out", "--test-data", test);
    String html = page(out);
    for (String part : List.of("Confusion matrix", "Calibration", "Figures on 46 test rows", "Loss", "Learning rate", "Before "
        + "and after",
        "reviews.csv", "learning_rate", "held-out loss", "--config")) {
      assertTrue(html.contains(part), part);
    }
    String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(data)));
    assertTrue(html.contains(hash), "the hash of the data");
    List<String> predictions = Files.readAllLines(out.resolve("predictions.jsonl"));
    assertEquals(46, predictions.size());
    JsonNode facts = JsonMapper.shared().readTree(out.resolve("run.json").toFile());
    assertEquals("test", facts.path("measured_on").asString());
    assertEquals(List.of("down", "up"), facts.path("labels").valueStream().map(JsonNode::asString).toList());
    Map<String, Object> card = card(out.resolve("README.md"));
    assertEquals("peft", card.get("library_name"));
    assertEquals(model.toString(), card.get("base_model"));
    assertEquals("text-classification", card.get("pipeline_tag"));
    double accuracy = predictions.stream().map(line -> JsonMapper.shared().readTree(line))
        .filter(row -> row.get("truth").equals(row.get("predicted"))).count() / 46.0;
    assertTrue(((List<?>) card.get("model-index")).toString().contains("value=" + Math.round(accuracy * 1e4) / 1e4),
        card.toString());
    assertEquals(Files.readString(out.resolve("README.md")), Files.readString(out.resolve("adapter/README.md")));
    try (Stream<Path> events = Files.list(out.resolve("runs"))) {
      assertEquals(1, events.count());
    }
    Files.delete(out.resolve("report.html"));
    Report.of(out).write(); // from the files alone
    assertEquals(html, page(out));
  }

  @Test
  void otherKindsOfTasksHaveReportsToo() throws IOException {
    Path numbers = Files.writeString(directory.resolve("numbers.csv"),
        TinyModel.reviews(60).replace(",up", ",1.5").replace(",down",
        ",-1"));
    String regression = page(train("regression", "--data", numbers, "--problem-type", "regression"));
    assertTrue(regression.contains("Errors: predicted minus true") && regression.contains("rmse"));
    Path several = Files.writeString(directory.resolve("several.csv"), TinyModel.reviews(60).replace(",up", ",up|x"));
    Path out = train("several", "--data", several, "--problem-type", "multi_label_classification", "--method", "full");
    assertTrue(page(out).contains("micro f1"));
    assertEquals("transformers", card(out.resolve("model/README.md")).get("library_name"));
    assertTrue(page(train("nothing", "--val-size", 0)).contains("nothing was measured"));
  }

  @Test
  void aLanguageModelShowsWhatItWritesBeforeAndAfter() throws IOException {
    Path language = TinyLanguageModel.write(directory.resolve("language"));
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append("{\"prompt\": \"").append(i).append(" > \", \"completion\": \"ab<b>\"}\n");
    }
    Path texts = Files.writeString(directory.resolve("rows.jsonl"), rows);
    Path out = train("writer", "--task", "generate", "--model", language, "--data", texts, "--probe", texts);
    String html = page(out);
    assertTrue(html.contains("Perplexity of held-out rows") && html.contains("perplexity") && html.contains("ab&lt;b&gt;"));
    assertTrue(html.contains("forgetting"), "what --probe measured");
    assertEquals("text-generation", card(out.resolve("README.md")).get("pipeline_tag"));
    Path book = Files.writeString(directory.resolve("book.txt"), "Once upon a time there was a hen. ".repeat(300));
    assertTrue(page(train("book", "--task", "generate", "--model", language, "--data", book)).contains("Loss by text"));
  }

  @Test
  void figuresAreGroupedByAColumn() throws IOException {
    StringBuilder rows = new StringBuilder("text,label,place\n");
    TinyModel.reviews(80).lines().skip(1)
        .forEach(line -> rows.append(line).append(rows.length() % 3 == 0 ? ",north\n" : ",south<\n"));
    Path placed = Files.writeString(directory.resolve("placed.csv"), rows);
    Path out = train("placed", "--test-data", placed, "--slice-by", "place");
    String html = page(out);
    assertTrue(html.contains("Groups of rows") && html.contains("By place") && html.contains("south&lt;"));
    Report.of(out).write();
    assertEquals(html, page(out));
    CommandRun.of("train", "--model", model, "--data", placed, "--output-dir", directory.resolve("x"), "--val-size",
        0, "--slice-by",
        "place").assertUserError("--slice-by", "--test-data");
    CommandRun.of("train", "--model", model, "--data", data, "--output-dir", directory.resolve("x"), "--slice-by", "place")
        .assertUserError("no column 'place'");
  }

  @Test
  void reportsCanBeTurnedOff() throws IOException {
    Path none = train("none", "--report-to", "none");
    try (Stream<Path> files = Files.list(none)) {
      assertEquals(List.of("adapter", "checkpoints", "metrics.jsonl", "reference.json", "run.yaml"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    Path events = train("events", "--report-to", "tensorboard");
    assertTrue(Files.exists(events.resolve("runs")) && !Files.exists(events.resolve("report.html")));
    CommandRun.of("train", "--model", model, "--data", data, "--output-dir", directory.resolve("x"), "--report-to", "wandb")
        .assertUserError("--report-to", "html,tensorboard", "wandb");
    CommandRun.of("compare", none, events).assertUserError("run.json");
  }

  @Test
  void runsAreComparedOnTheSameRows() throws IOException {
    Path head = train("a/run", "--test-data", test, "--method", "head");
    Path full = train("b/run", "--test-data", test, "--method", "full", "--learning-rate", "5e-3", "--num-train-epochs", 4);
    Path html = directory.resolve("compare.html");
    CommandRun run = CommandRun.of("compare", head, full, "--html", html).assertDone();
    assertTrue(run.out().matches("(?s).*a/run +head .* 46 test .*b/run +full .*"), run.out());
    assertTrue(run.out().matches("(?s).*\nmethod +head +full\n.*"), run.out());
    assertTrue(run.out().matches("(?s).*a/run -> b/run: accuracy [+-]0\\.\\d{3} \\(.*\\) on 46 rows, won \\d+, lost \\d+, "
        + "McNemar p .*"),
        run.out());
    String page = Files.readString(html);
    Markups.assertWhole(page);
    for (String part : List.of("all were measured on the same 46 rows", "Settings that differ", "learning_rate", "Held-out loss",
        "Run against run")) {
      assertTrue(page.contains(part), part);
    }
    Path other = train("c", "--method", "head"); // held-out rows of the data instead
    CommandRun mixed = CommandRun.of("compare", head, full, other, "--html", html).assertDone();
    assertTrue(mixed.out().contains("cannot be compared") || mixed.out().contains("rows that only one of them has"), mixed.out());
    assertTrue(Files.readString(html).contains("measured on different rows"));
  }

  @Test
  void mistakesInCompareAreNamed() throws IOException {
    CommandRun.of("compare", directory).assertUserError("two runs or more");
    CommandRun.of("compare", directory, directory.resolve("model")).assertUserError("run.json");
    CommandRun.of("compare", directory, directory).assertUserError("two or more different");
  }
}
