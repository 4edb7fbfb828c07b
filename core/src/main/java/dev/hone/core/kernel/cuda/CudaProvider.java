package dev.hone.core.kernel.cuda;

import dev.hone.core.memory.DeviceMemory;
import dev.hone.core.memory.DeviceProvider;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Opens GPUs: {@code cuda} is the first, {@code cuda:1} the second. */
public final class CudaProvider implements DeviceProvider {
  static final String NAME = "cuda";
  private static final Map<String, GpuMemory> OPENED = new ConcurrentHashMap<>(); // by the name of the device

  /** For the service loader. */
  public CudaProvider() {}

  @Override
  public DeviceMemory open(String name) {
    if (!name.equals(NAME) && !name.matches(NAME + ":[1-9]\\d{0,3}")) {
      return null;
    }
    return OPENED.computeIfAbsent(name,
        _ -> Cuda.open(name.equals(NAME) ? 0 : Integer.parseInt(name.substring(NAME.length() + 1))));
  }

  /** The memory of a device that was opened, by its name; null if it is no GPU. */
  static GpuMemory memory(String device) {
    return OPENED.get(device);
  }
}
