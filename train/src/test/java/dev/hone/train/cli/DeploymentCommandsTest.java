package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import dev.hone.train.monitor.Answered;
import dev.hone.train.monitor.Feedback;
import dev.hone.train.monitor.FeedbackLog;
import dev.hone.train.monitor.LogSettings;
import dev.hone.train.monitor.ShadowReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What watches a served model and makes better ones, from the command line: monitor, feedback, registry, retrain, rollback. */
class DeploymentCommandsTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String[] OLD = {"good", "bad"};
  private static final String[] NEW = {"great", "awful"};
  private static final String[] LABELS = {"up", "down"};

  @TempDir
  static Path directory;
  private static Path model;
  private static Path out;

  private static String text(String word, int i) {
    return "it is " + (i % 3 == 0 ? "very " : "") + word + ' ' + (char) ('a' + i % 26) + ' ' + (char) ('a' + i / 26 % 26);
  }

  private static void rows(String name, int from, int to) throws IOException {
    StringBuilder rows = new StringBuilder("text,label\n");
    for (int i = from; i < to; i++) {
      rows.append(text(OLD[i % 2], i)).append(',').append(LABELS[i % 2]).append('\n');
    }
    Files.writeString(directory.resolve(name), rows);
  }

  /** A log of answers of version 1, all "up"; everybody says which label is right where somebody is to. */
  private static Path log(String name, String[] words, int from, int to, boolean said, boolean shadow) throws IOException {
    Path log = directory.resolve(name);
    try (FeedbackLog open = FeedbackLog.open(log, new LogSettings(true, 0, 0, List.of()))) {
      for (int i = from; i < to; i++) {
        String id = "classify-" + i;
        Answered answered = new Answered(id, Instant.now(), "classify", "champion", "v1", text(words[i % 2], i), "up",
            List.of("down", "up"), new float[] {0.4f, 0.6f}, 7, 0, 0, 1, "stop", Map.of());
        open.answer(answered);
        if (shadow) {
          open.answer(new Answered(id, answered.time(), ShadowReport.ROUTE, "champion", "v2", answered.input(), LABELS[i % 2],
              answered.labels(), i % 2 == 0 ? new float[] {0.1f, 0.9f} : new float[] {0.9f, 0.1f}, 7, 0, 0, 1, "stop", Map.of()));
        }
        if (said) {
          open.say(new Feedback(id, Instant.now(), Double.NaN, LABELS[i % 2], null, null, null));
        }
      }
    }
    return log;
  }

  private static CommandRun train(String command, String output, Object... more) {
    List<Object> words = new ArrayList<>(List.of(command, "--model", model, "--data", directory.resolve("old.csv"), "--eval-data",
        directory.resolve("held-out.csv"), "--output-dir", directory.resolve(output), "--target-modules", "all-linear",
        "--learning-rate", "0.01", "--num-train-epochs", "8", "--batch-size", "16", "--report-to", "none", "--quiet"));
    words.addAll(List.of(more));
    return CommandRun.of(words.toArray());
  }

  private static Path registry(String name) {
    Path registry = directory.resolve(name);
    assertEquals("version 1\n", CommandRun.of("registry", "add", "--registry", registry, "--adapter", out.resolve("adapter"),
        "--alias", "champion", "--note", "first").assertDone().out());
    return registry;
  }

  @BeforeAll
  static void tune() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
    rows("old.csv", 0, 160);
    rows("held-out.csv", 160, 240);
    train("train", "out").assertDone();
    out = directory.resolve("out");
  }

  @Test
  void theMonitorSaysWhatChangedAndItsCodeIsOne() throws Exception {
    Path log = log("monitored", NEW, 300, 400, true, true);
    Path page = directory.resolve("monitor.html");
    CommandRun text = CommandRun.of("monitor", "--log", log, "--reference", out, "--model", model, "--html", page);
    assertEquals(1, text.code(), text.err());
    assertTrue(text.out().startsWith("changed: "), text.out());
    assertTrue(text.out().contains("labels") && text.out().contains("meaning"), text.out());
    assertTrue(text.out().contains("of other rows that people spoke of: 0.500 ("), text.out());
    assertTrue(text.out().contains("challenger: answered 100 rows besides, 0.500 of them as the champion did; of 100 rows whose "
        + "label is known the champion has 50 right, the challenger 100 (gain 0."), text.out());
    assertTrue(Files.readString(page).contains("held-out rows of the training"));

    CommandRun json = CommandRun.of("monitor", "--log", log, "--reference", out.resolve("reference.json"), "--json");
    assertEquals(1, json.code(), json.err());
    JsonNode root = JSON.readTree(json.out());
    assertTrue(root.path("alarm").asBoolean());
    assertEquals(100, root.path("rows").asInt());
    assertEquals(100, root.path("spoken").path("rows").asInt());
    assertEquals(100, root.path("shadow").path("challenger_right").asInt());
    assertEquals(List.of("labels", "confidence", "length", "unknown tokens"), root.path("signals").valueStream()
        .map(signal -> signal.path("name").asString()).toList()); // not the meaning, without the model

    CommandRun few = CommandRun.of("monitor", "--log", log, "--reference", out, "--name", "another").assertDone();
    assertTrue(few.out().startsWith("nothing can be said yet: 0 rows"), few.out());
  }

  @Test
  void feedbackGoesOutAsRowsInAsLabelsAndAwayById() throws Exception {
    Path log = log("spoken", NEW, 300, 310, true, false);
    Path rows = directory.resolve("rows.jsonl");
    CommandRun exported = CommandRun.of("feedback", "export", "--log", log, "--output", rows, "--reference", out).assertDone();
    assertTrue(exported.err().contains("10 rows written to "), exported.err());
    JsonNode second = JSON.readTree(Files.readAllLines(rows).get(1));
    assertEquals(List.of(text("awful", 301), "down"), List.of(second.path("text").asString(), second.path("label").asString()));
    assertTrue(CommandRun.of("feedback", "export", "--log", log, "--output", rows).assertDone().err()
        .contains("held-out texts are not known"));

    Path silent = log("silent", NEW, 300, 303, false, false);
    Path tasks = directory.resolve("tasks.json");
    CommandRun.of("feedback", "export", "--log", silent, "--form", "label-studio", "--output", tasks).assertDone();
    JsonNode all = JSON.readTree(tasks.toFile());
    assertEquals(3, all.size());
    assertEquals("up", all.path(0).path("predictions").path(0).path("result").path(0).path("value").path("choices").path(0)
        .asString());
    String annotation = "\"annotations\": [{\"result\": [{\"type\": \"choices\", \"value\": {\"choices\": [\"%s\"]}}]}]";
    Path done = Files.writeString(directory.resolve("done.json"), "[{\"data\": {\"answer_id\": \"classify-301\"}, "
        + String.format(annotation, "down") + "}, {\"data\": {\"answer_id\": \"classify-302\"}, "
        + String.format(annotation, "sideways") + "}]");
    CommandRun imported = CommandRun.of("feedback", "import", "--log", silent, "--label-studio", done);
    assertEquals(1, imported.code(), imported.err()); // not all of them
    assertEquals("1 labels of 2 are in the log\n", imported.out());
    assertTrue(imported.err().contains("warning: classify-302: label must be one of down, up"), imported.err());

    assertEquals("2 lines taken out\n", CommandRun.of("feedback", "delete", "--log", silent, "--id", "classify-301,no-such")
        .assertDone().out()); // the answer, and what was said of it
    CommandRun.of("feedback", "export", "--log", silent, "--output", rows).assertDone();
    assertEquals("", Files.readString(rows));
  }

  @Test
  void aBetterChallengerTakesOverAndTheWayBackIsOpen() throws Exception {
    Path registry = registry("registry");
    Path log = log("corrected", NEW, 300, 400, true, false);
    CommandRun better = train("retrain", "again", "--registry", registry, "--log", log);
    assertEquals(0, better.code(), better.err());
    assertTrue(better.out().contains("newest corrections: ") && better.out().contains("held-out rows:      ")
        && better.out().contains("version 2 is champion: better on the newest corrections"), better.out());
    assertTrue(better.err().contains("70 corrections to learn, the newest 30 to measure on"), better.err());

    Path swapped = directory.resolve("swapped");
    try (FeedbackLog open = FeedbackLog.open(swapped, LogSettings.DEFAULTS.withText())) {
      for (int i = 500; i < 600; i++) {
        open.answer(new Answered("classify-" + i, Instant.now(), "classify", "champion", "v2", text(OLD[i % 2], i), LABELS[i % 2],
            List.of("down", "up"), new float[] {0.5f, 0.5f}, 7, 0, 0, 1, "stop", Map.of()));
        open.say(new Feedback("classify-" + i, Instant.now(), Double.NaN, LABELS[1 - i % 2], null, null, null));
      }
    }
    CommandRun poisoned = train("retrain", "poisoned", "--registry", registry, "--log", swapped, "--correction-weight", 3,
        "--json");
    assertEquals(1, poisoned.code(), poisoned.err());
    JsonNode json = JSON.readTree(poisoned.out());
    assertFalse(json.path("promoted").asBoolean());
    assertEquals(3, json.path("version").asInt());
    assertEquals(80, json.path("held_out").path("rows").asInt());
    assertTrue(json.path("reasons").path(0).asString().contains("on the "), poisoned.out());

    JsonNode versions = JSON.readTree(CommandRun.of("registry", "list", "--registry", registry, "--json").assertDone().out());
    assertEquals(List.of("[]", "[\"champion\"]", "[\"challenger\"]"), versions.valueStream().map(version ->
        version.path("aliases").toString()).toList());
    assertEquals("champion is version 1\n", CommandRun.of("rollback", "--registry", registry).assertDone().out());
    CommandRun.of("rollback", "--registry", registry).assertUserError("champion meant no other version before");
    assertEquals("best is version 2\n", CommandRun.of("registry", "point", "--registry", registry, "--alias", "best", "--version",
        2).assertDone().out());
    List<String> lines = CommandRun.of("registry", "list", "--registry", registry).assertDone().out().lines().toList();
    assertEquals("1  champion  first", lines.getFirst());
    assertTrue(lines.get(1).startsWith("2  best  promoted: "), lines.get(1));
  }

  @Test
  void whatCannotBeIsRefusedInOneLine() throws Exception {
    Path none = directory.resolve("none");
    Path log = log("few", NEW, 300, 310, true, false);
    CommandRun.of("monitor", "--log", none, "--reference", out).assertUserError("there is no log here");
    CommandRun.of("monitor", "--log", log, "--reference", none).assertUserError("none", "no such file");
    CommandRun.of("monitor", "--log", log).assertUserError("--reference");
    CommandRun.of("monitor", "--log", log, "--reference", out, "--days", -1).assertUserError("--days must not be negative");
    CommandRun.of("monitor", "--log", log, "--reference", out, "--alarm-rate", 0).assertUserError("alarm_rate must be from");
    CommandRun.of("monitor", "--log", log, "--reference", out, "--model", TinyModel.write(directory.resolve("wide"), 32, 64))
        .assertUserError("the reference was made with another model");

    CommandRun.of("feedback", "praise", "--log", log).assertUserError("say export, import or delete");
    CommandRun.of("feedback", "export", "--log", log, "--output", none, "--form", "poem").assertUserError("--form must be one of",
        "poem");
    CommandRun.of("feedback", "export", "--log", log, "--output", none, "--days", -3).assertUserError("must not be negative");
    CommandRun.of("feedback", "delete", "--log", log).assertUserError("--id");
    CommandRun.of("feedback", "delete", "--log", none, "--id", "a").assertUserError("there is no log here");
    CommandRun.of("feedback", "import", "--log", log, "--label-studio", Files.writeString(directory.resolve("x.json"), "{}"))
        .assertUserError("no list of tasks");
    assertFalse(Files.exists(none)); // nothing was made by the way

    CommandRun.of("registry", "list", "--registry", none).assertUserError("there is no registry here");
    CommandRun.of("rollback", "--registry", none).assertUserError("there is no registry here");
    train("retrain", "no", "--registry", none, "--log", log).assertUserError("there is no registry here");
    assertFalse(Files.exists(none));
    Path registry = registry("refusing");
    CommandRun.of("registry", "paint", "--registry", registry).assertUserError("say add, list or point");
    CommandRun.of("registry", "add", "--registry", registry, "--adapter", none).assertUserError("there is no adapter to add");
    for (String name : List.of("v7", "a b", "../x")) {
      CommandRun.of("registry", "add", "--registry", registry, "--adapter", out.resolve("adapter"), "--alias", name)
          .assertUserError(name);
    }
    CommandRun.of("registry", "point", "--registry", registry, "--alias", "champion", "--version", 9)
        .assertUserError("there is no version 9; there is [1]");
    train("retrain", "no", "--registry", registry, "--log", log).assertUserError("too few corrections: 10, of which 3");
    train("retrain", "no", "--registry", registry, "--log", log, "--fresh", 1).assertUserError("fresh must be between 0 and 1");

    Object[] serve = {"serve", "--model", model, "--port", 0, "--no-warm-up"};
    refused(serve, "--registry has the adapters itself", "--registry", registry, "--adapter", out.resolve("adapter"));
    refused(serve, "there is no registry here", "--registry", none);
    refused(serve, "--shadow needs the --registry", "--registry", registry, "--shadow");
    refused(serve, "compares a --log with a --reference", "--registry", registry, "--monitor-every", 60);
    refused(serve, "compares a --log with a --reference", "--monitor-every", 60, "--log", directory.resolve("new"));
    refused(serve, "must be a number of seconds for --reference", "--reference", out, "--log", directory.resolve("new"));
    refused(serve, "must be a number of seconds, is -1", "--monitor-every", -1);
  }

  private static void refused(Object[] command, String expected, Object... more) {
    List<Object> words = new ArrayList<>(List.of(command));
    words.addAll(List.of(more));
    CommandRun.of(words.toArray()).assertUserError(expected);
  }

  @Test
  void helpNamesEveryFlag() {
    Map<String, List<String>> flags = Map.of(
        "monitor", List.of("--log", "--reference", "--model", "--days", "--alarm-rate", "--json"),
        "feedback", List.of("export --log DIR", "import --log DIR", "delete --log DIR", "--form", "--audit"),
        "registry", List.of("add --registry DIR", "list --registry DIR", "point --registry DIR", "--json"),
        "retrain", List.of("--correction-weight", "--fresh", "--margin", "--tolerance", "--json", "--eval-data"),
        "rollback", List.of("--registry", "--alias"), "serve", List.of("--registry", "--shadow", "--log", "--monitor-every",
            "--reference"));
    flags.forEach((command, words) -> {
      String help = CommandRun.of(command, "--help").assertDone().out();
      words.forEach(word -> assertTrue(help.contains(word), command + " --help has no " + word + "\n" + help));
    });
  }
}
