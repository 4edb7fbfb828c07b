package dev.hone.core.memory;

/** The memory of a device. It pools what it gives out as suits it; threads may ask at the same time. */
public interface DeviceMemory {
  /**
   * Room for so many bytes, with unspecified contents.
   *
   * @throws OutOfMemoryError if there is none, with the reason
   */
  DeviceBuffer allocate(long bytes);

  /** Bytes that buffers have now. */
  default long liveBytes() {
    return 0;
  }

  /** Bytes that buffers may have in all, those that there are among them. */
  default long mostBytes() {
    return Long.MAX_VALUE;
  }
}
