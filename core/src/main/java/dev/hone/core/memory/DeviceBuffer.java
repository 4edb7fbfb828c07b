package dev.hone.core.memory;

import java.lang.foreign.MemorySegment;

/**
 * A run of bytes in the memory of a device. Numbers are little-endian, as in files; positions count bytes. What is forgotten
 * instead of freed is given back when it is garbage.
 */
public interface DeviceBuffer {
  /** Copies bytes of the host to position {@code at}. */
  void write(long at, MemorySegment source);

  /** Copies bytes from position {@code at} to the host: as many as the target has. */
  void read(long at, MemorySegment target);

  /** Copies bytes of a buffer of the same device, which may be this one. */
  void copy(long at, DeviceBuffer source, long sourceAt, long bytes);

  /** Sets {@code count} floats. */
  void fill(long at, long count, float value);

  /** Gives the memory back, once. */
  void free();
}
