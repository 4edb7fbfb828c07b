package dev.hone.core.kernel.cpu;

import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.scalar.ScalarAttention;

/** Puts the families together for each kind of loops. */
public final class CpuKernels {
  private CpuKernels() {}

  /** Kernels in plain Java. */
  public static Kernels scalar(String reason) {
    return new Kernels("scalar", reason,
        null,
        null,
        null,
        null,
        new CpuAttention(new ScalarAttention()),
        null,
        null,
        null);
  }

  /** Kernels on the Vector API; fails to load without its module. */
  public static Kernels vector(String reason) {
    return new Kernels("vector", reason,
        null,
        null,
        null,
        null,
        new CpuAttention(new ScalarAttention()),
        null,
        null,
        null);
  }
}
