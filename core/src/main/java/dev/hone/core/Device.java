package dev.hone.core;

import dev.hone.core.memory.DeviceMemory;
import dev.hone.core.memory.DeviceProvider;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/**
 * Where the numbers of a tensor lie, and with them what computes: an operation is done by the kernels of its operands'
 * device, so that several devices compute in one JVM. Operands on different devices are refused, never moved in silence:
 * {@link Tensor#to} moves them.
 *
 * <p>Implementation note: a device is its identity and its memory; its kernels are in {@code dev.hone.core.kernel.Kernels},
 * so that this package does not depend on kernels.
 */
public final class Device {
  private static final Map<String, Device> REGISTERED = new TreeMap<>(); // guarded by itself

  /** The processors and the memory of this machine. */
  public static final Device CPU = register("cpu", null);

  private final String name;
  private final DeviceMemory memory;

  private Device(String name, DeviceMemory memory) {
    this.name = name;
    this.memory = memory;
  }

  /**
   * Makes a device known. Its kernels must be as well before a tensor on it is computed with.
   *
   * @param memory what tensors on it lie in
   */
  static Device register(String name, DeviceMemory memory) {
    Device device = new Device(name, memory);
    synchronized (REGISTERED) {
      if (REGISTERED.putIfAbsent(name, device) != null) {
        throw new IllegalStateException("device " + name + " is registered already");
      }
    }
    return device;
  }

  /**
   * The device of a name: {@code cpu}, {@code cuda} for the first GPU or {@code cuda:1} for the second, which is opened when it
   * is first asked for.
   *
   * @throws IllegalArgumentException if there is none; the message names those that there are
   * @throws HoneException if the machine has no such GPU; the message says what was looked for
   */
  public static Device named(String name) {
    synchronized (REGISTERED) {
      Device device = REGISTERED.get(name);
      if (device == null) {
        device = opened(name);
      }
      if (device == null) {
        throw new IllegalArgumentException("there is no device " + name + "; there are: "
            + String.join(", ", REGISTERED.keySet()));
      }
      return device;
    }
  }

  private static Device opened(String name) {
    for (DeviceProvider provider : ServiceLoader.load(DeviceProvider.class, Device.class.getClassLoader())) {
      DeviceMemory memory = provider.open(name);
      if (memory != null) {
        return register(name, memory);
      }
    }
    return null;
  }

  /** Its name, such as {@code cpu}. */
  public String name() {
    return name;
  }

  /** Memory that tensors on it lie in; null of the CPU, whose tensors lie in Java arrays. */
  DeviceMemory memory() {
    return memory;
  }

  /** Bytes of tensors that are in use: on the CPU those of this thread's scopes, elsewhere all. */
  public long liveBytes() {
    return memory == null ? Scope.liveBytes() : memory.liveBytes();
  }

  /** Bytes that tensors may take in all: on the CPU the heap, elsewhere what the device has left and what they have. */
  public long mostBytes() {
    return memory == null ? Runtime.getRuntime().maxMemory() : memory.mostBytes();
  }

  @Override
  public String toString() {
    return name;
  }
}
