package dev.hone.core.kernel.cpu;

import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.cuda.CopiedKernels;
import dev.hone.core.kernel.cuda.EmulatedGpu;
import org.junit.jupiter.api.Assumptions;

/** What a test runs on: the same tests for all. */
enum Kind {
  SCALAR,
  VECTOR,
  /** A GPU, or the emulated driver: on copies. Only with {@code -Dhone.test.device=cuda}, for it takes minutes. */
  CUDA;

  /** Whether tests that make cases for kinds have those of this one. */
  boolean isTested() {
    return this != CUDA || System.getProperty("hone.test.device", "").equals("cuda");
  }

  /** The kernels; skips the test where the Vector API is missing, or what makes up for a GPU. */
  Kernels kernels() {
    if (this == SCALAR) {
      return CpuKernels.scalar("for the test");
    }
    if (this == CUDA) {
      Assumptions.assumeTrue(isTested(), "kernels of GPUs are not tested here: only with -Dhone.test.device=cuda");
      return CopiedKernels.on(EmulatedGpu.device());
    }
    Assumptions.assumeTrue(Kernels.vectorModulePresent(),
        "vector loops are not tested: this JVM runs without --add-modules jdk.incubator.vector");
    return CpuKernels.vector("for the test");
  }
}
