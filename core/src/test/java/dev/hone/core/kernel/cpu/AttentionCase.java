package dev.hone.core.kernel.cpu;

import dev.hone.core.AttentionSpec;
import dev.hone.core.KeyBias;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.AttentionKernels;
import dev.hone.core.kernel.Columns;
import dev.hone.core.random.Philox;
import java.util.Arrays;

/** One attention problem of the tests: what attends to what, and random operands inside wider tensors. */
record AttentionCase(String name, int[] queries, int[] keys, int heads, int kvHeads, int headDim, boolean causal, int window,
    float softCap, float dropout, boolean biased) {
  private static final int MARGIN = 3; // unused columns around the operands: odd strides, and room to see stray writes
  private static final float UNTOUCHED = 12345;

  static AttentionCase of(String name, int heads, int kvHeads, int headDim, int... lengths) {
    return new AttentionCase(name, lengths, lengths, heads, kvHeads, headDim, false, Integer.MAX_VALUE, 0, 0, false);
  }

  AttentionCase keys(int... lengths) {
    return new AttentionCase(name, queries, lengths, heads, kvHeads, headDim, causal, window, softCap, dropout, biased);
  }

  AttentionCase asCausal() {
    return new AttentionCase(name, queries, keys, heads, kvHeads, headDim, true, window, softCap, dropout, biased);
  }

  AttentionCase window(int distance) {
    return new AttentionCase(name, queries, keys, heads, kvHeads, headDim, causal, distance, softCap, dropout, biased);
  }

  AttentionCase softCap(float cap) {
    return new AttentionCase(name, queries, keys, heads, kvHeads, headDim, causal, window, cap, dropout, biased);
  }

  AttentionCase dropout(float share) {
    return new AttentionCase(name, queries, keys, heads, kvHeads, headDim, causal, window, softCap, share, biased);
  }

  AttentionCase withBias() {
    return new AttentionCase(name, queries, keys, heads, kvHeads, headDim, causal, window, softCap, dropout, true);
  }

  /** Slopes of linear biases, 2^-4, 2^-5 and so on, and a little more for odd places, so that no line fits. */
  private KeyBias bias() {
    int length = Arrays.stream(keys).max().orElse(0) + 3;
    float[] values = new float[heads * length];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % length * (float) Math.pow(2, -4 - i / length) + i % length % 2 * 0.25f;
    }
    return new KeyBias(values, length);
  }

  AttentionSpec spec() {
    return new AttentionSpec(offsets(queries), offsets(keys), heads, kvHeads, headDim, (float) (1.3 / Math.sqrt(headDim)),
        causal, window,
        softCap, dropout, dropout > 0 ? new Philox(5, 77L << 32 | 9) : null, biased ? bias() : null);
  }

  static int[] offsets(int[] lengths) {
    int[] offsets = new int[lengths.length + 1];
    for (int i = 0; i < lengths.length; i++) {
      offsets[i + 1] = offsets[i] + lengths[i];
    }
    return offsets;
  }

  int queryRows() {
    return Arrays.stream(queries).sum();
  }

  int keyRows() {
    return Arrays.stream(keys).sum();
  }

  /** Normal numbers as columns of a wider tensor. */
  static Columns random(int rows, int width, long stream) {
    float[] data = new float[rows * (width + 2 * MARGIN)];
    new Philox(1, stream).fillNormal(data, 0, data.length, 0, 1);
    return new Columns(Tensor.of(data, rows, width + 2 * MARGIN), MARGIN, width);
  }

  /** Columns to be overwritten, with NaN inside and a mark outside. */
  static Columns result(int rows, int width) {
    Tensor wide = Tensor.full(UNTOUCHED, rows, width + 2 * MARGIN);
    for (int row = 0; row < rows; row++) {
      Arrays.fill(wide.array(), row * (width + 2 * MARGIN) + MARGIN, row * (width + 2 * MARGIN) + MARGIN + width, Float.NaN);
    }
    return new Columns(wide, MARGIN, width);
  }

  /** The numbers inside the columns; fails if one outside was written. */
  static float[] inside(Columns columns) {
    float[] values = new float[columns.rows() * columns.width()];
    for (int row = 0; row < columns.rows(); row++) {
      int at = columns.offset() + row * columns.stride();
      System.arraycopy(columns.array(), at, values, row * columns.width(), columns.width());
      for (int i = 1; i <= MARGIN; i++) {
        if (columns.array()[at - i] != UNTOUCHED || columns.array()[at + columns.width() + i - 1] != UNTOUCHED) {
          throw new AssertionError("row " + row + " was written outside its columns");
        }
      }
    }
    return values;
  }

  /** The random numbers inside the columns. */
  static double[] values(Columns columns) {
    double[] values = new double[columns.rows() * columns.width()];
    for (int i = 0; i < values.length; i++) {
      values[i] = columns.array()[columns.offset() + i / columns.width() * columns.stride() + i % columns.width()];
    }
    return values;
  }

  /** Operands and results of both passes. */
  final class Run {
    final Columns q = random(queryRows(), heads * headDim, 1);
    final Columns k = random(keyRows(), kvHeads * headDim, 2);
    final Columns v = random(keyRows(), kvHeads * headDim, 3);
    final Columns dOut = random(queryRows(), heads * headDim, 4);
    final Columns out = result(queryRows(), heads * headDim);
    final Columns dq = result(queryRows(), heads * headDim);
    final Columns dk = result(keyRows(), kvHeads * headDim);
    final Columns dv = result(keyRows(), kvHeads * headDim);
    final Tensor logSumExp = Tensor.full(Float.NaN, heads, queryRows());

    Run forward(AttentionKernels kernels) {
      kernels.forward(spec(), q, k, v, out, logSumExp);
      return this;
    }

    Run backward(AttentionKernels kernels) {
      kernels.backward(spec(), q, k, v, out, logSumExp, dOut, dq, dk, dv);
      return this;
    }
  }

  Run run() {
    return new Run();
  }

  @Override
  public String toString() {
    return name;
  }
}
