package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.source.hub.PublicFakeHub;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are killed while they fetch a model, and processes that want the same. */
class KilledDownloadTest {
  private static final int SIZE = 40_000_000; // three chunks

  @TempDir
  Path directory;

  private final byte[] weights = new byte[SIZE];
  private final List<Process> started = new ArrayList<>();
  private PublicFakeHub hub;
  private Path blobs;

  @BeforeEach
  void publish() throws IOException {
    new Random(3).nextBytes(weights);
    hub = new PublicFakeHub();
    hub.put("org/big", Map.of("config.json", "{}".getBytes(StandardCharsets.UTF_8), "model.safetensors", weights));
    blobs = directory.resolve("hub/models--org--big/blobs");
  }

  @AfterEach
  void close() throws IOException {
    started.forEach(Process::destroyForcibly);
    hub.close();
  }

  private Process get() throws IOException {
    ProcessBuilder builder = ChildJvm.hone("models", "get", "org/big").redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("HF_") || name.toLowerCase().endsWith("_proxy"));
    // nothing here is to be given up by time
    builder.environment()
        .putAll(Map.of("HF_ENDPOINT", hub.address(), "HF_HOME", directory.toString(), "HF_HUB_DOWNLOAD_TIMEOUT", "100000"));
    Process process = builder.start();
    started.add(process);
    return process;
  }

  /** Bytes that the record of the file says are there. */
  private long present() throws IOException {
    if (!Files.isDirectory(blobs)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(blobs)) {
      Path record = files.filter(file -> file.toString().endsWith(".record")).findFirst().orElse(null);
      byte[] content = record == null ? new byte[0] : Files.readAllBytes(record);
      long sum = 0;
      for (int i = 3 * Long.BYTES; i + Long.BYTES <= content.length; i += Long.BYTES) {
        sum += ByteBuffer.wrap(content).getLong(i);
      }
      return sum;
    }
  }

  private void awaitBytes(Process process, long bytes) throws IOException {
    while (present() < bytes) {
      assertTrue(process.isAlive(), "it ended");
      Thread.onSpinWait();
    }
  }

  private void assertWhole() throws IOException {
    Path snapshots = directory.resolve("hub/models--org--big/snapshots");
    try (Stream<Path> all = Files.walk(snapshots)) {
      Path file = all.filter(path -> path.endsWith("model.safetensors")).findFirst().orElseThrow();
      assertArrayEquals(weights, Files.readAllBytes(file));
    }
    try (Stream<Path> files = Files.list(blobs)) {
      assertEquals(2, files.count(), "nothing is left over");
    }
  }

  @Test
  void whatCameBeforeAKillIsNotFetchedAgain() throws Exception {
    for (int kill = 1; kill <= 3; kill++) {
      hub.recover();
      hub.die(1_000_000);
      Process process = get();
      awaitBytes(process, 3_000_000L * kill); // a million in each of three chunks
      process.destroyForcibly().waitFor();
      assertFalse(Files.exists(directory.resolve("hub/models--org--big/refs/main")));
      try (Stream<Path> files = Files.list(blobs)) {
        assertEquals(List.of(".hone-part", ".record"), files.map(file -> file.getFileName().toString())
            .filter(name -> name.contains(".")).map(name -> name.substring(name.lastIndexOf('.'))).sorted().toList());
      }
    }
    assertEquals(9_000_000, present());
    hub.recover();
    hub.forget();
    Process last = get();
    assertEquals(0, last.waitFor());
    assertEquals(List.of(3_000_000L, 3_000_000L + (16 << 20), 3_000_000L + (32 << 20)), hub.ranges().stream().sorted().toList());
    assertWhole();
  }

  @Test
  void aProcessWaitsForAnotherAndGoesOnIfThatIsKilled() throws Exception {
    hub.die(1_000_000);
    Process first = get();
    awaitBytes(first, 3_000_000);
    Process second = get();
    try (BufferedReader lines = second.inputReader(StandardCharsets.UTF_8)) {
      String line = lines.readLine();
      while (line != null && !line.startsWith("waiting for another run that fetches model.safetensors")) {
        line = lines.readLine();
      }
      assertTrue(line != null, "it waits, and says so");
      hub.recover();
      hub.forget();
      first.destroyForcibly().waitFor();
      while (lines.readLine() != null) {
        // until it ends
      }
    }
    assertEquals(0, second.waitFor());
    assertEquals(List.of(1_000_000L, 1_000_000L + (16 << 20), 1_000_000L + (32 << 20)), hub.ranges().stream().sorted().toList());
    assertWhole();
  }
}
