package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Device;
import dev.hone.nn.Task;
import dev.hone.train.TinyLanguageModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
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
    assertTrue(said.contains("\"embedding\""), said);
    assertTrue(said.contains("new 4 tokens"), said);
    assertFalse(isWarmingUp());
  }

  private static boolean isWarmingUp() {
    return Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().startsWith("hone-warm-up"));
  }

  /** A directory whose weights are as large as is said, and of which nothing is read but the configuration. */
  private Path model(String modelType, long bytes) throws IOException {
    TinyLanguageModel.writeConfig(directory.resolve("config.json"));
    Files.writeString(directory.resolve("config.json"), Files.readString(directory.resolve("config.json"))
        .replace("llama", modelType));
    try (RandomAccessFile weights = new RandomAccessFile(directory.resolve("model.safetensors").toFile(), "rw")) {
      weights.setLength(bytes);
    }
    return directory;
  }

  @Test
  void aLargeModelThatIsToAnswerHasAWarmUpThatEndsWhenItIsClosed() throws IOException {
    try (KernelWarmUp warmUp = KernelWarmUp.start(model("llama", 129L << 20), Task.CAUSAL_LM, null, Device.CPU)) {
      assertTrue(isWarmingUp());
      warmUp.await();
    }
    assertFalse(isWarmingUp());
  }

  @Test
  void aSmallModelHasNoneAndWhatIsNoModelHasNone() throws IOException {
    try (KernelWarmUp warmUp = KernelWarmUp.start(model("llama", 127L << 20), Task.CAUSAL_LM, null, Device.CPU)) {
      assertFalse(isWarmingUp());
      warmUp.await();
    }
    try (KernelWarmUp warmUp = KernelWarmUp.start(directory.resolve("nowhere"), Task.CAUSAL_LM, null, Device.CPU)) {
      assertFalse(isWarmingUp());
      warmUp.await();
    }
  }

  @Test
  void aConfigurationThatCannotBeMadeSmallIsLeftToWhoeverLoadsTheModel() throws IOException {
    try (KernelWarmUp warmUp = KernelWarmUp.start(model("no-such-family", 129L << 20), Task.CAUSAL_LM, null, Device.CPU)) {
      warmUp.await();
    }
    assertFalse(isWarmingUp());
  }

  @Test
  void theWarmUpHasEndedWhenItIsClosed() {
    KernelWarmUp warmUp = KernelWarmUp.start();
    warmUp.close();
    assertFalse(isWarmingUp());
    warmUp.await(); // returns at once: nothing to wait for any more
  }

  @Test
  void anInterruptStaysWithTheThreadThatClosesTheWarmUp() {
    KernelWarmUp warmUp = KernelWarmUp.start();
    Thread.currentThread().interrupt();
    warmUp.close();
    assertTrue(Thread.interrupted());
    assertFalse(isWarmingUp());
  }
}
