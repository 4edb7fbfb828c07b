package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** {@code --task distil} where the teacher is a classifier. */
class DistilCommandsTest {
  @TempDir
  Path directory;

  private Path small;
  private Path rows;
  private Path teacher;

  @BeforeEach
  void prepare() throws IOException {
    small = TinyModel.write(directory.resolve("small"));
    rows = Files.writeString(directory.resolve("rows.csv"), rows("up", "down"));
    Path large = TinyModel.write(directory.resolve("large"), 32, 64);
    CommandRun.of("train", "--model", large, "--data", rows, "--output-dir", directory.resolve("taught"), "--method", "full",
        "--num-train-epochs", 6, "--batch-size", 8, "--learning-rate", "3e-3", "--val-size", 0, "--report-to", "none")
        .assertDone();
    teacher = directory.resolve("taught/model");
  }

  private static String rows(String good, String bad) {
    StringBuilder rows = new StringBuilder("text,label\n");
    for (int i = 0; i < 40; i++) {
      rows.append(i % 2 == 0 ? "the good " : "the awful ").append((char) ('a' + i % 26)).append((char) ('a' + i * 7 % 26))
          .append(',').append(i % 2 == 0 ? good : bad).append('\n');
    }
    return rows.toString();
  }

  private CommandRun distil(Path data, Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--task", "distil", "--model", small, "--teacher", teacher, "--data",
        data, "--output-dir", directory.resolve("out"), "--overwrite", "--method", "full", "--learning-rate", "3e-3"));
    words.addAll(List.of(more));
    return CommandRun.of(words.toArray());
  }

  private double accuracy(Path data) {
    return JsonMapper.shared().readTree(CommandRun.of("evaluate", "--model", directory.resolve("out/model"), "--data", data,
        "--json").assertDone().out()).path("accuracy").asDouble();
  }

  @Test
  void aClassifierLearnsWhatTheTeacherSaysAndNotTheRowsLabels() throws IOException {
    Path swapped = Files.writeString(directory.resolve("swapped.csv"), rows("down", "up"));
    CommandRun run = distil(swapped, "--num-train-epochs", 12, "--batch-size", 8, "--distil-temperature", 2).assertDone();
    assertTrue(run.err().contains("the teacher is a classifier of down, up; it was asked about 40 texts"), run.err());
    assertEquals(1, accuracy(rows));
    assertEquals(0, accuracy(swapped));
    Path kept = directory.resolve("out/teacher.training");
    byte[] said = Files.readAllBytes(kept);
    distil(swapped, "--max-steps", 1, "--distil-temperature", 2).assertDone();
    assertEquals(-1, Arrays.mismatch(said, Files.readAllBytes(kept)), "what was kept is read again");
    distil(swapped, "--max-steps", 1, "--distil-temperature", 3).assertDone();
    assertTrue(Arrays.mismatch(said, Files.readAllBytes(kept)) >= 0, "another temperature asks anew");
  }

  @Test
  void labelsHaveAShareAndTheBestStepMayBeTheMostAccurate() throws IOException {
    distil(rows, "--cross-entropy-weight", 0.5, "--metric-for-best-model", "accuracy", "--num-train-epochs", 8, "--batch-size", 8)
        .assertDone();
    assertEquals(1, accuracy(rows));
    assertTrue(Files.readString(directory.resolve("out/report.html")).contains("accuracy"));
  }

  @Test
  void whatCannotBeIsSaid() throws IOException {
    Path other = Files.writeString(directory.resolve("other.csv"), rows("up", "down") + "fine,sideways\n");
    distil(other, "--val-size", 0).assertUserError("other.csv line 42", "sideways");
    distil(rows, "--teacher-top-k", 4).assertUserError("--teacher-top-k is for language models, and the teacher is a classifier");
    distil(rows, "--metric-for-best-model", "rmse").assertUserError("there is no rmse of classes; use accuracy or macro_f1");
    distil(rows, "--label-smoothing-factor", 0.1).assertUserError("are not for distillation");
    distil(rows, "--teacher", small).assertUserError("is neither a language model nor a classifier of texts");
    Path writer = TinyLanguageModel.write(directory.resolve("writer"));
    distil(rows, "--teacher", writer, "--metric-for-best-model", "accuracy").assertUserError("a language model; use loss");
    Path several = Files.writeString(directory.resolve("several.csv"), "text,label\ngood,a|b\nbad,a\nfine,b\n");
    CommandRun.of("train", "--model", small, "--data", several, "--output-dir", directory.resolve("many"), "--method", "full",
        "--max-steps", 1, "--val-size", 0, "--problem-type", "multi_label_classification", "--report-to", "none").assertDone();
    distil(rows, "--teacher", directory.resolve("many/model")).assertUserError("is for multi_label_classification (2 labels)");
  }
}
