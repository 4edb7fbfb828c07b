package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.core.kernel.Kernels;
import org.junit.jupiter.api.Test;

class BackendTest {
  /** The build runs this module's tests twice; without this the second run could silently repeat the first. */
  @Test
  void theKernelsAreThoseThatTheBuildAskedFor() {
    String asked = System.getProperty("hone.backend", "auto");
    String best = Kernels.vectorModulePresent() ? "vector" : "scalar";
    assertEquals(asked.equals("auto") ? best : asked, Kernels.active().name());
  }
}
