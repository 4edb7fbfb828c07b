package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import dev.hone.train.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is refused leaves what was there before, and nothing else; what goes wrong is said. */
class RefusedRunTest {
  @TempDir
  Path directory;

  private Path out;

  @BeforeEach
  void prepare() throws IOException {
    TinyModel.write(directory.resolve("model"));
    Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(60));
    out = directory.resolve("out");
  }

  private CommandRun train(Object... more) {
    return CommandRun.of(Stream.concat(Stream.of("train", "--model", directory.resolve("model"), "--data",
        directory.resolve("reviews.csv"), "--output-dir", out, "--quiet"), Stream.of(more)).toArray());
  }

  private static Map<String, String> contents(Path directory) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        contents.put(directory.relativize(file).toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
      }
    }
    return contents;
  }

  @Test
  void aResumeThatIsRefusedChangesNothing() throws IOException {
    train("--max-steps", 4, "--save-steps", 2, "--report-to", "html,tensorboard").assertDone();
    Path unfinished = Files.writeString(out.resolve("checkpoints/.step-4.safetensors.123.tmp"), "half");
    Map<String, String> before = contents(out);
    CommandRun.of("train", "--config", out.resolve("run.yaml"), "--resume", "--max-steps", 8, "--quiet")
        .assertUserError("resume: the checkpoint is of another run: max_steps was '4', is '8'");
    assertEquals(before, contents(out));
    Files.delete(unfinished);
    CommandRun.of("train", "--config", out.resolve("run.yaml"), "--resume", "--quiet").assertDone();
    assertEquals(before.get("metrics.jsonl"), contents(out).get("metrics.jsonl"));
  }

  @Test
  void aRunThatIsRefusedLeavesNoDirectoryAndNoRunIsLostToOneThatCannotBegin() throws IOException {
    train("--target-modules", "qwery").assertUserError("matches no layer");
    assertFalse(Files.exists(out));
    train("--max-steps", 2).assertDone();
    Map<String, String> before = contents(out);
    train("--overwrite", "--target-modules", "qwery").assertUserError("matches no layer");
    assertEquals(before, contents(out));
  }

  private static final String DIVERGED = "the run diverges, the loss has risen from ";

  @Test
  void theTerminalSaysWhatTheReportSays() throws IOException {
    CommandRun run = CommandRun.of("train", "--model", directory.resolve("model"), "--data", directory.resolve("reviews.csv"),
        "--output-dir", out, "--max-steps", 2, "--learning-rate", "1e-9").assertDone();
    List<String> faults = Report.of(out).faults();
    assertFalse(faults.isEmpty(), "two steps teach nothing");
    faults.forEach(fault -> assertTrue(run.err().contains("warning: " + fault + "\n"), run.err()));
    CommandRun diverged = CommandRun.of("train", "--model", directory.resolve("model"), "--data",
        directory.resolve("reviews.csv"), "--output-dir", directory.resolve("ten"), "--max-steps", 8, "--learning-rate", 10,
        "--batch-size", 8, "--lr-scheduler-type", "constant");
    assertEquals(2, diverged.code(), diverged.err());
    assertTrue(diverged.err().contains(DIVERGED), diverged.err());
  }

  private Path sweep(String model) throws IOException {
    return Files.writeString(directory.resolve("sweep.yaml"), "base: {model: " + directory.resolve(model) + ", data: "
        + directory.resolve("reviews.csv") + ", max_steps: 2}\nmethod: grid\nparameters: {lr: [0.001, 0.002]}\n");
  }

  @Test
  void aSweepWhoseFirstTrialIsRefusedLeavesNothing() throws IOException {
    CommandRun.of("sweep", "--config", sweep("modell"), "--output-dir", out, "--quiet").assertUserError("modell");
    assertFalse(Files.exists(out));
    CommandRun.of("sweep", "--config", sweep("model"), "--output-dir", out, "--quiet").assertDone();
    Map<String, String> before = contents(out);
    CommandRun.of("sweep", "--config", sweep("modell"), "--output-dir", out, "--quiet", "--overwrite").assertUserError("modell");
    assertEquals(before, contents(out));
    assertTrue(before.containsKey("sweep.json"), before.keySet().toString());
  }

  @Test
  void copiesAreCheckedBeforeTheFirstIsWritten() throws IOException {
    Path parts = Files.createDirectories(directory.resolve("parts"));
    for (String name : List.of("a.csv", "b.csv")) {
      Files.writeString(parts.resolve(name), TinyModel.reviews(20));
    }
    Path target = Files.createDirectories(directory.resolve("clean"));
    Files.writeString(target.resolve("b.csv"), "mine\n");
    Map<String, String> before = contents(target);
    CommandRun.of("inspect", "--data", parts.resolve("a.csv") + "=1," + parts.resolve("b.csv") + "=1", "--model",
        directory.resolve("model"), "--fix", target, "--remove",
        "duplicates").assertUserError("b.csv: exists; --overwrite replaces it");
    assertEquals(before, contents(target));
  }
}
