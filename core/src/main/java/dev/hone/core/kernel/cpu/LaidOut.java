package dev.hone.core.kernel.cpu;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.loops.GatherLoops;
import dev.hone.core.memory.WeightLayout;
import dev.hone.core.parallel.Workers;
import dev.hone.core.quant.GgmlBlocks;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A weight whose outputs lie interleaved: for each group of {@link #width} outputs, and within it for each k, the numbers of all
 * its outputs are neighbours, so that a lane of a vector is an output and no sum crosses lanes. The last group is filled up
 * with zeros.
 *
 * <p>F32 is floats, [group][k][output]. BF16 is ints, [group][k / 2][output], the even k in the low half. Q8_0 and INT8
 * are bytes, [group][k][output]; NF4 is ints, [group][k / 8][output], of eight codes, the first in the low bits. Scales are
 * floats, [group][block][output].
 */
final class LaidOut implements WeightLayout {
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Elements of a row that are turned at a time: those of a group fit the first-level cache. */
  private static final int PIECE = 128;

  private final DType type;
  private final boolean transB;
  private final int n;
  private final int k;
  private final int width;
  private final int block; // k of a scale
  private final float[] floats;
  private final MemorySegment codes;
  private final MemorySegment scales;

  private LaidOut(Tensor weight, boolean transB, int width) {
    type = weight.dtype();
    this.transB = transB;
    this.width = width;
    n = transB ? weight.shape().rows() : weight.shape().columns();
    k = transB ? weight.shape().columns() : weight.shape().rows();
    block = weight.isQuantized() ? Math.min(Quantized.in(weight).block(), k) : k;
    long padded = (long) groups() * width * k;
    floats = type == DType.F32 ? new float[Math.toIntExact(padded)] : null;
    codes = type == DType.F32 ? null : Arena.ofAuto().allocate(codeBytes(type, padded), 64);
    scales = weight.isQuantized() ? Arena.ofAuto().allocate(padded / block * Float.BYTES, 64) : null;
  }

  private static long codeBytes(DType type, long elements) {
    return switch (type) {
      case BF16 -> 2 * elements;
      case NF4 -> elements / 2;
      default -> elements;
    };
  }

  /** Whether a weight can be laid out: rows must consist of whole blocks. */
  static boolean fits(Tensor weight, boolean transB) {
    if (weight.shape().rank() != 2 || weight.layout() == null || weight.size() == 0) {
      return false;
    }
    int k = transB ? weight.shape().columns() : weight.shape().rows();
    return switch (weight.dtype()) {
      case F32 -> weight.size() < 1 << 30;
      case BF16 -> k % 2 == 0;
      case Q8_0, INT8_ROWS, NF4 -> transB && k % Quantized.in(weight).block() == 0 && k % 8 == 0;
      default -> false;
    };
  }

  /** Bytes that the layout of a weight takes. */
  static long bytes(Tensor weight, boolean transB, int width) {
    int n = transB ? weight.shape().rows() : weight.shape().columns();
    long elements = weight.size() / n * ((n + width - 1) / width * width);
    return weight.dtype() == DType.F32 ? elements * Float.BYTES
        : codeBytes(weight.dtype(), elements)
            + (weight.isQuantized() ? elements / Quantized.in(weight).block() * Float.BYTES : 0);
  }

  /** Lays a weight out for which {@link #fits} holds. */
  static LaidOut of(Tensor weight, boolean transB, int width, GatherLoops stored) {
    LaidOut layout = new LaidOut(weight, transB, width);
    Workers.run(layout.groups(), group -> layout.fill(weight, group, stored));
    return layout;
  }

  private void fill(Tensor weight, int group, GatherLoops stored) {
    int first = group * width;
    int count = Math.min(width, n - first);
    switch (type) {
      case F32 -> fillFloats(weight, group, first, count, stored);
      case BF16 -> {
        if (transB) {
          fillInts(weight.segment(), 2, false, group, first, count);
        } else {
          fillPairs(weight.segment(), group, first, count);
        }
      }
      case NF4 -> fillInts(Quantized.in(weight).codes(), 8, true, group, first, count);
      default -> fillBytes(Quantized.in(weight), group, first, count);
    }
    if (scales != null) {
      fillScales(Quantized.in(weight), group, first, count);
    }
  }

  /** Numbers as they are stored, outputs by rows: pieces of rows are turned in the cache, and go out as a whole. */
  private void fillFloats(Tensor weight, int group, int first, int count, GatherLoops stored) {
    float[] line = new float[transB ? PIECE : count];
    for (int from = 0; transB && from < k; from += PIECE) {
      int length = Math.min(PIECE, k - from);
      int at = floatsAt(group, from);
      for (int i = 0; i < count; i++) {
        stored.widen(weight.segment(), DType.F32, (long) (first + i) * k + from, 1, line, 0, length);
        for (int j = 0; j < length; j++) {
          floats[at + j * width + i] = line[j];
        }
      }
    }
    for (int j = 0; !transB && j < k; j++) {
      stored.widen(weight.segment(), DType.F32, (long) j * n + first, 1, line, 0, count);
      System.arraycopy(line, 0, floats, floatsAt(group, j), count);
    }
  }

  /** Two rows of [K, N] at a time. */
  private void fillPairs(MemorySegment source, int group, int first, int count) {
    short[] even = new short[count];
    short[] odd = new short[count];
    int[] pairs = new int[width];
    for (int j = 0; j < k; j += 2) {
      MemorySegment.copy(source, I16, 2 * ((long) j * n + first), even, 0, count);
      MemorySegment.copy(source, I16, 2 * ((j + 1L) * n + first), odd, 0, count);
      for (int i = 0; i < count; i++) {
        pairs[i] = odd[i] << 16 | even[i] & 0xFFFF;
      }
      MemorySegment.copy(pairs, 0, codes, I32, codesAt(group, j), width);
    }
  }

  /** Rows of ints: {@code perInt} numbers each, the first in the low bits but for the halves of each byte of {@code swapped}. */
  private void fillInts(MemorySegment source, int perInt, boolean swapped, int group, int first, int count) {
    int row = k / perInt;
    int[] line = new int[PIECE];
    int[] piece = new int[Math.min(PIECE, row) * width];
    for (int from = 0; from < row; from += PIECE) {
      int length = Math.min(PIECE, row - from);
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(source, I32, 4 * ((long) (first + i) * row + from), line, 0, length);
        if (swapped) {
          swapHalves(line);
        }
        for (int j = 0; j < length; j++) {
          piece[j * width + i] = line[j];
        }
      }
      MemorySegment.copy(piece, 0, codes, I32, codesAt(group, from * perInt), length * width);
    }
  }

  /** Of two codes in a byte the first is in the high half. */
  private static void swapHalves(int[] line) {
    for (int j = 0; j < line.length; j++) {
      line[j] = (line[j] & 0x0F0F0F0F) << 4 | line[j] >>> 4 & 0x0F0F0F0F;
    }
  }

  private void fillBytes(Quantized source, int group, int first, int count) {
    byte[] line = new byte[PIECE];
    byte[] piece = new byte[Math.min(PIECE, k) * width];
    for (int from = 0; from < k; from += PIECE) {
      int length = Math.min(PIECE, k - from);
      for (int i = 0; i < count; i++) {
        readBytes(source, (long) (first + i) * k + from, length, line);
        for (int j = 0; j < length; j++) {
          piece[j * width + i] = line[j];
        }
      }
      MemorySegment.copy(piece, 0, codes, ValueLayout.JAVA_BYTE, codesAt(group, from), length * width);
    }
  }

  /** Codes from a whole block on, which in files of llama.cpp lie behind the scale of each block. */
  private void readBytes(Quantized source, long element, int length, byte[] line) {
    if (!(source instanceof GgmlBlocks)) {
      MemorySegment.copy(source.codes(), ValueLayout.JAVA_BYTE, element, line, 0, length);
      return;
    }
    for (int j = 0; j < length; j += block) {
      long at = (element + j) / block * (block + Short.BYTES) + Short.BYTES;
      MemorySegment.copy(source.codes(), ValueLayout.JAVA_BYTE, at, line, j, Math.min(block, length - j));
    }
  }

  private void fillScales(Quantized source, int group, int first, int count) {
    int blocks = k / block;
    float[] row = new float[blocks];
    for (int i = 0; i < count; i++) {
      long start = (long) (first + i) * blocks;
      if (source instanceof GgmlBlocks) {
        for (int b = 0; b < blocks; b++) {
          row[b] = Float.float16ToFloat(source.codes().get(I16, (start + b) * (block + Short.BYTES)));
        }
      } else {
        source.scales(start, blocks, row, 0);
      }
      for (int b = 0; b < blocks; b++) {
        scales.set(F32, scalesAt(group, b * block) + 4L * i, row[b]);
      }
    }
  }

  @Override
  public long bytes() {
    return floats != null ? (long) floats.length * Float.BYTES : codes.byteSize() + (scales == null ? 0 : scales.byteSize());
  }

  DType type() {
    return type;
  }

  /** Whether the stored weight is [N, K]. */
  boolean transB() {
    return transB;
  }

  /** Outputs of a group. */
  int width() {
    return width;
  }

  int groups() {
    return (n + width - 1) / width;
  }

  /** How many k share a scale. */
  int block() {
    return block;
  }

  /** The numbers if they are F32. */
  float[] floats() {
    return floats;
  }

  /** The stored numbers if they are not F32. */
  MemorySegment codes() {
    return codes;
  }

  /** The scales of quantised numbers. */
  MemorySegment scales() {
    return scales;
  }

  /** Index in {@link #floats} of a group's numbers from k on. */
  int floatsAt(int group, int from) {
    return (group * k + from) * width;
  }

  /** The first byte in {@link #codes} of a group's numbers from k on. */
  long codesAt(int group, int from) {
    return codeBytes(type, ((long) group * k + from) * width);
  }

  /** The first byte in {@link #scales} of a group's scales of the block in which k lies. */
  long scalesAt(int group, int from) {
    return ((long) group * (k / block) + from / block) * width * Float.BYTES;
  }
}
