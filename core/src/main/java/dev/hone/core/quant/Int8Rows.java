package dev.hone.core.quant;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Eight bits with one scale for each row, bit for bit the weights of LLM.int8 (Dettmers and others 2022): code =
 * rint(x · (127 / absmax)), x' = code · absmax / 127. Products take the inputs as they are, not in eight bits, so that outlier
 * columns need no treatment of their own.
 *
 * <p>Error bound: half a step, 0.0040 of the row's largest magnitude.
 */
public final class Int8Rows extends Quantized {
  private final MemorySegment absmax;

  /**
   * Over parts that a file holds.
   *
   * @param columns elements of a row
   * @param codes a signed byte each
   * @param absmax F32, the largest magnitude of each row; bitsandbytes' SCB
   */
  public Int8Rows(int columns, MemorySegment codes, MemorySegment absmax) {
    super(DType.INT8_ROWS, codes.byteSize(), Math.max(1, columns), codes);
    if (codes.byteSize() * 4 != absmax.byteSize() * columns) {
      throw new IllegalArgumentException("Int8Rows: " + codes.byteSize() + " codes in rows of " + columns
          + " need a magnitude for "
          + "each row, not " + absmax.byteSize() / 4);
    }
    this.absmax = absmax;
  }

  /** Quantises a matrix. */
  public static Int8Rows quantize(Tensor source) {
    int columns = source.shape().columns();
    MemorySegment codes = room(source.size());
    MemorySegment absmax = room(4L * source.shape().rows());
    eachBlock(source, Math.max(1, columns), (values, from, count, row) -> {
      float largest = finite(largest(values, from, count), DType.INT8_ROWS);
      absmax.set(F32, 4 * row, largest);
      float inverse = largest == 0 ? 0 : 127 / largest;
      for (int i = 0; i < count; i++) {
        codes.set(ValueLayout.JAVA_BYTE, row * columns + i, (byte) Math.rint(values[from + i] * inverse));
      }
    });
    return new Int8Rows(columns, codes, absmax);
  }

  /** The largest magnitudes of the rows, F32. */
  public MemorySegment absmax() {
    return absmax;
  }

  @Override
  public List<MemorySegment> parts() {
    return List.of(codes(), absmax);
  }

  @Override
  public Form form() {
    return new Int8Form(block());
  }

  private record Int8Form(int block) implements Form {
    @Override
    public Quantized over(List<MemorySegment> parts) {
      return new Int8Rows(block, parts.get(0), parts.get(1));
    }
  }

  @Override
  public long bytes() {
    return codes().byteSize() + absmax.byteSize();
  }

  @Override
  public void scales(long row, int count, float[] target, int at) {
    for (int i = 0; i < count; i++) {
      target[at + i] = absmax.get(F32, 4 * (row + i)) / 127;
    }
  }
}
