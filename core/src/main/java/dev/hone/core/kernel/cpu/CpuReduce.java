package dev.hone.core.kernel.cpu;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ReduceKernels;
import dev.hone.core.kernel.loops.ReduceLoops;
import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/**
 * Reductions and softmax. Long sums are cut in runs of a fixed length whose results are added in order, so that neither
 * threads nor length cost accuracy.
 */
public final class CpuReduce implements ReduceKernels {
  /** Columns and rows of one block of a column sum. */
  private static final int COLUMNS = 128;
  private static final int ROWS = 64;
  private static final int PARTIAL = 0; // slot of Scratch

  private final ReduceLoops loops;

  /** Reductions on these loops. */
  public CpuReduce(ReduceLoops loops) {
    this.loops = loops;
  }

  @Override
  public void sum(Tensor x, int outer, int length, int inner, float scale, boolean accumulate, Tensor y) {
    Operands.view("sum", "x", x, outer, length, inner);
    Operands.size("sum", "y", y, (long) outer * inner, "outer · inner");
    if (inner == 1) {
      sumRows(x, outer, length, scale, accumulate, y);
    } else {
      sumColumns(x, outer, length, inner, scale, accumulate, y);
    }
  }

  private void sumRows(Tensor x, int rows, int length, float scale, boolean accumulate, Tensor y) {
    float[] xs = x.array();
    int xi = x.offset();
    float[] ys = y.array();
    int yi = y.offset();
    if (length <= CpuElementwise.GRAIN) {
      Workers.ranges(rows, CpuElementwise.rowGrain(length), (from, to) -> {
        for (int row = from; row < to; row++) {
          float sum = (float) (scale * loops.sum(xs, xi + row * length, length));
          ys[yi + row] = accumulate ? ys[yi + row] + sum : sum;
        }
      });
      return;
    }
    for (int row = 0; row < rows; row++) {
      int start = xi + row * length;
      float sum = (float) (scale * total(length, (from, to) -> loops.sum(xs, start + from, to - from)));
      ys[yi + row] = accumulate ? ys[yi + row] + sum : sum;
    }
  }

  /** A sum over part of a row. */
  private interface Part {
    double sum(int from, int to);
  }

  private static double total(int length, Part part) {
    double[] sums = new double[(length + CpuElementwise.GRAIN - 1) / CpuElementwise.GRAIN];
    Workers.ranges(length, CpuElementwise.GRAIN, (from, to) -> sums[from / CpuElementwise.GRAIN] = part.sum(from, to));
    double total = 0;
    for (double sum : sums) {
      total += sum;
    }
    return total;
  }

  private void sumColumns(Tensor x, int outer, int length, int inner, float scale, boolean accumulate, Tensor y) {
    int width = outer * inner;
    int across = (inner + COLUMNS - 1) / COLUMNS;
    int down = (length + ROWS - 1) / ROWS;
    float[] xs = x.array();
    int xi = x.offset();
    float[] ys = y.array();
    int yi = y.offset();
    float[] partial = Scratch.floats(PARTIAL, Math.multiplyExact(down, width));
    Workers.run(outer * across * down, block -> {
      int row = block / across % down * ROWS;
      int column = block % across * COLUMNS;
      int o = block / across / down;
      loops.sumColumns(xs, xi + (o * length + row) * inner + column, inner, Math.min(ROWS, length - row), partial,
          row / ROWS * width + o * inner + column, Math.min(COLUMNS, inner - column));
    });
    for (int rows = down; rows > 1; rows = (rows + ROWS - 1) / ROWS) { // sums of sums, in place: group g goes to row g
      for (int row = 0; row < rows; row += ROWS) {
        loops.sumColumns(partial, row * width, width, Math.min(ROWS, rows - row), partial, row / ROWS * width, width);
      }
    }
    if (!accumulate) {
      Arrays.fill(ys, yi, yi + width, 0);
    }
    if (down > 0) {
      loops.addScaled(scale, partial, 0, ys, yi, width);
    }
  }

  @Override
  public void max(Tensor x, int outer, int length, int inner, Tensor y, int[] indices) {
    Operands.view("max", "x", x, outer, length, inner);
    Operands.size("max", "y", y, (long) outer * inner, "outer · inner");
    if (length == 0 && y.size() > 0) {
      throw new ShapeException("max: the axis to reduce of " + x.shape() + " is empty; there is no largest element");
    }
    if (indices != null && indices.length != y.size()) {
      throw new ShapeException("max: " + indices.length + " indices for the " + y.size() + " elements of y");
    }
    float[] xs = x.array();
    int xi = x.offset();
    float[] ys = y.array();
    int yi = y.offset();
    Workers.ranges(outer * inner, CpuElementwise.rowGrain(length), (from, to) -> {
      for (int i = from; i < to; i++) {
        int start = xi + i / inner * length * inner + i % inner;
        int index = inner == 1 ? first(xs, start, length) : first(xs, start, length, inner);
        ys[yi + i] = xs[start + index * inner];
        if (indices != null) {
          indices[i] = index;
        }
      }
    });
  }

  /** Position of the first NaN, or else of the first maximum. */
  private int first(float[] x, int xi, int length) {
    int nan = loops.indexOf(x, xi, Float.NaN, length);
    return nan >= 0 ? nan : loops.indexOf(x, xi, loops.max(x, xi, length), length);
  }

  private static int first(float[] x, int xi, int length, int stride) {
    int index = 0;
    float best = x[xi];
    for (int j = 1; j < length && best == best; j++) { // stops at NaN
      float value = x[xi + j * stride];
      if (!(value <= best)) {
        best = value;
        index = j;
      }
    }
    return index;
  }

  @Override
  public void cumulativeSum(Tensor x, int outer, int length, int inner, boolean reverse, Tensor y) {
    Operands.view("cumulativeSum", "x", x, outer, length, inner);
    Operands.same("cumulativeSum", "x", x, "y", y);
    float[] xs = x.array();
    int xi = x.offset();
    float[] ys = y.array();
    int yi = y.offset();
    Workers.ranges(outer * inner, CpuElementwise.rowGrain(length), (from, to) -> {
      for (int i = from; i < to; i++) {
        int start = i / inner * length * inner + i % inner;
        double sum = 0;
        for (int j = 0; j < length; j++) {
          int at = start + (reverse ? length - 1 - j : j) * inner;
          sum += xs[xi + at];
          ys[yi + at] = (float) sum;
        }
      }
    });
  }

  @Override
  public double sumOfSquares(Tensor x) {
    float[] xs = x.array();
    int xi = x.offset();
    return total(x.shape().length(), (from, to) -> loops.sumOfSquares(xs, xi + from, to - from));
  }

  @Override
  public void softmax(Tensor x, boolean logarithm, Tensor y) {
    Operands.same("softmax", "x", x, "y", y);
    float[] xs = x.array();
    int xi = x.offset();
    float[] ys = y.array();
    int yi = y.offset();
    int c = x.shape().columns();
    Workers.ranges(x.shape().rows(), CpuElementwise.rowGrain(c), (from, to) -> {
      for (int row = from; row < to; row++) {
        int in = xi + row * c;
        int out = yi + row * c;
        float max = loops.max(xs, in, c);
        if (logarithm) {
          loops.affine(xs, in, 1, -max, ys, out, c); // before the logarithm is taken off: exact where x is large
          loops.affine(ys, out, 1, -(float) Math.log(loops.sumOfExp(ys, out, 0, c)), ys, out, c);
        } else {
          loops.affine(ys, out, (float) (1 / loops.exp(xs, in, max, ys, out, c)), 0, ys, out, c);
        }
      }
    });
  }

  @Override
  public void softmaxBackward(Tensor y, boolean logarithm, Tensor dy, boolean accumulate, Tensor dx) {
    Operands.same("softmaxBackward", "y", y, "dy", dy);
    Operands.same("softmaxBackward", "y", y, "dx", dx);
    float[] ys = y.array();
    int yi = y.offset();
    float[] dys = dy.array();
    int dyi = dy.offset();
    float[] dxs = dx.array();
    int dxi = dx.offset();
    int c = y.shape().columns();
    Workers.ranges(y.shape().rows(), CpuElementwise.rowGrain(c), (from, to) -> {
      for (int row = from; row < to; row++) {
        int at = row * c;
        if (logarithm) {
          float sum = (float) loops.sum(dys, dyi + at, c);
          loops.logSoftmaxGradient(ys, yi + at, dys, dyi + at, sum, accumulate, dxs, dxi + at, c);
        } else {
          float dot = (float) loops.dot(ys, yi + at, dys, dyi + at, c);
          loops.softmaxGradient(ys, yi + at, dys, dyi + at, dot, accumulate, dxs, dxi + at, c);
        }
      }
    });
  }

  @Override
  public void logSumExp(Tensor x, Tensor y) {
    int rows = x.shape().rows();
    int c = x.shape().columns();
    Operands.size("logSumExp", "y", y, rows, "one per row");
    float[] xs = x.array();
    int xi = x.offset();
    float[] ys = y.array();
    int yi = y.offset();
    Workers.ranges(rows, CpuElementwise.rowGrain(c), (from, to) -> {
      for (int row = from; row < to; row++) {
        float max = loops.max(xs, xi + row * c, c);
        ys[yi + row] = Float.isInfinite(max) && !(max > 0) ? max // only -∞, or nothing
            : (float) (max + Math.log(loops.sumOfExp(xs, xi + row * c, max, c)));
      }
    });
  }
}
