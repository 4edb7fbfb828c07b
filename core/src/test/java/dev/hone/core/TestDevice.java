package dev.hone.core;

/**
 * The device that tests run on: the CPU, or with {@code -Dhone.test.device=mirror} the mirror, where what they compute must be
 * the same.
 */
public final class TestDevice {
  private TestDevice() {}

  /** The device that is asked for. */
  public static Device chosen() {
    String name = System.getProperty("hone.test.device", "cpu");
    return name.equals("mirror") ? MirrorDevice.DEVICE : Device.named(name);
  }

  /** A tensor there. */
  public static Tensor placed(Tensor tensor) {
    return tensor.to(chosen());
  }
}
