package dev.hone.core.parallel;

/**
 * Working arrays of kernels, one set per thread, kept between calls. A kernel asks by slot: two arrays that it needs at
 * the same time have different slots. Contents are whatever the last user left.
 */
public final class Scratch {
  /** How many arrays one thread can hold at the same time. */
  public static final int SLOTS = 17;

  private static final ThreadLocal<float[][]> ARRAYS = ThreadLocal.withInitial(() -> new float[SLOTS][]);

  private Scratch() {}

  /**
   * An array of at least {@code length} floats, not cleared.
   *
   * @param slot from 0 to {@link #SLOTS} - 1
   */
  public static float[] floats(int slot, int length) {
    float[][] arrays = ARRAYS.get();
    float[] array = arrays[slot];
    if (array == null || array.length < length) {
      array = new float[Math.max(length, 64)];
      arrays[slot] = array;
    }
    return array;
  }
}
