package dev.hone.core.memory;

/** The memory of a tensor and of all views of it. */
public sealed interface Storage permits OwnedStorage, SegmentStorage, QuantizedStorage, DeviceCodes {
  /**
   * The place for another form of the numbers of a tensor on the CPU, or null if there is none.
   *
   * @param size elements of the tensor
   * @param bytes of them
   */
  default WeightLayout.Slot layout(long size, long bytes) {
    return null;
  }
}
