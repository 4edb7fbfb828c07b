package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A tile of C whose sums stay in vector registers: some rows by two vectors.
 *
 * <p>Implementation note. The sums are named locals because vectors in arrays are boxed. A tile must fit the registers with its
 * operands, or the compiler keeps sums in memory, which takes two to three times as long. It may broadcast all values of A of a k
 * ahead of their use: of 16 registers 8 hold sums beside 4 values of A and 2 vectors of B; 5 rows and 6 fitted in some
 * compilations and spilled in others. Of 32 registers 24 hold sums. Per k a tile loads two vectors of B and broadcasts each
 * value of A, so the multiply-add units and not the loads are the limit.
 */
abstract class RegisterTile {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();
  static final int COLUMNS = 2 * LANES;

  /** The tile for this machine. */
  static RegisterTile forThisMachine() {
    return manyRegisters() ? new Tile12() : new Tile4();
  }

  /** Whether there are 32 vector registers and not 16: with 512 bits x64 has as many, as ARM has at any width. */
  static boolean manyRegisters() {
    return SPECIES.vectorBitSize() == 512 || System.getProperty("os.arch").equals("aarch64");
  }

  abstract int rows();

  /** {@link dev.hone.core.kernel.loops.MatMulLoops#tile}. */
  abstract void multiply(int depth, float[] a, int ai, float[] b, int bi, float[] c, int ci, int ldc);
}
