package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No kernel is without a test that launches it and looks at what it wrote. */
class KernelEntriesTest {
  private static final Path TESTS = Path.of("..", "core/src/test/java/dev/hone/core/kernel/cuda");

  @Test
  void everyEntryIsLaunchedByATestOfItsFamily() throws IOException {
    StringBuilder text = new StringBuilder();
    try (Stream<Path> files = Files.list(TESTS)) {
      for (Path file : files.filter(file -> file.toString().endsWith("KernelTest.java")).toList()) {
        text.append(Files.readString(file));
      }
    }
    Set<String> left = new TreeSet<>(EmulatedGpu.entries());
    left.removeIf(entry -> Stream.of(entry, entry.replaceFirst("_\\d+$", ""), entry.replaceFirst("\\d+$", ""))
        .anyMatch(name -> text.indexOf("\"" + name + "\"") >= 0));
    assertEquals(Set.of(), left);
  }
}
