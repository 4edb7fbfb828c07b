package dev.hone.core.kernel;

import dev.hone.core.Tensor;
import dev.hone.core.memory.HalfFloats;

/** Moving rows and axes. */
public interface GatherKernels {
  /** y[i] = scale · table[rows[i]]; the table is [V, C] of any float type, y is [N, C]. Row -1 gives zeros. */
  void rows(Tensor table, int[] rows, float scale, Tensor y);

  /** dTable[rows[i]] += scale · dy[i], in the order of i for each row of the table; row -1 is left out. */
  void addRows(Tensor dy, int[] rows, float scale, Tensor dTable);

  /** Adds rows with a scale of one element, which a device need not bring to the host. */
  void addRows(Tensor dy, int[] rows, Tensor scale, Tensor dTable);

  /**
   * y = x with its axes in another order.
   *
   * @param order axis i of y is axis {@code order[i]} of x
   */
  void permute(Tensor x, int[] order, Tensor y);

  /** dst[o, at + j, :] = src[o, from + j, :] for j below {@code count}; both are seen as [outer, length, inner]. */
  void copyBlock(Tensor src, int from, Tensor dst, int at, int count, int outer, int inner, boolean accumulate);

  /** How numbers that wait on this device take half the memory. What other devices keep stays as it is. */
  default HalfFloats halfFloats() {
    throw new UnsupportedOperationException("BF16 for what waits: only the CPU keeps floats in half the memory");
  }
}
