package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.data.LabelSet;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The tables of {@code docs/wrong-rows.md}: what {@code hone train} says of each of their rows stands beside it. */
class WrongRowsTest {
  private static final Path PAGE = Path.of("../docs/wrong-rows.md");
  /** Flags, file, rows with an arrow for a line end, and the message. */
  private static final Pattern ROW = Pattern.compile("\\| `(--[^`]*)` \\| `([^`:]*): ?([^`]*)` \\| `([^`]*)` \\|");

  @TempDir
  Path directory;

  private static List<String[]> table() throws IOException {
    List<String[]> rows = new ArrayList<>();
    for (String line : Files.readAllLines(PAGE)) {
      Matcher row = ROW.matcher(line.replace("\\|", "\u0001"));
      if (row.matches()) {
        rows.add(new String[] {row.group(1), row.group(2), row.group(3).replace('\u0001', '|').replace(" ↵ ", "\n"), row.group(4)
            .replace('\u0001', '|')});
      } else {
        assertTrue(!line.startsWith("| `"), "not a row of flags, file with rows, and message: " + line);
      }
    }
    return rows;
  }

  @TestFactory
  List<DynamicTest> everyRowIsAnsweredAsThePageSays() throws IOException {
    return table().stream().map(row -> DynamicTest.dynamicTest(row[0] + ": " + row[3], () -> {
      Path data = Files.writeString(directory.resolve(row[1]), row[2] + "\n");
      List<Object> words = new ArrayList<>(List.of("train", "--data", data, "--val-size", 0, "--max-steps", 1, "--overwrite",
          "--output-dir", directory.resolve("out"), "--report-to", "none"));
      words.addAll(List.of(row[0].replace("TEACHER", teacher().toString()).split(" ")));
      boolean writes = row[0].matches(".*(generate|prefer).*") || row[0].equals("--task distil");
      words.addAll(List.of("--model", writes ? TinyLanguageModel.write(directory.resolve("writer"))
          : TinyModel.write(directory.resolve("encoder"))));
      if (row[0].equals("--task distil")) {
        words.addAll(List.of("--teacher", directory.resolve("writer")));
      }
      CommandRun run = CommandRun.of(words.toArray());
      assertEquals("error: " + row[3], run.lastErrorLine().replace(directory + File.separator, ""));
      assertEquals(2, run.code(), run.err());
    })).toList();
  }

  /** A classifier of "up" and "down". */
  private Path teacher() throws IOException {
    ClassifierTuning.full(TinyModel.write(directory.resolve("encoder")), new LabelSet(List.of("down", "up")), 9)
        .save(directory.resolve("teacher"));
    return directory.resolve("teacher");
  }
}
