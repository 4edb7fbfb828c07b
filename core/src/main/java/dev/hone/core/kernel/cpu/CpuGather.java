package dev.hone.core.kernel.cpu;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import dev.hone.core.kernel.GatherKernels;
import dev.hone.core.kernel.loops.ElementwiseLoops;
import dev.hone.core.kernel.loops.GatherLoops;
import dev.hone.core.memory.HalfFloats;
import dev.hone.core.parallel.Workers;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Moving rows and axes. */
public final class CpuGather implements GatherKernels {
  private static final int COLUMNS = 128; // of one block of addRows
  private static final float[] ZERO = new float[1];

  private final GatherLoops loops;
  private final ElementwiseLoops elementwise;
  private final HalfFloats halves;

  /** Gathers on these loops. */
  public CpuGather(GatherLoops loops, ElementwiseLoops elementwise) {
    this.loops = loops;
    this.elementwise = elementwise;
    this.halves = new Halves(loops);
  }

  @Override
  public void rows(Tensor table, int[] rows, float scale, Tensor y) {
    int c = check("rows", "table", table, rows, "y", y);
    float[] ys = y.array();
    int yi = y.offset();
    RowReader reader = table.isReadOnly() ? storedReader(table, scale, c) : heapReader(table, scale, c);
    Workers.ranges(rows.length, CpuElementwise.rowGrain(c), (from, to) -> {
      for (int i = from; i < to; i++) {
        int at = yi + i * c;
        if (rows[i] < 0) {
          Arrays.fill(ys, at, at + c, 0);
        } else {
          reader.read(rows[i], ys, at);
        }
      }
    });
  }

  /** Writes one row of a table to {@code y} at {@code yi}. */
  private interface RowReader {
    void read(int row, float[] y, int yi);
  }

  private RowReader heapReader(Tensor table, float scale, int c) {
    float[] ts = table.array();
    int ti = table.offset();
    if (scale == 1) {
      return (row, y, yi) -> System.arraycopy(ts, ti + row * c, y, yi, c);
    }
    return (row, y, yi) -> elementwise.unary(Unary.AFFINE, scale, 0, ts, ti + row * c, y, yi, c);
  }

  private RowReader storedReader(Tensor table, float scale, int c) {
    if (table.isQuantized()) {
      Quantized codes = Quantized.in(table);
      long first = table.offset();
      return (row, y, yi) -> {
        codes.read(first + (long) row * c, c, y, yi);
        if (scale != 1) {
          elementwise.unary(Unary.AFFINE, scale, 0, y, yi, y, yi, c);
        }
      };
    }
    if (!table.dtype().isFloat()) {
      throw new IllegalArgumentException("rows: the table is " + table.dtype() + "; it must be of a float type");
    }
    MemorySegment segment = table.segment();
    return (row, y, yi) -> loops.widen(segment, table.dtype(), (long) row * c, scale, y, yi, c);
  }

  @Override
  public void addRows(Tensor dy, int[] rows, float scale, Tensor dTable) {
    int c = check("addRows", "dTable", dTable, rows, "dy", dy);
    float[] dys = dy.array();
    int dyi = dy.offset();
    float[] ts = dTable.array();
    int ti = dTable.offset();
    Workers.ranges(c, COLUMNS, (from, to) -> { // by columns, so that each row's order is that of i without any locks
      for (int i = 0; i < rows.length; i++) {
        if (rows[i] >= 0) {
          elementwise.addScaled(scale, dys, dyi + i * c + from, ts, ti + rows[i] * c + from, to - from);
        }
      }
    });
  }

  @Override
  public void addRows(Tensor dy, int[] rows, Tensor scale, Tensor dTable) {
    Operands.size("addRows", "scale", scale, 1, "one for all");
    addRows(dy, rows, scale.array()[scale.offset()], dTable);
  }

  /** Checks rows of a table and what they are copied from or to; returns C. */
  public static int check(String op, String tableName, Tensor table, int[] rows, String name, Tensor y) {
    if (table.shape().rank() != 2) {
      throw new ShapeException(op + ": " + tableName + " is " + table.shape() + "; it must be [V, C]");
    }
    int v = table.dim(0);
    int c = table.dim(1);
    if (y.shape().rank() == 0 || y.shape().columns() != c || y.size() != (long) rows.length * c) {
      throw new ShapeException(op + ": " + name + " is " + y.shape() + "; for " + rows.length + " rows of " + tableName + " "
          + table.shape() + " it must be [" + rows.length + ", " + c + "]");
    }
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] < -1 || rows[i] >= v) {
        throw new IllegalArgumentException(op + ": rows[" + i + "] is " + rows[i] + ", " + tableName + " " + table.shape()
            + " has rows 0 to " + (v - 1) + " (-1 stands for none)");
      }
    }
    return c;
  }

  @Override
  public void permute(Tensor x, int[] order, Tensor y) {
    Permutation way = Permutation.of(x.shape(), order, y.shape());
    float[] xs = x.array();
    int xi = x.offset();
    float[] ys = y.array();
    int yi = y.offset();
    int run = way.run();
    int stride = way.runStride();
    int rows = run == 0 ? 0 : y.shape().length() / run;
    Workers.ranges(rows, CpuElementwise.rowGrain(run), (from, to) -> {
      for (int row = from; row < to; row++) {
        int start = xi + way.start(row);
        int at = yi + row * run;
        if (stride == 1) {
          System.arraycopy(xs, start, ys, at, run);
        } else {
          for (int i = 0; i < run; i++) {
            ys[at + i] = xs[start + i * stride];
          }
        }
      }
    });
  }

  @Override
  public void copyBlock(Tensor src, int from, Tensor dst, int at, int count, int outer, int inner, boolean accumulate) {
    int srcLength = length("src", src, from, count, outer, inner);
    int dstLength = length("dst", dst, at, count, outer, inner);
    float[] ss = src.array();
    int si = src.offset();
    float[] ds = dst.array();
    int di = dst.offset();
    int run = count * inner;
    Workers.ranges(outer, CpuElementwise.rowGrain(run), (first, end) -> {
      for (int o = first; o < end; o++) {
        int source = si + (o * srcLength + from) * inner;
        int target = di + (o * dstLength + at) * inner;
        if (accumulate) {
          elementwise.addScaled(1, ss, source, ds, target, run);
        } else {
          System.arraycopy(ss, source, ds, target, run);
        }
      }
    });
  }

  /** Length of the middle axis of a tensor seen as [outer, length, inner], which has a block. */
  public static int length(String name, Tensor tensor, int from, int count, int outer, int inner) {
    long around = (long) outer * inner;
    long length = around == 0 ? from + (long) count : tensor.size() / around;
    if (from < 0 || count < 0 || around * length != tensor.size() || from + (long) count > length) {
      throw new ShapeException("copyBlock: " + name + " is " + tensor.shape() + ", seen as " + Shape.of(outer, (int) length,
          inner) + " it has no block [" + from + ", " + (from + count) + ")");
    }
    return (int) length;
  }

  @Override
  public HalfFloats halfFloats() {
    return halves;
  }

  /** Numbers in words of two, in blocks of words. */
  private record Halves(GatherLoops loops) implements HalfFloats {
    @Override
    public void narrow(float[] x, int xi, float[] words, int wi, int n) {
      int pairs = n / 2;
      int upper = n - pairs;
      Workers.ranges(pairs, CpuElementwise.GRAIN,
          (from, to) -> loops.narrow(x, xi + from, x, xi + upper + from, words, wi + from, to - from));
      if (pairs < upper) {
        loops.narrow(x, xi + pairs, ZERO, 0, words, wi + pairs, 1);
      }
    }

    @Override
    public void widen(float[] words, int wi, float[] x, int xi, int n) {
      int pairs = n / 2;
      int upper = n - pairs;
      Workers.ranges(pairs, CpuElementwise.GRAIN,
          (from, to) -> loops.widen(words, wi + from, x, xi + from, x, xi + upper + from, to - from));
      if (pairs < upper) {
        loops.widen(words, wi + pairs, x, xi + pairs, new float[1], 0, 1);
      }
    }
  }
}
