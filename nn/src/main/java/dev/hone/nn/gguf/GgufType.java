package dev.hone.nn.gguf;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Workers;
import dev.hone.core.quant.GgmlBlocks;
import dev.hone.core.quant.GgmlFormat;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** How the numbers of a tensor are stored; a row is a whole number of blocks. Little-endian. */
public enum GgufType {
  /** 32-bit floats. */
  F32(0, 0, DType.F32),
  /** 16-bit floats of IEEE 754. */
  F16(1, 1, DType.F16),
  /** The upper half of 32-bit floats. */
  BF16(30, 32, DType.BF16),
  /** Blocks of 32 in 4 bits: {@link GgmlFormat#Q4_0}. */
  Q4_0(2, 2, GgmlFormat.Q4_0),
  /** Blocks of 32 in 4 bits with a min: {@link GgmlFormat#Q4_1}. */
  Q4_1(3, 3, GgmlFormat.Q4_1),
  /** Blocks of 32 in 5 bits: {@link GgmlFormat#Q5_0}. */
  Q5_0(6, 8, GgmlFormat.Q5_0),
  /** Blocks of 32 in 5 bits with a min: {@link GgmlFormat#Q5_1}. */
  Q5_1(7, 9, GgmlFormat.Q5_1),
  /** Blocks of 32 in 8 bits: {@link GgmlFormat#Q8_0}. */
  Q8_0(8, 7, GgmlFormat.Q8_0),
  /** Blocks of 256 in 4 bits: {@link GgmlFormat#Q4_K}. */
  Q4_K(12, 15, GgmlFormat.Q4_K),
  /** Blocks of 256 in 5 bits: {@link GgmlFormat#Q5_K}. */
  Q5_K(13, 17, GgmlFormat.Q5_K),
  /** Blocks of 256 in 6 bits: {@link GgmlFormat#Q6_K}. */
  Q6_K(14, 18, GgmlFormat.Q6_K);

  private static final int GRAIN = 1 << 14; // numbers that a thread encodes at a time

  private final int id;
  private final int fileType;
  private final DType dtype;
  private final GgmlFormat format; // null: each number by itself

  GgufType(int id, int fileType, DType dtype) {
    this.id = id;
    this.fileType = fileType;
    this.dtype = dtype;
    this.format = null;
  }

  GgufType(int id, int fileType, GgmlFormat format) {
    this.id = id;
    this.fileType = fileType;
    this.dtype = format.type();
    this.format = format;
  }

  /** Its number in files. */
  int id() {
    return id;
  }

  /** What {@code general.file_type} is for a model of it; of K-quants for the mixture M. */
  int fileType() {
    return fileType;
  }

  /** Whether numbers share scales. */
  public boolean isQuantized() {
    return format != null;
  }

  /** Numbers of a block. */
  public int block() {
    return format == null ? 1 : format.block();
  }

  /** Bytes of so many numbers, whole blocks of them. */
  public long bytes(long numbers) {
    return format == null ? numbers * dtype.bytes() : numbers / format.block() * format.bytes();
  }

  /** The type of a number in files; null if it is not read. */
  static GgufType of(int id) {
    for (GgufType type : values()) {
      if (type.id == id) {
        return type;
      }
    }
    return null;
  }

  /** The type of a tensor as it is held; null if files have no such type. */
  static GgufType of(Tensor tensor) {
    for (GgufType type : values()) {
      if (type.dtype == tensor.dtype() && (type.format == null || Quantized.in(tensor) instanceof GgmlBlocks)) {
        return type;
      }
    }
    return null;
  }

  /** A tensor over bytes of a file. */
  Tensor tensor(MemorySegment bytes, int... shape) {
    return format == null ? Tensor.of(bytes, dtype, Shape.of(shape))
        : new GgmlBlocks(format, bytes).tensor(Shape.of(shape));
  }

  /** Writes numbers, whole blocks of them; blocks are made on several threads. */
  void encode(float[] values, int count, ByteBuffer out) {
    if (format != null) {
      int blocks = count / format.block();
      byte[] bytes = new byte[blocks * format.bytes()];
      Workers.ranges(blocks, Math.max(1, GRAIN / format.block()), (from, to) -> {
        for (int i = from; i < to; i++) {
          format.encode(values, i * format.block(), bytes, i * format.bytes());
        }
      });
      out.put(bytes);
      return;
    }
    for (int i = 0; i < count; i++) {
      switch (this) {
        case F16 -> out.putShort(Float.floatToFloat16(values[i]));
        case BF16 -> out.putShort((short) (roundedToUpper(values[i]) >>> 16));
        default -> out.putFloat(values[i]);
      }
    }
  }

  /** The bytes of numbers, whole blocks of them. */
  byte[] encoded(float[] values, int count) {
    ByteBuffer bytes = ByteBuffer.allocate((int) bytes(count)).order(ByteOrder.LITTLE_ENDIAN);
    encode(values, count, bytes);
    return bytes.array();
  }

  /** Bits of a float whose lower half is rounded into the upper one, to even; not-a-numbers stay so. */
  private static int roundedToUpper(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.isNaN(value) ? bits | 1 << 22 : bits + 0x7FFF + (bits >>> 16 & 1);
  }

  /** The most by which a number may change when it is stored, as a share of the largest magnitude of its block. */
  double error() {
    return switch (this) {
      case F32 -> 0;
      case F16 -> 1.0 / (1 << 11);
      case BF16 -> 1.0 / (1 << 8);
      case Q8_0 -> 0.0045;
      case Q6_K -> 0.04; // the rest: steps of extremes apart, and scales rounded themselves
      case Q5_0, Q5_1, Q5_K -> 0.08;
      case Q4_0, Q4_1, Q4_K -> 0.16;
    };
  }

  /** A segment's bytes. */
  static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }
}
