package dev.hone.core.memory;

import java.lang.foreign.MemorySegment;

/**
 * Elements of any type in a memory segment, little-endian and not necessarily aligned: weights as their file has them.
 *
 * @param segment exactly the bytes of the elements
 * @param slot place for another form of them
 */
public record SegmentStorage(MemorySegment segment, WeightLayout.Slot slot) implements Storage {
  /** Elements without another form. */
  public SegmentStorage(MemorySegment segment) {
    this(segment, new WeightLayout.Slot());
  }

  @Override
  public WeightLayout.Slot layout(long size, long bytes) {
    return bytes == segment.byteSize() ? slot : null;
  }
}
