package dev.hone.train.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.fixture.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The table: no MPI against 1, 2, 3, 4 and 7 processes of Open MPI and of MPICH, LoRA and full, classifier and decoder, AdamW and
 * Muon, sharded and not, with dropout, accumulation, packed batches and clipping. Weights byte for byte, and all figures of
 * {@code metrics.jsonl} but times.
 */
class MpiTableTest {
  private static final String TIMES = "\"(tokens_per_second|seconds)\":[^,}]*,?";

  private static final int[] RANKS = Arrays.stream(System.getProperty("hone.mpi.ranks", "1,2,3,4,7").split(","))
      .mapToInt(Integer::parseInt).toArray();

  @TempDir
  Path directory;

  static Path inputs(Path directory) throws IOException {
    TinyModel.write(directory.resolve("classifier"));
    TinyLanguageModel.write(directory.resolve("decoder"));
    Files.writeString(directory.resolve("rows.csv"), TinyModel.reviews(40));
    StringBuilder texts = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      texts.append("{\"text\": \"once upon a time ").append("x".repeat(i % 7 * 3)).append(i).append("\"}\n");
    }
    Files.writeString(directory.resolve("texts.jsonl"), texts);
    return directory;
  }

  /** {@code hone train} with the classifier of the inputs. */
  static ProcessBuilder train(Path inputs, Path out, Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--model", inputs.resolve("classifier"), "--output-dir", out,
        "--batch-size", 8, "--report-to", "none"));
    words.addAll(List.of(more));
    return ChildJvm.hone(words.toArray());
  }

  private Map<String, byte[]> outcome(ProcessBuilder program, Path out) throws Exception {
    Path printed = Files.createTempFile(directory, "printed", ".txt");
    Process process = program.redirectErrorStream(true).redirectOutput(printed.toFile()).start();
    assertEquals(0, process.waitFor(), () -> {
      try {
        return Files.readString(printed);
      } catch (IOException e) {
        return e.toString();
      }
    });
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(out)) {
      for (Path file : all.filter(path -> path.toString().endsWith("model.safetensors") || path.endsWith("metrics.jsonl"))
          .toList()) {
        byte[] bytes = Files.readAllBytes(file);
        files.put(out.relativize(file).toString(),
            file.endsWith("metrics.jsonl") ? Files.readString(file).replaceAll(TIMES, "").getBytes() : bytes);
      }
    }
    return files;
  }

  private ProcessBuilder cases(Path inputs, Path out) {
    return ChildJvm.java(List.of("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dhone.threads=1",
        "-Dhone.backend=scalar", MpiCases.class.getName(), inputs.toString(), out.toString()));
  }

  @Test
  @Tag("long")
  void everyNumberOfProcessesOfEitherMpiHasTheBytesOfNone() throws Exception {
    for (Launcher launcher : Launcher.values()) {
      launcher.assumeInstalled();
    }
    Path inputs = inputs(directory.resolve("inputs"));
    Map<String, byte[]> alone = outcome(cases(inputs, directory.resolve("alone")), directory.resolve("alone"));
    assertEquals(2 * MpiCases.all(inputs).size(), alone.size(), alone.keySet().toString());
    List<String> different = new ArrayList<>();
    alone.forEach((name, bytes) -> compare("no MPI", name, alone.get(name.replaceFirst("-sharded/", "/")), bytes, different));
    for (Launcher launcher : Launcher.values()) {
      for (int ranks : RANKS) {
        long start = System.nanoTime();
        int before = different.size();
        Path out = directory.resolve(launcher + "-" + ranks);
        Map<String, byte[]> these = outcome(launcher.start(ranks, cases(inputs, out)), out);
        alone.forEach((name, bytes) -> compare(out.getFileName().toString(), name, bytes, these.get(name), different));
        System.out.printf("%-9s %d processes: %d of %d files as without MPI, %.0f s%n", launcher, ranks,
            alone.size() - different.size() + before, alone.size(), (System.nanoTime() - start) / 1e9);
      }
    }
    assertEquals(List.of(), different);
  }

  private static void compare(String who, String name, byte[] expected, byte[] actual, List<String> different) {
    if (!Arrays.equals(expected, actual)) {
      different.add(who + ": " + name + (actual == null ? " is not there" : ""));
    }
  }
}
