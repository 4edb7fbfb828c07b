package dev.hone.train.distributed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes of a run that are killed, told to end, or stopped. */
class MpiFailureTest {
  private static final int KILLS = Integer.getInteger("hone.kills", 4);
  private static final int STEPS = 14;

  @TempDir
  Path directory;

  private Path inputs;

  @BeforeEach
  void prepare() throws IOException {
    for (Launcher launcher : Launcher.values()) {
      launcher.assumeInstalled();
    }
    inputs = MpiTableTest.inputs(directory.resolve("inputs"));
  }

  private ProcessBuilder train(Path out, Object... more) {
    List<Object> words = new ArrayList<>(List.of("--data", inputs.resolve("rows.csv"), "--max-steps", STEPS, "--learning-rate",
        0.01, "--step-blocks", 4, "--save-steps", 1, "--shard-optimizer"));
    words.addAll(List.of(more));
    return MpiTableTest.train(inputs, out, words.toArray());
  }

  private Process start(ProcessBuilder program, Path printed) throws IOException {
    return program.redirectErrorStream(true).redirectOutput(printed.toFile()).start();
  }

  private void finish(ProcessBuilder program, Path out) throws Exception {
    Path printed = out.resolveSibling(out.getFileName() + ".txt");
    assertEquals(0, start(program, printed).waitFor(), Files.exists(printed) ? Files.readString(printed) : "");
  }

  private static byte[] adapter(Path out) throws IOException {
    return Files.readAllBytes(out.resolve("adapter/adapter_model.safetensors"));
  }

  private byte[] undisturbed() throws Exception {
    Path out = directory.resolve("undisturbed");
    finish(train(out), out);
    return adapter(out);
  }

  /** Whether a run has come to a step. */
  private static boolean reached(Path out, int step) {
    try {
      return Files.readString(out.resolve("metrics.jsonl")).contains("{\"step\":" + step + ",");
    } catch (IOException e) {
      return false; // not yet
    }
  }

  private static boolean writes(Path out) {
    try (Stream<Path> files = Files.list(out.resolve("checkpoints"))) {
      return files.anyMatch(file -> file.toString().endsWith(".tmp"));
    } catch (IOException e) {
      return false;
    }
  }

  private static void until(Process process, BooleanSupplier holds) {
    while (process.isAlive() && !holds.getAsBoolean()) {
      Thread.onSpinWait();
    }
  }

  private static void signal(ProcessHandle process, String name) throws Exception {
    assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor());
  }

  @Test
  @Tag("long")
  void aKilledProcessEndsAllAndAnyNumberGoesOn() throws Exception {
    byte[] expected = undisturbed();
    Random random = new Random(1);
    int inside = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Launcher launcher = Launcher.values()[kill % 2];
      int ranks = 2 + random.nextInt(3);
      boolean whileSaving = kill % 3 == 0;
      int victim = whileSaving ? 0 : random.nextInt(ranks);
      int step = 1 + random.nextInt(STEPS - 4);
      Path out = directory.resolve("killed-" + kill);
      Process run = start(launcher.start(ranks, train(out)), directory.resolve("killed.txt"));
      until(run, () -> reached(out, step));
      ProcessHandle process = launcher.process(run, victim);
      if (whileSaving) {
        until(run, () -> writes(out));
      }
      process.destroyForcibly(); // SIGKILL
      assertTrue(run.waitFor(10, TimeUnit.SECONDS), "kill " + kill + ": the others have not ended");
      assertNotEquals(0, run.exitValue(), "kill " + kill + " came too late");
      inside += writes(out) ? 1 : 0;
      int next = 1 + kill % 4;
      finish(next == 1 ? train(out, "--resume") : launcher.start(next, train(out, "--resume")), out);
      assertArrayEquals(expected, adapter(out), "kill " + kill + " of rank " + victim + " of " + ranks + ", then " + next);
    }
    System.out.println(KILLS + " kills, " + inside + " of them inside a checkpoint: all runs went on to the same bits");
    assertTrue(inside > 0, "no kill hit a checkpoint");
  }

  @Test
  @Tag("long")
  void aProcessThatIsToldToEndEndsAllAfterTheSameStep() throws Exception {
    byte[] expected = undisturbed();
    for (Launcher launcher : Launcher.values()) {
      for (int victim : new int[] {0, 2}) {
        Path out = directory.resolve(launcher + "-" + victim);
        Process run = start(launcher.start(3, train(out, "--max-steps", STEPS)), directory.resolve("told.txt"));
        until(run, () -> reached(out, 2));
        signal(launcher.process(run, victim), "TERM");
        assertTrue(run.waitFor(20, TimeUnit.SECONDS));
        assertNotEquals(0, run.exitValue(), Files.readString(directory.resolve("told.txt")));
        finish(launcher.start(2, train(out, "--resume")), out);
        assertArrayEquals(expected, adapter(out), launcher + ", rank " + victim);
      }
    }
  }

  @Test
  @Tag("long")
  void aProcessThatIsStoppedIsNamed() throws Exception {
    for (Launcher launcher : Launcher.values()) {
      Path out = directory.resolve(launcher + "-stopped");
      ProcessBuilder program = launcher.start(2, train(out));
      program.command().add(program.command().indexOf("-Xmx512m"), "-Dhone.mpi.timeout=10");
      Path printed = directory.resolve(launcher + "-stopped.txt");
      Process run = start(program, printed);
      until(run, () -> reached(out, 2));
      ProcessHandle process = launcher.process(run, 1);
      signal(process, "STOP");
      assertTrue(run.waitFor(60, TimeUnit.SECONDS), "the others have not ended: " + Files.readString(printed));
      String text = Files.readString(printed);
      process.destroyForcibly();
      assertTrue(text.matches("(?s).*rank 0 waits for rank 1 on \\S+\n.*"), text);
      assertTrue(text.matches("(?s).*error: rank 0 on \\S+ has waited 10 s for rank 1 on \\S+; is it stopped or gone.*"), text);
      assertNotEquals(0, run.exitValue());
    }
  }
}
