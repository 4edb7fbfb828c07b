package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The jar has PTX of every kernel source as it is now. */
class ShippedPtxTest {
  private static final Path SOURCES = Path.of("..", "core/src/main/resources/dev/hone/core/kernel/cuda");

  static List<String> families() throws IOException {
    try (Stream<Path> files = Files.list(SOURCES)) {
      return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".cu") && !name.equals("prelude.cu"))
          .map(name -> name.substring(0, name.length() - 3)).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void itWasMadeOfTheSourceAsItIs(String family) throws NoSuchAlgorithmException {
    KernelSource source = KernelSource.of(family);
    byte[] ptx = KernelSource.ptx(family);
    assertNotNull(ptx, "no PTX of " + family + ": run core/src/main/cuda/ptx.sh");
    String text = new String(ptx, StandardCharsets.UTF_8);
    String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(
        source.text().getBytes(StandardCharsets.UTF_8)));
    assertTrue(text.lines().findFirst().orElse("").endsWith("SHA-256 " + hash),
        family + ".cu has changed since its PTX was made: run core/src/main/cuda/ptx.sh");
    assertTrue(text.contains("\n.version 7.0\n.target sm_80\n"), "older drivers take PTX 7.0 only");
    TreeSet<String> entries = new TreeSet<>();
    text.lines().filter(line -> line.contains(".entry ")).forEach(line -> entries.add(line.replaceAll(".*\\.entry (\\w+).*",
        "$1")));
    assertEquals(new TreeSet<>(source.entries().keySet()), entries);
  }

  @Tag("long")
  @Test
  void whereNvccIsItMakesTheSame(@TempDir Path folder) throws IOException {
    assumeTrue(EmulatedDriver.found("nvcc"), "nvcc is not on the PATH: the shipped PTX is not made again");
    assumeTrue(EmulatedDriver.run(List.of("nvcc", "--version")).contains("release 13.0"), "another nvcc writes other PTX");
    EmulatedDriver.run(List.of(Path.of("..", "core/src/main/cuda/ptx.sh").toString(), folder.toString()));
    for (String family : families()) {
      assertArrayEquals(Files.readAllBytes(SOURCES.resolve(family + ".ptx.gz")),
          Files.readAllBytes(folder.resolve(family + ".ptx.gz")), family);
    }
  }
}
