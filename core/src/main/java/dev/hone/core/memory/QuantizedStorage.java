package dev.hone.core.memory;

/**
 * Elements in fewer bits, outside the heap.
 *
 * @param codes the codes and scales
 * @param layout place for another form of them
 */
public record QuantizedStorage(Codes codes, WeightLayout.Slot layout) implements Storage {
  /** Elements without another form. */
  public QuantizedStorage(Codes codes) {
    this(codes, new WeightLayout.Slot());
  }
}
