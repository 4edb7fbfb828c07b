package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.LANES;

import dev.hone.core.parallel.Scratch;
import java.util.Arrays;

/**
 * What whole vectors leave of a run, copied into whole ones: the loop of the others does it, and an element has the same bits
 * wherever in a batch its row lies.
 */
final class LastVector {
  private static final int SLOT = 11;
  private static final int PLACES = 5;

  private LastVector() {}

  /** Room for some vectors, the first of which holds {@code n} elements of x, then zeros. */
  static float[] of(float[] x, int xi, int n) {
    float[] room = Scratch.floats(SLOT, PLACES * LANES);
    put(x, xi, n, room, 0);
    return room;
  }

  /** Puts {@code n} elements, then zeros, into vector {@code place} of a room; returns its index. */
  static int put(float[] x, int xi, int n, float[] room, int place) {
    int at = place * LANES;
    System.arraycopy(x, xi, room, at, n);
    Arrays.fill(room, at + n, at + LANES, 0);
    return at;
  }
}
