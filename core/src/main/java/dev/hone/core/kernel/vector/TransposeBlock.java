package dev.hone.core.kernel.vector;

import dev.hone.core.parallel.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns square blocks of as many rows as a vector has lanes.
 *
 * <p>Implementation note. log2(lanes) steps; the step of size s swaps the upper s lanes of every 2s with the lower ones of
 * the row s further down, by one rotation and one blend. Twice as fast as single elements; gathers and the two-vector
 * {@code selectFrom} were slower than those. One method for products and attention: it is among those that take the compiler
 * longest.
 */
abstract class TransposeBlock {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();
  private static final int ROOM = 16;
  static final VectorShuffle<Float> RIGHT_8 = rotation(-8);
  static final VectorShuffle<Float> RIGHT_4 = rotation(-4);
  static final VectorShuffle<Float> RIGHT_2 = rotation(-2);
  static final VectorShuffle<Float> RIGHT_1 = rotation(-1);
  static final VectorShuffle<Float> LEFT_8 = rotation(8);
  static final VectorShuffle<Float> LEFT_4 = rotation(4);
  static final VectorShuffle<Float> LEFT_2 = rotation(2);
  static final VectorShuffle<Float> LEFT_1 = rotation(1);
  static final VectorMask<Float> UPPER_8 = upper(8);
  static final VectorMask<Float> UPPER_4 = upper(4);
  static final VectorMask<Float> UPPER_2 = upper(2);
  static final VectorMask<Float> UPPER_1 = upper(1);

  /** The one for this machine's vectors, or null: no block of such a size, use single elements. */
  static final TransposeBlock INSTANCE = forThisMachine();

  private static TransposeBlock forThisMachine() {
    return switch (LANES) {
      case 16 -> new TransposeBlock16();
      case 8 -> new TransposeBlock8();
      case 4 -> new TransposeBlock4();
      default -> null;
    };
  }

  /**
   * target[k · width + j] = scale · source[j · stride + k] for j and k below the number of lanes.
   *
   * @param room for one block
   */
  abstract void block(float[] source, int si, int stride, float scale, float[] target, int ti, int width, float[] room);

  /** Turns {@code count} blocks, side by side in the source and one below the other in the target. */
  final void blocks(int count, float[] source, int si, int stride, float scale, float[] target, int ti, int width) {
    float[] room = Scratch.floats(ROOM, LANES * LANES);
    for (int i = 0; i < count; i++) {
      block(source, si + i * LANES, stride, scale, target, ti + i * LANES * width, width, room);
    }
  }

  /**
   * y[j, i] = scale · x[i, j].
   *
   * @param rows of x, a multiple of the lanes
   * @param columns of x, a multiple of the lanes
   */
  static void matrix(float[] x, int xAt, int ldx, int rows, int columns, float scale, float[] y, int yAt, int ldy) {
    if (INSTANCE == null) {
      singles(x, xAt, ldx, rows, columns, scale, y, yAt, ldy);
      return;
    }
    for (int i = 0; i < rows; i += LANES) {
      INSTANCE.blocks(columns / LANES, x, xAt + i * ldx, ldx, scale, y, yAt + i, ldy);
    }
  }

  private static void singles(float[] x, int xAt, int ldx, int rows, int columns, float scale, float[] y, int yAt, int ldy) {
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        y[yAt + j * ldy + i] = scale * x[xAt + i * ldx + j];
      }
    }
  }

  private static VectorShuffle<Float> rotation(int by) {
    return VectorShuffle.fromOp(SPECIES, lane -> Math.floorMod(lane + by, LANES));
  }

  private static VectorMask<Float> upper(int size) {
    boolean[] lanes = new boolean[LANES];
    for (int i = 0; i < LANES; i++) {
      lanes[i] = (i & size) != 0;
    }
    return VectorMask.fromArray(SPECIES, lanes, 0);
  }
}
