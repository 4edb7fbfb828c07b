package dev.hone.core.kernel;

import dev.hone.core.Device;
import dev.hone.core.Tensor;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The kernels of a device: operations take those of their operands' device. On the CPU they are chosen once: the Vector API if
 * its module is there, else plain Java; {@code -Dhone.backend=vector|scalar} forces one.
 *
 * @param name {@code vector} or {@code scalar} on the CPU
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

  private static final Map<Device, Kernels> OTHERS = new ConcurrentHashMap<>(); // of devices that are not the CPU

  /** The kernels that this JVM computes with on the CPU. */
  public static Kernels active() {
    return Holder.ACTIVE;
  }

  /** The kernels of a device. */
  public static Kernels of(Device device) {
    if (device == Device.CPU) {
      return Holder.ACTIVE;
    }
    return OTHERS.computeIfAbsent(device, Kernels::provided);
  }

  /** Says what computes on a device other than the CPU. */
  public static void register(Device device, Kernels kernels) {
    if (device == Device.CPU || OTHERS.putIfAbsent(device, kernels) != null) {
      throw new IllegalStateException("the device " + device + " has kernels already");
    }
  }

  /** The kernels of the device that a tensor is on. */
  public static Kernels of(Tensor x) {
    return of(x.device());
  }

  /**
   * The kernels of the device that all operands are on.
   *
   * @param op the operation, for messages
   * @param others null ones are left out
   * @throws IllegalArgumentException naming operands and devices, if they are on several
   */
  public static Kernels of(String op, Tensor x, Tensor... others) {
    for (Tensor other : others) {
      if (other != null && other.device() != x.device()) {
        throw new IllegalArgumentException(op + ": " + operand(x) + ", " + operand(other)
            + "; operands must be on one device, move one of them with to()");
      }
    }
    return of(x.device());
  }

  private static String operand(Tensor x) {
    return x.dtype() + " " + x.shape() + " is on the device " + x.device();
  }

  /** Whether the module of the Vector API was added to this JVM. */
  public static boolean vectorModulePresent() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  /** Found at first use, so that no kernel class is loaded before. */
  private static final class Holder {
    static final Kernels ACTIVE = provided(Device.CPU);
  }

  private static Kernels provided(Device device) {
    for (KernelProvider provider : ServiceLoader.load(KernelProvider.class, Kernels.class.getClassLoader())) {
      Kernels kernels = provider.kernels(device);
      if (kernels != null) {
        return kernels;
      }
    }
    throw new IllegalStateException("no kernels for the device " + device + " were found as a service "
        + KernelProvider.class.getName() + "; where jars are packed into one, META-INF/services of hone-core belongs in it");
  }
}
