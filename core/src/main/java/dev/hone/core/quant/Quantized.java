package dev.hone.core.quant;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.memory.Codes;
import dev.hone.core.parallel.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Numbers in fewer bits, in the order of a matrix's elements: a code for each, and a scale for each block of neighbours. Element
 * i is {@code value(code[i]) · scale[i / block]}, a float32 product; {@link GgmlBlocks} have formulas of their
 * own. Never written after it was made, and outside the Java heap: made by {@link #of}, or over the mapped bytes of a file.
 */
@SuppressWarnings("exports") // what a storage asks of them is no business of users
public abstract sealed class Quantized implements Codes permits Nf4, Q8Blocks, Int8Rows,
    GgmlBlocks {
  static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int PIECE = 1 << 16; // elements that a thread quantises at a time

  private final DType type;
  private final long size;
  private final int block;
  private final MemorySegment codes;

  Quantized(DType type, long size, int block, MemorySegment codes) {
    this.type = type;
    this.size = size;
    this.block = block;
    this.codes = codes;
  }

  /**
   * Quantises a matrix, some rows or blocks at a time: no float copy of it is made.
   *
   * @param source any float type, of two axes or more
   * @param type {@link DType#NF4} (with double quantisation), {@link DType#Q8_0} or {@link DType#INT8_ROWS}
   */
  public static Quantized of(Tensor source, DType type) {
    return switch (type) {
      case NF4 -> Nf4.quantize(source, true);
      case Q8_0 -> Q8Blocks.quantize(source);
      case INT8_ROWS -> Int8Rows.quantize(source);
      default -> throw new IllegalArgumentException("quantize: " + type
          + " is not a quantised type; known: NF4, Q8_0, INT8_ROWS");
    };
  }

  /** What these numbers consist of, apart from the bytes: how others make numbers of such bytes that lie elsewhere. */
  @SuppressWarnings("exports")
  public interface Form extends Codes.Form {
    @Override
    Quantized over(List<MemorySegment> parts);

    /** Elements of a block that share a scale; 0 where these numbers have formulas of their own. */
    default int block() {
      return 0;
    }

    /** What bytes stand for that scale blocks, before they are scaled themselves; null where scales are numbers. */
    default float[] scaleMap() {
      return null;
    }

    /** What is added to scales that are bytes. */
    default float scaleOffset() {
      return 0;
    }
  }

  /** The quantised numbers that a tensor on the CPU stands for; its first is number {@link Tensor#offset()}. */
  public static Quantized in(Tensor tensor) {
    return (Quantized) tensor.codes();
  }

  /** A frozen weight that stands for these numbers, which are not copied. */
  public final Tensor tensor(Shape shape) {
    return Tensor.of(this, type, shape);
  }

  /** All bytes: the codes and what their scales are made of. */
  @Override
  public abstract List<MemorySegment> parts();

  /** Makes numbers like these over other bytes; holds none itself. */
  @Override
  public abstract Form form();

  /** The type. */
  public final DType type() {
    return type;
  }

  /** Number of elements. */
  @Override
  public final long size() {
    return size;
  }

  /** Elements of a block, the last of which may be shorter. */
  public final int block() {
    return block;
  }

  /** The codes: a signed byte each, or half a byte, the first of two in its high bits, where {@link #inHalves} says so. */
  public final MemorySegment codes() {
    return codes;
  }

  /** Whether a byte holds two codes, which number the entries of {@link Nf4#codeBook()}. */
  public final boolean inHalves() {
    return this instanceof Nf4;
  }

  /** Bytes of all parts. */
  @Override
  public abstract long bytes();

  /** The scales of {@code count} blocks from {@code block} on, where they lie apart from the codes: not in {@link GgmlBlocks}. */
  public abstract void scales(long block, int count, float[] target, int at);

  /** What {@code count} elements from {@code element} on stand for. */
  @Override
  public void read(long element, int count, float[] target, int at) {
    float[] scale = new float[1];
    long known = -1;
    for (int i = 0; i < count; i++) {
      long own = (element + i) / block;
      if (own != known) {
        scales(own, 1, scale, 0);
        known = own;
      }
      target[at + i] = value(codes, element + i, inHalves()) * scale[0];
    }
  }

  /** What a code stands for before it is scaled. */
  public static float value(MemorySegment codes, long element, boolean inHalves) {
    return inHalves ? Nf4.value(codes, element) : codes.get(ValueLayout.JAVA_BYTE, element);
  }

  /** Room outside the heap that lives as long as it is reachable. */
  static MemorySegment room(long bytes) {
    return Arena.ofAuto().allocate(Math.max(bytes, 1), 64).asSlice(0, bytes);
  }

  /** Makes the codes and the scale of a block. */
  interface BlockWriter {
    void write(float[] values, int from, int count, long block);
  }

  /** Hands every block of a matrix to a writer, blocks on several threads. */
  static void eachBlock(Tensor source, int block, BlockWriter writer) {
    long size = source.size();
    int group = Math.max(1, PIECE / block) * block; // whole blocks
    int groups = Math.toIntExact((size + group - 1) / group);
    Workers.run(groups, g -> {
      long from = (long) g * group;
      int count = (int) Math.min(group, size - from);
      float[] values = new float[count];
      source.read(from, count, values, 0);
      for (int at = 0; at < count; at += block) {
        writer.write(values, at, Math.min(block, count - at), (from + at) / block);
      }
    });
  }

  /** The largest magnitude. */
  static float largest(float[] values, int from, int count) {
    float largest = 0;
    for (int i = from; i < from + count; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    return largest;
  }

  /** Fails for numbers that have no largest magnitude. */
  static float finite(float largest, DType type) {
    if (!Float.isFinite(largest)) {
      throw new IllegalArgumentException("quantize: the weights hold " + largest + ", which " + type + " cannot express");
    }
    return largest;
  }
}
