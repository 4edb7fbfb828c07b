package dev.hone.core.kernel;

import dev.hone.core.kernel.cpu.CpuKernels;

/**
 * The kernels in use. Chosen once: the Vector API if its module is there, else plain Java;
 * {@code -Dhone.backend=vector|scalar} forces one.
 *
 * @param name {@code vector} or {@code scalar}
 * @param reason why this one, in one line for the user
 * @param matmul matrix products
 * @param elementwise operations on single elements
 * @param reduce sums, maxima, softmax
 * @param norm layer norm and RMS norm
 * @param attention attention and rotary embedding
 * @param loss cross-entropy
 * @param optimizer optimiser steps
 * @param gather moving rows and axes
 */
public record Kernels(String name, String reason, MatMulKernels matmul, ElementwiseKernels elementwise,
    ReduceKernels reduce, NormKernels norm, AttentionKernels attention, LossKernels loss, OptimizerKernels optimizer,
    GatherKernels gather) {

  /** The kernels that this JVM computes with. */
  public static Kernels active() {
    return Holder.ACTIVE;
  }

  /** Whether the module of the Vector API was added to this JVM. */
  public static boolean vectorModulePresent() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  /** Resolved at first use, so that no kernel class is loaded before. */
  private static final class Holder {
    static final Kernels ACTIVE = choose(System.getProperty("hone.backend", "auto"));

    private static Kernels choose(String backend) {
      boolean present = vectorModulePresent();
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
}
