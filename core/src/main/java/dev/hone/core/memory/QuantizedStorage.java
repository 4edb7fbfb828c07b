package dev.hone.core.memory;

/**
 * Elements in fewer bits, outside the heap.
 *
 * @param codes the codes and scales
 * @param slot place for another form of them
 */
public record QuantizedStorage(Codes codes, WeightLayout.Slot slot) implements Storage {
  /** Elements without another form. */
  public QuantizedStorage(Codes codes) {
    this(codes, new WeightLayout.Slot());
  }

  @Override
  public WeightLayout.Slot layout(long size, long bytes) {
    return size == codes.size() ? slot : null;
  }
}
