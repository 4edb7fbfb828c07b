package dev.hone.core.kernel.loops;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Keeps the order in which the items of a sequence add to the rows that they share. All items of a sequence make the same
 * steps; item i may begin the sums of a step when item i - 1 has ended the same step. The sums are then added in the order in
 * which one thread alone would add them, so cutting a sequence into items changes no bit of the result.
 *
 * <p>Items must be handed out in rising order: the one that an item waits for is then always running or done.
 */
public final class SequenceOrder {
  private final AtomicIntegerArray ended; // per item: steps below this number have ended
  private final int item;
  private final boolean first;

  public SequenceOrder(AtomicIntegerArray ended, int item, boolean first) {
    this.ended = ended;
    this.item = item;
    this.first = first;
  }

  /** Waits until the item before this one has ended {@code step}. */
  public void await(int step) {
    for (int spins = 1; !first && ended.getAcquire(item - 1) <= step; spins++) {
      if ((spins & 255) == 0) {
        Thread.yield(); // the other thread may need this core
      } else {
        Thread.onSpinWait();
      }
    }
  }

  /** This item has ended {@code step} and all before it. */
  public void end(int step) {
    ended.setRelease(item, step + 1);
  }

  /** This item makes no more steps, even if it failed. */
  public void endAll() {
    ended.setRelease(item, Integer.MAX_VALUE);
  }
}
