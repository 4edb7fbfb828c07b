package dev.hone.core.memory;

/** Opens devices that a machine may have when somebody first asks for one by its name: a service. */
public interface DeviceProvider {
  /**
   * The memory of a device.
   *
   * @return null if devices of such a name are not this provider's
   * @throws RuntimeException saying why, if it cannot be had
   */
  DeviceMemory open(String name);
}
