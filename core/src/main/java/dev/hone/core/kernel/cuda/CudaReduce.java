package dev.hone.core.kernel.cuda;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ReduceKernels;
import dev.hone.core.kernel.cpu.Operands;
import dev.hone.core.kernel.cuda.KernelLauncher.Grid;
import java.lang.foreign.MemorySegment;

/** Reductions: long ones in parts of a fixed length, whose results are reduced in turn. */
final class CudaReduce extends CudaFamily implements ReduceKernels {
  private static final int PART = 1 << 14; // elements of a part of a long row
  private static final int ROWS = 512; // of a part of a long column
  private static final int COLUMNS = 32; // of a block
  private static final int MAX_BLOCK = 128; // threads that look for a maximum, or add up one after the other
  private static final int MAX_GRID = 65535; // in any but the first direction

  CudaReduce(GpuMemory memory) {
    super("reduce", memory);
  }

  private static int parts(long length, int part) {
    return (int) Math.max(1, (length + part - 1) / part);
  }

  @Override
  public void sum(Tensor x, int outer, int length, int inner, float scale, boolean accumulate, Tensor y) {
    Operands.view("sum", "x", x, outer, length, inner);
    Operands.size("sum", "y", y, (long) outer * inner, "outer · inner");
    sum(GpuAddress.floats(memory().gpu(), "x", x), outer, length, inner, scale, accumulate,
        GpuAddress.floats(memory().gpu(), "y", y));
  }

  /** The sum of floats that are checked already. */
  void sum(GpuAddress x, int outer, int length, int inner, float scale, boolean accumulate, GpuAddress y) {
    if (inner != 1 && outer > MAX_GRID) {
      sum(x, MAX_GRID, length, inner, scale, accumulate, y);
      long done = (long) MAX_GRID * inner * Float.BYTES;
      sum(new GpuAddress(x.value() + done * length), outer - MAX_GRID, length, inner, scale, accumulate,
          new GpuAddress(y.value() + done));
      return;
    }
    int part = inner == 1 ? PART : ROWS;
    int parts = parts(length, part);
    if (parts == 1) {
      addUp(x, outer, length, inner, Math.max(1, length), scale, accumulate, y, 1);
      return;
    }
    try (Room room = room((long) outer * parts * inner * Float.BYTES)) {
      GpuAddress sums = new GpuAddress(room.buffer().address(0));
      addUp(x, outer, length, inner, part, 1, false, sums, parts);
      sum(sums, outer, parts, inner, scale, accumulate, y);
    }
  }

  private void addUp(GpuAddress x, int outer, int length, int inner, int part, float scale, boolean accumulate, GpuAddress y,
      int parts) {
    if (inner == 1) {
      launch("sum_rows", new Grid(outer, parts, 1, BLOCK, 0), x, length, part, scale, accumulate, y);
    } else {
      launch("sum_columns", new Grid((inner + COLUMNS - 1) / COLUMNS, parts, outer, BLOCK, 0), x, length, inner, part, scale,
          accumulate, y);
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
    if (indices == null) {
      max(x, outer, length, inner, y, (Room) null);
      return;
    }
    try (Room found = room((long) indices.length * Integer.BYTES)) {
      max(x, outer, length, inner, y, found);
      found.buffer().read(0, MemorySegment.ofArray(indices));
    }
  }

  private void max(Tensor x, int outer, int length, int inner, Tensor y, Room indices) {
    if (inner == 1) {
      launch("max_rows", Grid.blocks(outer, MAX_BLOCK), x, length, y, indices);
    } else {
      launch("max_columns", Grid.threads(y.size(), BLOCK), x, length, inner, y, indices, y.size());
    }
  }

  @Override
  public void cumulativeSum(Tensor x, int outer, int length, int inner, boolean reverse, Tensor y) {
    Operands.view("cumulativeSum", "x", x, outer, length, inner);
    Operands.same("cumulativeSum", "x", x, "y", y);
    long n = (long) outer * inner;
    launch("cumulative_sum", Grid.threads(n, MAX_BLOCK), x, length, inner, reverse, y, n);
  }

  @Override
  public double sumOfSquares(Tensor x) {
    return sumsOfSquares(x)[0];
  }

  @Override
  public double[] sumsOfSquares(Tensor... xs) {
    int[] starts = new int[xs.length + 1];
    for (int i = 0; i < xs.length; i++) {
      starts[i + 1] = starts[i] + parts(xs[i].size(), PART);
    }
    double[] totals = new double[xs.length];
    if (xs.length == 0) {
      return totals;
    }
    try (Room sums = room((long) starts[xs.length] * Double.BYTES); Room bounds = ints(starts);
        Room found = room((long) xs.length * Double.BYTES)) {
      for (int i = 0; i < xs.length; i++) {
        launch("sum_of_squares", Grid.blocks(starts[i + 1] - starts[i], BLOCK), xs[i], xs[i].size(), PART,
            new GpuAddress(sums.buffer().address((long) starts[i] * Double.BYTES)));
      }
      launch("sum_doubles", Grid.blocks(xs.length, BLOCK), sums, bounds, found);
      found.buffer().read(0, MemorySegment.ofArray(totals));
    }
    return totals;
  }

  @Override
  public void softmax(Tensor x, boolean logarithm, Tensor y) {
    Operands.same("softmax", "x", x, "y", y);
    launch("softmax", Grid.blocks(x.shape().rows(), BLOCK), x, logarithm, y, x.shape().columns());
  }

  @Override
  public void softmaxBackward(Tensor y, boolean logarithm, Tensor dy, boolean accumulate, Tensor dx) {
    Operands.same("softmaxBackward", "y", y, "dy", dy);
    Operands.same("softmaxBackward", "y", y, "dx", dx);
    launch("softmax_backward", Grid.blocks(y.shape().rows(), BLOCK), y, logarithm, dy, accumulate, dx, y.shape().columns());
  }

  @Override
  public void logSumExp(Tensor x, Tensor y) {
    Operands.size("logSumExp", "y", y, x.shape().rows(), "one per row");
    launch("log_sum_exp", Grid.blocks(x.shape().rows(), BLOCK), x, y, x.shape().columns());
  }
}
