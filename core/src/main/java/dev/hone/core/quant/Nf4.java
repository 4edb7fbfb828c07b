package dev.hone.core.quant;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Four bits by the quantiles of a normal distribution (Dettmers and others 2023, QLoRA), bit for bit as bitsandbytes makes
 * them: blocks of 64 divided by their largest magnitude, each number to the nearest of {@link #codeBook()}. With double
 * quantisation the magnitudes, less their mean, are stored in bytes themselves, in blocks of 256 by {@link DynamicMap}.
 *
 * <p>Error bounds. Without double quantisation a number is off by at most half the largest gap of the code book, 0.152 of its
 * block's largest magnitude a. Double quantisation moves a by at most half the largest gap of the map (0.0071) of the largest
 * distance of a magnitude from the mean in its 256 blocks, in proportion to which the whole block moves.
 */
public final class Nf4 extends Quantized {
  /** Elements of a block. */
  public static final int BLOCK = 64;
  /** Blocks whose magnitudes are quantised together. */
  public static final int NESTED_BLOCK = 256;

  private static final float[] BOOK = {-1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f,
      -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f,
      0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f};
  private static final float[] THRESHOLDS = thresholds();
  private static final int ZERO = 7;

  private final MemorySegment absmax; // F32, or bytes if nested
  private final Nested nested;

  /**
   * How bytes stand for the largest magnitudes of blocks: {@code map[code] · absmax[block / 256] + offset}.
   *
   * @param absmax F32, one for each {@link #NESTED_BLOCK} blocks
   * @param map 256 numbers
   * @param offset mean of the magnitudes
   */
  public record Nested(MemorySegment absmax, float[] map, float offset) {}

  /**
   * Over parts that a file holds.
   *
   * @param size elements
   * @param codes (size + 1) / 2 bytes
   * @param absmax a number per block: F32, or a byte if {@code nested} is not null
   * @param nested how to read the bytes, or null
   */
  public Nf4(long size, MemorySegment codes, MemorySegment absmax, Nested nested) {
    super(DType.NF4, size, BLOCK, codes);
    long blocks = (size + BLOCK - 1) / BLOCK;
    long second = (blocks + NESTED_BLOCK - 1) / NESTED_BLOCK;
    if (codes.byteSize() != (size + 1) / 2 || absmax.byteSize() != blocks * (nested == null ? 4 : 1)
        || nested != null && (nested.absmax.byteSize() != second * 4 || nested.map.length != 256)) {
      throw new IllegalArgumentException("Nf4: " + size + " elements have " + blocks + " blocks; codes of " + codes.byteSize()
          + " bytes and magnitudes of " + absmax.byteSize()
          + (nested == null ? "" : " by " + nested.absmax.byteSize() + " (double quantisation)") + " bytes do not fit");
    }
    this.absmax = absmax;
    this.nested = nested;
  }

  private static float[] thresholds() {
    float[] between = new float[BOOK.length - 1];
    for (int i = 0; i < between.length; i++) {
      between[i] = (float) (((double) BOOK[i] + BOOK[i + 1]) / 2);
    }
    return between;
  }

  /** The 16 numbers that codes stand for. A copy. */
  public static float[] codeBook() {
    return BOOK.clone();
  }

  static float value(MemorySegment codes, long element) {
    int both = codes.get(ValueLayout.JAVA_BYTE, element >> 1);
    return BOOK[((element & 1) == 0 ? both >> 4 : both) & 15];
  }

  /**
   * Quantises a matrix.
   *
   * @param twice whether the blocks' magnitudes are quantised as well
   */
  public static Nf4 quantize(Tensor source, boolean twice) {
    long size = source.size();
    long blocks = (size + BLOCK - 1) / BLOCK;
    MemorySegment codes = room((size + 1) / 2);
    MemorySegment absmax = room(4 * blocks);
    eachBlock(source, BLOCK, (values, from, count, block) -> {
      float largest = finite(largest(values, from, count), DType.NF4);
      absmax.set(F32, 4 * block, largest);
      long at = block * BLOCK / 2;
      float inverse = 1 / largest;
      for (int i = 0; i < count; i += 2) {
        int first = code(values[from + i] * inverse);
        int second = i + 1 < count ? code(values[from + i + 1] * inverse) : ZERO;
        codes.set(ValueLayout.JAVA_BYTE, at + i / 2, (byte) (first << 4 | second));
      }
    });
    return twice ? twice(size, codes, absmax) : new Nf4(size, codes, absmax, null);
  }

  /** The number of thresholds below x: 0 for NaN, which a block of zeros gives. */
  private static int code(float x) {
    int code = x > THRESHOLDS[7] ? 8 : 0;
    code += x > THRESHOLDS[code + 3] ? 4 : 0;
    code += x > THRESHOLDS[code + 1] ? 2 : 0;
    return code + (x > THRESHOLDS[code] ? 1 : 0);
  }

  private static Nf4 twice(long size, MemorySegment codes, MemorySegment absmax) {
    int blocks = Math.toIntExact(absmax.byteSize() / 4);
    float[] first = new float[blocks];
    MemorySegment.copy(absmax, F32, 0, first, 0, blocks);
    double sum = 0;
    for (float value : first) {
      sum += value;
    }
    float offset = (float) (sum / Math.max(1, blocks));
    MemorySegment bytes = room(blocks);
    int groups = (blocks + NESTED_BLOCK - 1) / NESTED_BLOCK;
    MemorySegment second = room(4L * groups);
    for (int g = 0; g < groups; g++) {
      int from = g * NESTED_BLOCK;
      int end = Math.min(blocks, from + NESTED_BLOCK);
      for (int i = from; i < end; i++) {
        first[i] -= offset;
      }
      float largest = largest(first, from, end - from);
      second.setAtIndex(F32, g, largest);
      float inverse = 1 / largest;
      for (int i = from; i < end; i++) {
        bytes.set(ValueLayout.JAVA_BYTE, i,
            (byte) (largest == 0 ? 0 : DynamicMap.nearest(Math.clamp(first[i] * inverse, -1, 1))));
      }
    }
    return new Nf4(size, codes, bytes, new Nested(second, DynamicMap.values(), offset));
  }

  /** The stored magnitudes of blocks: F32, or bytes if {@link #nested} is not null. */
  public MemorySegment absmax() {
    return absmax;
  }

  /** How the magnitudes are quantised, or null. */
  public Nested nested() {
    return nested;
  }

  @Override
  public List<MemorySegment> parts() {
    return nested == null ? List.of(codes(), absmax) : List.of(codes(), absmax, nested.absmax);
  }

  @Override
  public Form form() {
    return new Nf4Form(size(), nested == null ? null : nested.map, nested == null ? 0 : nested.offset);
  }

  private record Nf4Form(long size, float[] scaleMap, float scaleOffset) implements Form {
    @Override
    public Quantized over(List<MemorySegment> parts) {
      return new Nf4(size, parts.get(0), parts.get(1),
          scaleMap == null ? null : new Nested(parts.get(2), scaleMap, scaleOffset));
    }

    @Override
    public int block() {
      return BLOCK;
    }
  }

  @Override
  public long bytes() {
    return codes().byteSize() + absmax.byteSize() + (nested == null ? 0 : nested.absmax.byteSize() + 256 * 4);
  }

  @Override
  public void scales(long block, int count, float[] target, int at) {
    if (nested == null) {
      MemorySegment.copy(absmax, F32, 4 * block, target, at, count);
      return;
    }
    float[] map = nested.map;
    for (int i = 0; i < count; i++) {
      float scale = nested.absmax.get(F32, (block + i) / NESTED_BLOCK * 4);
      target[at + i] = map[absmax.get(ValueLayout.JAVA_BYTE, block + i) & 0xFF] * scale + nested.offset;
    }
  }
}
