package dev.hone.train.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.TrainListener;
import dev.hone.train.config.Arguments;
import dev.hone.train.data.LabelSet;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.run.TrainingRun;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A run of every task in a process that gets a SIGKILL within its fifth step, the last checkpoint being of the fourth: it goes
 * on, and ends with the bits of a run that nobody disturbed.
 */
class TaskKillTest {
  private static final int STEP = 5;
  private static final int STEPS = 8;
  private static final String REACHED = "reached step ";

  @TempDir
  Path directory;

  /** The process that is killed: runs until the step, says so, and waits. Arguments: the flags of {@code hone train}. */
  public static void main(String[] words) throws IOException {
    TrainingRun run = run(List.of(words));
    run.tuning().addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        if (step.step() == STEP) {
          System.out.println(REACHED + STEP);
          while (true) {
            LockSupport.park();
          }
        }
      }
    });
    run.complete();
  }

  private static TrainingRun run(List<String> words) throws IOException {
    return TrainingRun.of(new Arguments("train", TrainFlags.all(), words), _ -> { });
  }

  private Path write(String name, String rows) throws IOException {
    return Files.writeString(directory.resolve(name), rows);
  }

  /** 24 rows, made of a pattern with a number for %1$d and two letters for %2$s. */
  private static String rows(String head, String even, String odd) {
    StringBuilder rows = new StringBuilder(head);
    for (int i = 0; i < 24; i++) {
      rows.append(String.format(i % 2 == 0 ? even : odd, i, "" + (char) ('a' + i) + (char) ('a' + i * 7 % 26))).append('\n');
    }
    return rows.toString();
  }

  private List<String> flags(String task) throws IOException {
    Path encoder = TinyModel.write(directory.resolve("encoder"));
    Path decoder = TinyLanguageModel.write(directory.resolve("decoder"));
    String labels = rows("text,label\n", "the good %2$s,up", "the awful %2$s,down");
    String related = rows("", "{\"query\": \"is %2$s good\", \"answer\": \"very good %2$s\", \"negatives\": [\"bad %2$s\"]}",
        "{\"query\": \"is it %2$s\", \"answer\": \"it is very %2$s\", \"negatives\": [\"awful\"]}");
    String pairs = rows("", "{\"prompt\": \"%1$d > \", \"chosen\": \"ab\", \"rejected\": \"x%2$s\"}",
        "{\"prompt\": \"%1$d + \", \"chosen\": \"%2$sa\", \"rejected\": \"yz\"}");
    List<Object> words = new ArrayList<>(switch (task) {
      case "classify" -> List.of("--model", encoder, "--data", write("labels.csv", labels));
      case "few-shot" -> List.of("--few-shot", "--model", encoder, "--data", write("labels.csv", labels), "--val-size", 0,
          "--method", "full");
      case "embed" -> List.of("--task", "embed", "--model", encoder, "--data", write("related.jsonl", related));
      case "embed in parts" -> List.of("--task", "embed", "--model", encoder, "--data", write("related.jsonl", related),
          "--mini-batch-size", 2, "--metric-for-best-model", "ndcg", "--method", "full");
      case "rerank" -> List.of("--task", "rerank", "--model", encoder, "--data", write("related.jsonl", related));
      case "tag" -> List.of("--task", "tag", "--model", encoder, "--data", write("words.conll",
          rows("", "the O\n%2$s B-X\ngood I-X\n", "it O\nis O\n%2$s O\n")));
      case "generate" -> List.of("--task", "generate", "--model", decoder, "--data", write("pairs.jsonl",
          pairs.replace("chosen", "completion")));
      case "dpo" -> List.of("--task", "prefer", "--model", decoder, "--data", write("pairs.jsonl", pairs));
      case "kto" -> List.of("--task", "prefer", "--preference-loss", "kto", "--model", decoder, "--data", write("rated.csv",
          rows("prompt,completion,label\n", "%1$d > ,a%2$s,up", "%1$d > ,xyz,down")));
      case "distil" -> List.of("--task", "distil", "--model", decoder, "--teacher", decoder, "--data", write("pairs.jsonl",
          pairs.replace("chosen", "completion")), "--cross-entropy-weight", 0.5);
      case "distil a classifier" -> List.of("--task", "distil", "--model", encoder, "--teacher", teacher(encoder), "--data",
          write("labels.csv", labels), "--cross-entropy-weight", 0.5, "--metric-for-best-model", "accuracy");
      default -> throw new IllegalArgumentException(task);
    });
    words.addAll(List.of("--batch-size", 4, "--max-steps", STEPS, "--save-steps", 2, "--eval-steps", 3, "--learning-rate",
        "0.003", "--seed", 3));
    return words.stream().map(Object::toString).toList();
  }

  private Path teacher(Path encoder) throws IOException {
    ClassifierTuning.full(encoder, new LabelSet(List.of("down", "up")), 9).save(directory.resolve("teacher"));
    return directory.resolve("teacher");
  }

  private static List<String> with(List<String> flags, Object... more) {
    return Stream.concat(flags.stream(), Arrays.stream(more).map(Object::toString)).toList();
  }

  @Tag("long")
  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"classify", "few-shot", "embed", "embed in parts", "rerank", "tag", "generate", "dpo", "kto", "distil",
      "distil a classifier"})
  void aKilledRunOfATaskEndsWithTheSameBits(String task) throws Exception {
    List<String> flags = flags(task);
    Path plain = directory.resolve("plain");
    assertEquals(STEPS, run(with(flags, "--output-dir", plain)).complete().steps());
    Path killed = directory.resolve("killed");
    kill(with(flags, "--output-dir", killed));
    assertTrue(Files.exists(killed.resolve("checkpoints/step-" + (STEP - 1) + ".safetensors")), "the last checkpoint");
    assertFalse(Files.exists(killed.resolve("report.html")), "the killed run has not come to its end");
    assertEquals(STEPS, run(with(flags, "--output-dir", killed, "--resume")).complete().steps());
    Map<String, byte[]> expected = weights(plain);
    Map<String, byte[]> found = weights(killed);
    assertTrue(!expected.isEmpty() && expected.keySet().equals(found.keySet()), expected.keySet() + " " + found.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, found.get(name), name));
    assertEquals(metrics(plain), metrics(killed));
  }

  private static void kill(List<String> flags) throws Exception {
    List<String> command = with(List.of("-Xmx512m", "-XX:TieredStopAtLevel=1", TaskKillTest.class.getName()),
        flags.toArray());
    Process process = ChildJvm.java(command).redirectErrorStream(true).start();
    StringBuilder printed = new StringBuilder();
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null && !line.startsWith(REACHED); line = lines.readLine()) {
        printed.append(line).append('\n');
      }
      assertTrue(process.isAlive(), printed.toString());
      assertEquals(128 + 9, process.destroyForcibly().waitFor(), printed.toString());
    }
  }

  /** What was tuned, by file. */
  private static Map<String, byte[]> weights(Path out) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    for (String part : List.of("adapter", "model")) {
      if (Files.isDirectory(out.resolve(part))) {
        try (Stream<Path> all = Files.walk(out.resolve(part))) {
          for (Path file : all.filter(f -> f.toString().endsWith(".safetensors") || f.endsWith("few_shot_head.json")).toList()) {
            files.put(out.relativize(file).toString(), Files.readAllBytes(file));
          }
        }
      }
    }
    return files;
  }

  /** Lines without times. */
  private static List<String> metrics(Path out) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(out.resolve("metrics.jsonl"))) {
      ObjectNode tree = (ObjectNode) JsonMapper.shared().readTree(line);
      tree.remove(List.of("seconds", "tokens_per_second"));
      lines.add(tree.toString());
    }
    return lines;
  }
}
