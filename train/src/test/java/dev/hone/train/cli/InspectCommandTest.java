package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code hone inspect} as a user calls it. */
class InspectCommandTest {
  private static final String DATA = """
      text,label
      the red bicycle was behind the station all night,up
      nobody knows who painted the garden fence green,down
      the red bicycle was behind the station all night,up
      we sold the old wooden boat after the storm,up
      ,down
      a letter for jane@example.org came yesterday,down
      """;

  @TempDir
  Path directory;

  private Path data(String text) throws IOException {
    return Files.writeString(directory.resolve("data.csv"), text);
  }

  @Test
  void oneLineForEachCheckAndExitCodeOneForErrors() throws IOException {
    CommandRun run = CommandRun.of("inspect", "--data", data(DATA));
    assertEquals(1, run.code(), run.out());
    assertTrue(run.out().contains("data.csv line 4 (= 2)"), run.out());
    assertTrue(run.out().lines().anyMatch(line -> line.startsWith("warning  personal-data ")
        && line.endsWith("data.csv line 7 (mail)")),
        run.out());
    assertTrue(run.out().lines().anyMatch(line -> line.startsWith("error    empty ")), run.out());
    assertFalse(run.out().contains("\u001b"), "no colours where there is no terminal");
  }

  @Test
  void jsonHasTheSameFindings() throws IOException {
    JsonNode tree = JsonMapper.shared().readTree(CommandRun.of("inspect", "--data", data(DATA), "--json").out());
    assertEquals("classify", tree.path("task").asString());
    assertEquals(6, tree.path("training_rows").asInt());
    JsonNode duplicates = tree.path("checks").valueStream().filter(c -> c.path("check").asString().equals("duplicates"))
        .findFirst()
        .orElseThrow();
    assertEquals(1, duplicates.path("rows").asInt());
    assertEquals(4, duplicates.path("first").path(0).path("line").asInt());
    assertEquals(2, duplicates.path("first").path(0).path("other").path("line").asInt());
    assertEquals(3, tree.path("samples").size());
  }

  @Test
  void aCleanedCopyIsSaidCanBeTrainedOnAndIsClean() throws IOException {
    Path clean = directory.resolve("clean.csv");
    CommandRun run = CommandRun.of("inspect", "--data", data(DATA), "--fix", clean);
    assertTrue(run.err().contains("removed 1 row: empty\n"), run.err());
    assertTrue(run.err().contains("removed 1 row: duplicates\n"), run.err());
    assertTrue(run.err().contains("4 of 6 rows of data.csv"), run.err());
    assertEquals(DATA.lines().filter(line -> !line.startsWith(",")).distinct().toList(), Files.readAllLines(clean));
    CommandRun.of("inspect", "--data", directory.resolve("data.csv"), "--fix", clean).assertUserError("clean.csv: exists",
        "--overwrite");
    CommandRun.of("inspect", "--data", clean, "--fix", clean, "--overwrite").assertUserError("is the file that is read");
    CommandRun.of("inspect", "--data", directory.resolve("data.csv"), "--fix", clean, "--overwrite", "--remove",
        "personal-data,empty");
    assertEquals(4, Files.readAllLines(clean).size() - 1);
    CommandRun.of("inspect", "--data", clean, "--fix", clean, "--remove",
        "mails").assertUserError("no check 'mails'", "personal-data");
    CommandRun.of("inspect", "--data", clean, "--remove", "empty").assertUserError("--fix FILE");
  }

  @Test
  void thePageIsOneSmallFileThatLoadsNothing() throws IOException {
    Path page = directory.resolve("page.html");
    CommandRun.of("inspect", "--data", data(DATA.replace("nobody", "<script>nobody</script>")), "--html", page);
    String html = Files.readString(page);
    assertTrue(html.contains("default-src &#39;none&#39;") || html.contains("default-src 'none'"), "nothing may be loaded");
    assertFalse(html.matches("(?s).*(https?:|<script|<link rel=\"stylesheet).*"), "no address, no script");
    assertTrue(html.contains("personal-data: 1 row holds personal data") && html.contains("data.csv line 7 (mail)"), html);
    assertTrue(html.contains("&lt;script&gt;nobody"), "texts are escaped");
    assertTrue(html.contains("<svg class=\"chart\"") && html.contains("Length of rows"), html);
    assertTrue(Files.size(page) < 100_000, "bytes: " + Files.size(page));
  }

  @Test
  void beginTokensThatAreSpelledOutAreTakenOutOfTheText() throws IOException {
    Path model = TinyLanguageModel.write(directory.resolve("model"));
    Path file = Files.writeString(directory.resolve("rows.jsonl"), """
        {"prompt": "<s>say it", "completion": " now"}
        {"prompt": "who is it", "completion": " nobody"}
        """);
    Path clean = directory.resolve("clean.jsonl");
    CommandRun run = CommandRun.of("inspect", "--data", file, "--model", model, "--fix", clean);
    assertEquals(1, run.code());
    assertTrue(run.err().contains("mended 1 row: double-bos"), run.err());
    assertEquals(Files.readString(file).replace("<s>", ""), Files.readString(clean));
    assertEquals(0, CommandRun.of("inspect", "--data", clean, "--model", model).assertDone().code());
  }

  @Test
  void theSettingsOfARunAreThoseOfTraining() throws IOException {
    Path model = TinyModel.write(directory.resolve("model"));
    Path data = data(TinyModel.reviews(40));
    Path out = directory.resolve("out");
    CommandRun.of("train", "--model", model, "--data", data, "--output-dir", out, "--num-train-epochs", "1", "--max-length", "12")
        .assertDone();
    CommandRun run = CommandRun.of("inspect", "--config", out.resolve("run.yaml"));
    assertTrue(run.out().contains("cut at 12"), run.out());
    assertTrue(run.out().contains("[CLS]"), run.out());
  }

  @Test
  void whatIsLearntIsBetweenMarks() throws IOException {
    Path model = TinyLanguageModel.write(directory.resolve("model"));
    Path file = Files.writeString(directory.resolve("rows.jsonl"), """
        {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]}
        """);
    CommandRun run = CommandRun.of("inspect", "--data", file, "--model", model);
    assertTrue(run.out().contains("<s>[user]hi</s>[assistant]«ho</s>»"), run.out());
  }

  @Test
  void escapesOfAFileDoNotReachTheTerminal() throws IOException {
    assertFalse(CommandRun.of("inspect", "--data", data(DATA.replace("red", "\u001b[31mred"))).out().contains("\u001b"));
  }

  @Test
  void mistakesAreOneLine() throws IOException {
    CommandRun.of("inspect").assertUserError("--data is missing");
    CommandRun.of("inspect", "--data", directory.resolve("nothing.csv")).assertUserError("nothing.csv: no such file");
    CommandRun.of("inspect", "--data", data(DATA), "--likeness", "2").assertUserError("above 0 and at most 1");
    CommandRun.of("inspect", "--data", data(DATA), "--model", directory).assertUserError("config.json");
  }
}
