package dev.hone.core.memory;

import java.util.concurrent.atomic.AtomicInteger;

/** A second form of numbers that never change, which a device multiplies faster with than with the stored one. */
public interface WeightLayout {
  /** Bytes that it takes. */
  long bytes();

  /** The place for a layout beside the numbers; all views of them share it, and it goes when they do. */
  final class Slot {
    private volatile WeightLayout layout;
    private final AtomicInteger reads = new AtomicInteger(-1); // left until there is to be a layout; below 0: nobody said

    /** The layout, or null. */
    public WeightLayout get() {
      return layout;
    }

    /** Puts a layout in the place, or with null takes it away. */
    public void set(WeightLayout other) {
      layout = other;
    }

    /** Says that there is to be a layout, which products have the bits of from now on, once {@code count} of them came. */
    public void awaitReads(int count) {
      reads.set(count);
    }

    /** Whether {@link #awaitReads} has been called. */
    public boolean isAwaited() {
      return reads.get() >= 0;
    }

    /** Counts a read. True for the one with which the layout is due. */
    public boolean isDue() {
      return reads.getAndUpdate(left -> left > 0 ? left - 1 : left) == 1;
    }
  }
}
