package dev.hone.core.memory;

/** A second form of numbers that never change, which a device multiplies faster with than with the stored one. */
public interface WeightLayout {
  /** Bytes that it takes. */
  long bytes();

  /** The place for a layout beside the numbers; all views of them share it, and it goes when they do. */
  final class Slot {
    private volatile WeightLayout layout;

    /** The layout, or null. */
    public WeightLayout get() {
      return layout;
    }

    /** Puts a layout in the place, or with null takes it away. */
    public void set(WeightLayout other) {
      layout = other;
    }
  }
}
