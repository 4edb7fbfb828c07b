package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import dev.hone.train.config.ConfigFile;
import dev.hone.train.fixture.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepCommandTest {
  @TempDir
  Path directory;

  private Path out;

  @BeforeEach
  void prepare() throws IOException {
    TinyModel.write(directory.resolve("model"));
    Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(60));
    out = directory.resolve("out");
  }

  /** A file with these lines after the base's model and data. */
  private Path file(String more) throws IOException {
    return Files.writeString(directory.resolve("sweep.yaml"), "base:\n  model: " + directory.resolve("model") + "\n  data: "
        + directory.resolve("reviews.csv") + "\n" + more);
  }

  private Path sweep() throws IOException {
    return file("""
          per_device_train_batch_size: 8
          max_steps: 12
          eval_steps: 4
        method: random
        trials: 8
        metric: accuracy
        goal: maximize
        pruning_trials: 2
        pruning_warmup: 1
        parameters:
          lr: {distribution: log_uniform, min: 1e-5, max: 2e-2}
          lora_r: [2, 4]
          target_modules: [all-linear, "query,value"]
        """);
  }

  private CommandRun run(Path file, Object... more) {
    List<Object> words = new ArrayList<>(List.of("sweep", "--config", file, "--output-dir", out));
    words.addAll(List.of(more));
    return CommandRun.of(words.toArray());
  }

  private List<String> table(Path directory) throws IOException {
    return Files.readAllLines(directory.resolve("table.csv"));
  }

  @Test
  void aTableComesOutAndTheBestSettingsTrainTheSameModel() throws IOException {
    CommandRun run = run(sweep()).assertDone();
    List<String> rows = table(out);
    assertEquals("rank,trial,state,accuracy,best_step,steps,learning_rate,lora_r,target_modules,note", rows.getFirst());
    assertEquals(9, rows.size());
    List<Double> values = rows.subList(1, 9).stream().map(row -> Double.valueOf(row.split(",")[3])).toList();
    for (int i = 1; i < 8; i++) {
      assertTrue(values.get(i) <= values.get(i - 1), rows.toString());
    }
    assertEquals(9, run.out().lines().count(), run.out());
    assertTrue(run.out().lines().toList().get(1)
        .matches("1 +" + rows.get(1).split(",")[1] + " +complete +[01]\\.\\d{4} .*"), run.out());
    assertTrue(run.err().contains("trial 8/8: learning_rate 0."), run.err());
    String number = rows.get(1).split(",")[1];
    Map<String, Object> best = ConfigFile.read(out.resolve("best.yaml"));
    assertEquals(out.resolve("best").toString(), best.get("output_dir"));
    assertEquals("accuracy", best.get("metric_for_best_model"));
    assertEquals(rows.get(1).split(",")[6], best.get("learning_rate"));
    CommandRun.of("train", "--config", out.resolve("best.yaml")).assertDone();
    Path weights = Path.of("adapter", "adapter_model.safetensors");
    assertTrue(Arrays.equals(Files.readAllBytes(out.resolve("trial-" + number).resolve(weights)),
        Files.readAllBytes(out.resolve("best").resolve(weights))));
    assertTrue(Files.exists(out.resolve("trial-" + number + "/run.yaml")));
    assertTrue(Files.exists(out.resolve("trial-" + number + "/metrics.jsonl")));
    CommandRun again = run(sweep(), "--quiet").assertDone();
    assertEquals(run.out(), again.out());
    run(sweep(), "--seed", 4).assertUserError("holds another sweep: seed was '42', is '4'");
    assertFalse(run(sweep(), "--seed", 4, "--overwrite").assertDone().out().equals(run.out()));
  }

  @Tag("long")
  @Test
  void aSweepThatIsKilledAgainAndAgainEndsWithTheSameTable() throws Exception {
    Path file = sweep();
    run(file, "--quiet").assertDone();
    Path killed = directory.resolve("killed");
    long seed = Long.getLong("hone.seed", 5);
    Random random = new Random(seed);
    int most = Integer.getInteger("hone.kills", 4);
    int kills = 0;
    int early = 0;
    while (true) {
      ProcessBuilder program = ChildJvm.hone("sweep", "--config", file, "--output-dir", killed);
      program.command().remove("-Dhone.backend=scalar"); // the bits are to be those of this JVM
      Process process = program.redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("output.txt").toFile())).start();
      int trials = kills == 0 ? 0 : finished(killed) + random.nextInt(2); // the first kill is in the first trial
      while (kills < most && process.isAlive() && (finished(killed) < trials || begun(killed) <= trials)) {
        Thread.sleep(1);
      }
      if (kills == most || process.waitFor(random.nextInt(kills == 0 ? 2 : 100), TimeUnit.MILLISECONDS)) {
        assertEquals(0, process.waitFor(), Files.readString(directory.resolve("output.txt")));
        if (kills > 0) {
          break;
        }
        killed = directory.resolve("again" + (++early)); // this test slept while the sweep ran: once more
        continue;
      }
      process.destroyForcibly().waitFor();
      kills++;
    }
    assertEquals(table(out), table(killed), "hone.seed " + seed);
    Path weights = Path.of("adapter", "adapter_model.safetensors");
    for (int trial = 1; trial <= 8; trial++) {
      Path name = Path.of("trial-" + trial).resolve(weights);
      assertEquals(Files.exists(out.resolve(name)), Files.exists(killed.resolve(name)), name.toString());
      assertTrue(!Files.exists(out.resolve(name))
          || Arrays.equals(Files.readAllBytes(out.resolve(name)), Files.readAllBytes(killed.resolve(name))), name.toString());
    }
  }

  /** Trials that write already: a kill in one is most of interest. */
  private static int begun(Path sweep) {
    int begun = 0;
    for (int trial = 1; trial <= 8; trial++) {
      begun += Files.exists(sweep.resolve("trial-" + trial + "/metrics.jsonl")) ? 1 : 0;
    }
    return begun;
  }

  private static int finished(Path sweep) {
    int finished = 0;
    for (int trial = 1; trial <= 8; trial++) {
      finished += Files.exists(sweep.resolve("trial-" + trial + "/trial.json")) ? 1 : 0;
    }
    return finished;
  }

  @Test
  void mistakesAreNamedBeforeAnythingIsTrained() throws IOException {
    run(file("parameters: {learning_rat: [1, 2]}\n")).assertUserError(
        "sweep.yaml: parameters: unknown key 'learning_rat'; did you mean learning_rate?");
    run(file("  batchsize: 3\nparameters: {lr: [1, 2]}\n")).assertUserError(
        "sweep.yaml: base: unknown key 'batchsize'; did you mean batch_size?");
    run(file("metod: grid\nparameters: {lr: [1, 2]}\n")).assertUserError("sweep.yaml: unknown key 'metod'; did you mean method?");
    run(file("method: grid\n")).assertUserError("sweep.yaml: parameters is missing");
    run(file("method: grid\nparameters: [lr]\n")).assertUserError("sweep.yaml: parameters must be a mapping");
    run(file("method: grid\nparameters: {lr: [0.1, -1]}\n")).assertUserError(
        "sweep.yaml: trial 2 (learning_rate -1): learning_rate must be above 0, is -1.0");
    run(file("method: grid\nparameters: {lr: [0.1], learning_rate: [0.2]}\n")).assertUserError("learning_rate occurs twice");
    run(file("method: grid\nparameters: {output_dir: [a, b]}\n")).assertUserError(
        "output_dir is not for the trials of a sweep");
    run(file("method: grid\nparameters: {lr: {distribution: log_uniform, min: 1, max: 2}}\n")).assertUserError(
        "parameters: learning_rate: a grid needs a list of values");
    run(file("method: grid\nparameters: {lr: [1\n")).assertUserError(
        "sweep.yaml: not a mapping from keys to values in YAML or JSON");
    run(file("method: grid\nparameters: {lr: [1]}\n"), "--parameters", "lr=2").assertUserError(
        "--parameters is a key of the file");
    run(file("  val_size: 0\nmethod: grid\nparameters: {lr: [0.001]}\n").toAbsolutePath()).assertUserError(
        "trials are compared on held-out rows, and there are none");
    CommandRun.of("sweep", "--output-dir", out).assertUserError("--config is missing");
    Files.createDirectories(directory.resolve("thesis/chapter"));
    CommandRun.of("sweep", "--config", sweep(), "--output-dir", directory.resolve("thesis")).assertUserError("not empty");
  }

  @Test
  void settingsThatDoNotFitFailTheirTrialUnlessNothingWorked() throws IOException {
    run(file("  max_steps: 2\nmethod: grid\nparameters: {target_modules: [qwery, query]}\n")).assertUserError(
        "target_modules 'qwery' matches no layer");
    CommandRun run = run(file("  max_steps: 2\nmethod: grid\nparameters: {target_modules: [query, qwery, value]}\n"),
        "--output-dir", directory.resolve("second")).assertDone();
    assertTrue(run.err().contains("trial 2: failed after 0 steps: target_modules 'qwery' matches no layer"), run.err());
    assertEquals(List.of("complete", "complete", "failed"),
        table(directory.resolve("second")).stream().skip(1).map(row -> row.split(",")[2]).toList());
  }

  @Test
  void theBaseMayBeTheFileOfAnEarlierRun() throws IOException {
    CommandRun.of("train", "--model", directory.resolve("model"), "--data", directory.resolve("reviews.csv"), "--max-steps", 4,
        "--output-dir", directory.resolve("earlier"), "--quiet").assertDone();
    Path file = Files.writeString(directory.resolve("b.yaml"), "base: " + directory.resolve("earlier/run.yaml")
        + "\nmethod: grid\nmetric: accuracy\nparameters: {batch_size: [4, 8]}\n");
    run(file).assertDone();
    assertEquals(new TreeSet<>(List.of("4", "8")),
        new TreeSet<>(table(out).stream().skip(1).map(row -> row.split(",")[6]).toList()));
  }

  @Test
  void theExampleOfTheDocumentationIsASweep() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "sweeps.md"));
    Matcher block = Pattern.compile("```yaml\n(base:.*?)```", Pattern.DOTALL).matcher(page);
    assertTrue(block.find(), "docs/sweeps.md has a sweep");
    String text = block.group(1).replaceAll("(?m)^  model: \\S+", "  model: " + directory.resolve("model"))
        .replaceAll("(?m)^  data: \\S+", "  data: " + directory.resolve("reviews.csv")) + "\noutput_dir: " + out + "\n";
    CommandRun.of("sweep", "--config", Files.writeString(directory.resolve("page.yaml"), text), "--quiet").assertDone();
    assertEquals(9, table(out).size());
  }
}
