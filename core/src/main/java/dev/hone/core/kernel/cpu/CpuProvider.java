package dev.hone.core.kernel.cpu;

import dev.hone.core.Device;
import dev.hone.core.kernel.KernelProvider;
import dev.hone.core.kernel.Kernels;

/** The kernels of the CPU: on the Vector API if its module is there, else in plain Java; {@code -Dhone.backend} forces one. */
public final class CpuProvider implements KernelProvider {
  @Override
  public Kernels kernels(Device device) {
    return device == Device.CPU ? choose(System.getProperty("hone.backend", "auto")) : null;
  }

  private static Kernels choose(String backend) {
    boolean present = Kernels.vectorModulePresent();
    return switch (backend) {
      case "scalar" -> CpuKernels.scalar("plain Java, as -Dhone.backend=scalar asks");
      case "vector", "auto" -> {
        if (present) {
          yield CpuKernels.vector("the Vector API");
        }
        if (backend.equals("vector")) {
          throw new IllegalStateException("-Dhone.backend=vector needs the JVM option --add-modules jdk.incubator.vector");
        }
        System.getLogger("dev.hone").log(System.Logger.Level.WARNING,
            "Hone runs its slow plain Java kernels; start the JVM with --add-modules jdk.incubator.vector for SIMD");
        yield CpuKernels.scalar("plain Java, because --add-modules jdk.incubator.vector is missing");
      }
      default -> throw new IllegalArgumentException("-Dhone.backend=" + backend + ": known are auto, vector, scalar");
    };
  }
}
