package dev.hone.core.kernel.cpu;

import dev.hone.core.kernel.Kernels;
import org.junit.jupiter.api.Assumptions;

/** Which loops a test runs on: the same tests for both. */
enum Kind {
  SCALAR,
  VECTOR;

  /** The kernels; skips the test where the Vector API is missing. */
  Kernels kernels() {
    if (this == SCALAR) {
      return CpuKernels.scalar("for the test");
    }
    Assumptions.assumeTrue(Kernels.vectorModulePresent(),
        "vector loops are not tested: this JVM runs without --add-modules jdk.incubator.vector");
    return CpuKernels.vector("for the test");
  }
}
