package dev.hone.core.kernel.cpu;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.loops.GatherLoops;
import dev.hone.core.kernel.loops.MatMulLoops;
import dev.hone.core.kernel.loops.QuantLoops;
import dev.hone.core.parallel.Scratch;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.MemorySegment;

/**
 * The right operand of a product: rows of floats, whatever they are stored as. A matrix in a Java array is read in place; any
 * other is widened piece by piece into an array where it is packed, so that no loop of a product knows how it is stored. Only
 * for a single row of the left operand the large one is multiplied as it streams by: widening first would take twice the time.
 */
abstract sealed class MatrixSource {
  private static final int WIDENED = 14;

  private final int columns;

  private MatrixSource(int columns) {
    this.columns = columns;
  }

  /** The source that reads a tensor of a float type or a quantised one, [rows, columns]. */
  static MatrixSource of(Tensor tensor, GatherLoops loops, QuantLoops quantized) {
    if (!tensor.isReadOnly()) {
      return new InArray(tensor.array(), tensor.offset(), tensor.shape().columns());
    }
    return switch (tensor.dtype()) {
      case F32, BF16, F16 -> new Stored(loops, tensor);
      case NF4, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K, INT8_ROWS -> new Coded(quantized, tensor);
      default -> throw new IllegalArgumentException("matmul: rhs " + tensor + " is " + tensor.dtype()
          + "; products read F32, BF16, F16 and quantised weights, convert it with toF32()");
    };
  }

  /** The source that reads rows of a Java array. */
  static MatrixSource of(float[] array, int offset, int columns) {
    return new InArray(array, offset, columns);
  }

  /** Elements of one row. */
  final int columns() {
    return columns;
  }

  /** The Java array that holds the rows as they are, {@link #columns} apart, or null. */
  float[] array() {
    return null;
  }

  /** Index of the first element in {@link #array()}. */
  int offset() {
    return 0;
  }

  /** Widens {@code count} elements of a row from a column on. */
  abstract void read(int row, int column, int count, float[] target, int at);

  /**
   * sums[i] = row (row + i) · x for the rows up to {@code rowEnd}.
   *
   * @param sums with room for {@link MatMulLoops#ONE_ROWS} - 1 more, whose contents are lost
   */
  abstract void dots(MatMulLoops loops, int row, int rowEnd, float[] x, int xi, float[] sums);

  /**
   * y[j] += Σ_t weights[t] · row (row + t), from column {@code column} on, for {@link MatMulLoops#SUM_ROWS} t and {@code n} j.
   *
   * @param stride distance of the weights
   */
  void addRows(MatMulLoops loops, int row, int column, int n, float[] weights, int wi, int stride, float[] y, int yi) {
    float[] widened = Scratch.floats(WIDENED, MatMulLoops.SUM_ROWS * n);
    for (int t = 0; t < MatMulLoops.SUM_ROWS; t++) {
      read(row + t, column, n, widened, t * n);
    }
    loops.addRows(weights, wi, stride, widened, 0, n, n, y, yi);
  }

  private static final class InArray extends MatrixSource {
    private final float[] array;
    private final int offset;

    InArray(float[] array, int offset, int columns) {
      super(columns);
      this.array = array;
      this.offset = offset;
    }

    @Override
    float[] array() {
      return array;
    }

    @Override
    int offset() {
      return offset;
    }

    @Override
    void read(int row, int column, int count, float[] target, int at) {
      System.arraycopy(array, offset + row * columns() + column, target, at, count);
    }

    @Override
    void dots(MatMulLoops loops, int row, int rowEnd, float[] x, int xi, float[] sums) {
      // Rows far apart: of neighbours each runs into what was fetched ahead for the one before, at two thirds of the rate.
      int far = (rowEnd - row) / MatMulLoops.ONE_ROWS;
      float[] four = Scratch.floats(WIDENED, MatMulLoops.ONE_ROWS);
      for (int i = 0; i < far; i++) {
        int first = row + i;
        loops.dotsOfOne(columns(), array, at(first), at(first + far), at(first + 2 * far), at(first + 3 * far), x, xi, four, 0);
        for (int j = 0; j < MatMulLoops.ONE_ROWS; j++) {
          sums[j * far + i] = four[j];
        }
      }
      for (int i = row + MatMulLoops.ONE_ROWS * far; i < rowEnd; i++) {
        loops.dotsOfOne(columns(), array, at(i), at(i), at(i), at(i), x, xi, four, 0);
        sums[i - row] = four[0];
      }
    }

    @Override
    void addRows(MatMulLoops loops, int row, int column, int n, float[] weights, int wi, int stride, float[] y, int yi) {
      loops.addRows(weights, wi, stride, array, at(row) + column, columns(), n, y, yi);
    }

    private int at(int row) {
      return offset + row * columns();
    }
  }

  /** Rows outside the heap. */
  private static final class Stored extends MatrixSource {
    private final GatherLoops loops;
    private final MemorySegment elements;
    private final DType type;

    Stored(GatherLoops loops, Tensor tensor) {
      super(tensor.shape().columns());
      this.loops = loops;
      elements = tensor.segment();
      type = tensor.dtype();
    }

    @Override
    void read(int row, int column, int count, float[] target, int at) {
      loops.widen(elements, type, (long) row * columns() + column, 1, target, at, count);
    }

    @Override
    void dots(MatMulLoops products, int row, int rowEnd, float[] x, int xi, float[] sums) {
      // Rows far apart: two that are neighbours, and one alone whose x does not fit beside it, came at two thirds of the rate.
      int half = (rowEnd - row) / 2;
      for (int i = 0; i < half; i++) {
        loops.twoDots(elements, type, at(row + i), at(row + half + i), x, xi, columns(), sums, i, half + i);
      }
      for (int i = row + 2 * half; i < rowEnd; i++) {
        sums[i - row] = loops.dot(elements, type, at(i), x, xi, columns());
      }
    }

    private long at(int row) {
      return (long) row * columns();
    }

    @Override
    void addRows(MatMulLoops products, int row, int column, int n, float[] weights, int wi, int stride, float[] y, int yi) {
      if (type == DType.F16) {
        super.addRows(products, row, column, n, weights, wi, stride, y, yi);
        return;
      }
      for (int t = 0; t < MatMulLoops.SUM_ROWS; t += GatherLoops.SUM_ROWS) {
        long element = (long) (row + t) * columns() + column;
        loops.addRows(weights, wi + t * stride, stride, elements, type, element, columns(), n, y, yi);
      }
    }
  }

  /** Quantised rows. */
  private static final class Coded extends MatrixSource {
    private final QuantLoops loops;
    private final Quantized elements;
    private final long first;

    Coded(QuantLoops loops, Tensor tensor) {
      super(tensor.shape().columns());
      this.loops = loops;
      elements = Quantized.in(tensor);
      first = tensor.offset();
    }

    @Override
    void read(int row, int column, int count, float[] target, int at) {
      loops.widen(elements, first + (long) row * columns() + column, target, at, count);
    }

    @Override
    void dots(MatMulLoops products, int row, int rowEnd, float[] x, int xi, float[] sums) {
      for (int i = row; i < rowEnd; i++) {
        long element = first + (long) i * columns();
        if (loops.inStep(elements, element, columns())) {
          sums[i - row] = loops.dot(elements, element, x, xi, columns());
        } else { // vectors would cross blocks, or scales lie among the codes
          float[] values = Scratch.floats(WIDENED, columns());
          loops.widen(elements, element, values, 0, columns());
          products.dotsOfOne(columns(), values, 0, 0, 0, 0, x, xi, sums, i - row);
        }
      }
    }
  }
}
