package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class EmulatedDriverTest {
  /** The program plants a mistake of each kind: a barrier left out, a stale handle, a write past the end, and so on. */
  @Tag("long")
  @Test
  void findsEveryKindOfMistakeAndRunsKernelsThatHaveNone() {
    String output = EmulatedDriver.run(List.of(EmulatedDriver.program("emulator").toString()));
    List<String> checks = output.lines().filter(line -> line.startsWith("ok ")).toList();
    assertTrue(checks.size() >= 89 && !output.contains("FAILED"), output);
  }
}
