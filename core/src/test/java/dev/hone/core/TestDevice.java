package dev.hone.core;

import dev.hone.core.kernel.cuda.EmulatedGpu;

/**
 * The device that tests run on: the CPU, or with {@code -Dhone.test.device=mirror} the mirror, where what they compute must be
 * the same, or with {@code cuda} a GPU on the emulated driver.
 */
public final class TestDevice {
  private TestDevice() {}

  /** The device that is asked for. */
  public static Device chosen() {
    String name = System.getProperty("hone.test.device", "cpu");
    return switch (name) {
      case "mirror" -> MirrorDevice.DEVICE;
      case "cuda" -> EmulatedGpu.device();
      default -> Device.named(name);
    };
  }

  /** A tensor there. */
  public static Tensor placed(Tensor tensor) {
    return tensor.to(chosen());
  }
}
