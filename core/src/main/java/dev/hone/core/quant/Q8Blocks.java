package dev.hone.core.quant;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Eight bits in blocks of 32 with a scale in half precision, bit for bit ggml's Q8_0: d = absmax / 127, code = x · (1 / d)
 * rounded half away from zero, and x' = code · d with d rounded to F16. Codes and scales lie apart, not block by block.
 *
 * <p>Error bound: half a step plus the rounding of d, 0.0044 of the block's largest magnitude where d is a normal F16 (the
 * magnitude is above 0.008).
 */
public final class Q8Blocks extends Quantized {
  /** Elements of a block. */
  public static final int BLOCK = 32;

  private final MemorySegment scales;

  private Q8Blocks(long size, MemorySegment codes, MemorySegment scales) {
    super(DType.Q8_0, size, BLOCK, codes);
    this.scales = scales;
  }

  /** Quantises a matrix. */
  public static Q8Blocks quantize(Tensor source) {
    long size = source.size();
    MemorySegment codes = room(size);
    MemorySegment scales = room((size + BLOCK - 1) / BLOCK * 2);
    eachBlock(source, BLOCK, (values, from, count, block) -> {
      float step = finite(largest(values, from, count), DType.Q8_0) / 127;
      float inverse = step == 0 ? 0 : 1 / step;
      scales.set(I16, 2 * block, Float.floatToFloat16(step));
      for (int i = 0; i < count; i++) {
        float x = values[from + i] * inverse;
        float rounded = (float) Math.floor(Math.abs(x) + 0.5f);
        codes.set(ValueLayout.JAVA_BYTE, block * BLOCK + i, (byte) (x < 0 ? -rounded : rounded));
      }
    });
    return new Q8Blocks(size, codes, scales);
  }

  /** The scales, F16. */
  public MemorySegment scales() {
    return scales;
  }

  @Override
  public List<MemorySegment> parts() {
    return List.of(codes(), scales);
  }

  @Override
  public Form form() {
    return new Q8Form(size());
  }

  private record Q8Form(long size) implements Form {
    @Override
    public Quantized over(List<MemorySegment> parts) {
      return new Q8Blocks(size, parts.get(0), parts.get(1));
    }

    @Override
    public int block() {
      return BLOCK;
    }
  }

  @Override
  public long bytes() {
    return codes().byteSize() + scales.byteSize();
  }

  @Override
  public void scales(long block, int count, float[] target, int at) {
    for (int i = 0; i < count; i++) {
      target[at + i] = Float.float16ToFloat(scales.get(I16, 2 * (block + i)));
    }
  }
}
