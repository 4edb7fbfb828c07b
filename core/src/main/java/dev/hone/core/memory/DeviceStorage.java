package dev.hone.core.memory;

import java.lang.foreign.MemorySegment;

/** Elements in the memory of a device that is not this machine's. */
public final class DeviceStorage extends OwnedStorage {
  private DeviceBuffer buffer;

  /**
   * Elements in a buffer.
   *
   * @param scope who gives the buffer back, or null for the garbage collector
   */
  public DeviceStorage(DeviceBuffer buffer, Object scope) {
    super(scope);
    this.buffer = buffer;
  }

  /** A copy of bytes of the host that belongs to the garbage collector. */
  public static DeviceStorage of(MemorySegment bytes, DeviceMemory memory) {
    DeviceBuffer buffer = memory.allocate(bytes.byteSize());
    buffer.write(0, bytes);
    return new DeviceStorage(buffer, null);
  }

  /** The memory, or null once it was given back. */
  public DeviceBuffer buffer() {
    return buffer;
  }

  @Override
  public boolean isValid() {
    return buffer != null;
  }

  @Override
  void leaveToCollector() {} // a buffer that is garbage gives itself back

  @Override
  void outlastScopes() {} // likewise

  @Override
  void giveBack() {
    buffer.free();
    buffer = null;
  }
}
