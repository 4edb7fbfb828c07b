package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RehearsalTest {
  @TempDir
  Path directory;

  @Test
  void itTrainsAndPredictsAndLeavesNoThreadAtWork() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    int code = Rehearsal.run(directory, new Console(InputStream.nullInputStream(), stream, stream, false));
    String said = out.toString(StandardCharsets.UTF_8);
    assertEquals(0, code, said);
    assertTrue(said.contains("works like a charm"), said);
    assertEquals(4, Files.readString(directory.resolve("out/metrics.jsonl")).lines().filter(l -> l.contains("\"loss\"")).count(),
        said);
    assertFalse(Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().startsWith("hone-warm-up")));
  }

  @Test
  void theWarmUpHasEndedWhenItIsClosed() {
    KernelWarmUp warmUp = KernelWarmUp.start();
    warmUp.close();
    assertFalse(Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().startsWith("hone-warm-up")));
    warmUp.await(); // returns at once: nothing to wait for any more
  }

  @Test
  void anInterruptStaysWithTheThreadThatClosesTheWarmUp() {
    KernelWarmUp warmUp = KernelWarmUp.start();
    Thread.currentThread().interrupt();
    warmUp.close();
    assertTrue(Thread.interrupted());
    assertFalse(Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().startsWith("hone-warm-up")));
  }
}
