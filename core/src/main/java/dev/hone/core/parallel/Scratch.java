package dev.hone.core.parallel;

import dev.hone.core.memory.Shelf;

/**
 * Working arrays of kernels. A kernel asks by slot: two arrays that it needs at the same time have different slots. Contents
 * are whatever the last user left.
 *
 * <p>A thread borrows a set of them while it has a scope open or works on a parallel loop; in between it has none, so that
 * threads that have once computed hold nothing.
 */
public final class Scratch {
  /** How many arrays a set has. */
  public static final int SLOTS = 17;

  private static final ThreadLocal<float[][]> BORROWED = new ThreadLocal<>(); // only while borrowed; no class of ours
  private static final Shelf<float[][]> SHELF = Shelf.make();

  private Scratch() {}

  /**
   * An array of at least {@code length} floats, not cleared: that of the last call for this slot if it is long enough and the
   * thread has borrowed a set.
   *
   * @param slot from 0 to {@link #SLOTS} - 1
   */
  public static float[] floats(int slot, int length) {
    float[][] arrays = BORROWED.get();
    if (arrays == null) {
      return new float[Math.max(length, 64)];
    }
    float[] array = arrays[slot];
    if (array == null || array.length < length) {
      array = new float[Math.max(length, 64)];
      arrays[slot] = array;
    }
    return array;
  }

  /** Borrows a set for this thread. False, and nothing happens, if it has one already. */
  public static boolean borrow() {
    if (BORROWED.get() != null) {
      return false;
    }
    float[][] arrays = SHELF.take();
    BORROWED.set(arrays == null ? new float[SLOTS][] : arrays);
    return true;
  }

  /** Gives back what a {@link #borrow} that was true brought. */
  public static void giveBack() {
    SHELF.put(BORROWED.get());
    BORROWED.remove();
  }

  /** Gives this thread, which is one of ours, a set of its own, which ends with it. */
  static void own() {
    BORROWED.set(new float[SLOTS][]);
  }
}
