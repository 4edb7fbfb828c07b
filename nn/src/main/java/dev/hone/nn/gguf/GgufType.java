package dev.hone.nn.gguf;

import java.nio.ByteBuffer;

/** How the numbers of a tensor are stored; a row is a whole number of blocks. Little-endian. */
public enum GgufType {
  /** 32-bit floats. */
  F32(0, 0, 1, 4),
  /** 16-bit floats of IEEE 754. */
  F16(1, 1, 1, 2),
  /** The upper half of 32-bit floats. */
  BF16(30, 32, 1, 2),
  /** Blocks of 32: a 16-bit scale d, the largest magnitude / 127, and 32 integers of 8 bits. */
  Q8_0(8, 7, 32, 34);

  private final int id;
  private final int fileType;
  private final int block;
  private final int bytes;

  GgufType(int id, int fileType, int block, int bytes) {
    this.id = id;
    this.fileType = fileType;
    this.block = block;
    this.bytes = bytes;
  }

  /** Its number in files. */
  int id() {
    return id;
  }

  /** What {@code general.file_type} is for a model of it. */
  int fileType() {
    return fileType;
  }

  /** Numbers of a block. */
  public int block() {
    return block;
  }

  /** Bytes of so many numbers. */
  public long bytes(long numbers) {
    return numbers / block * bytes;
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

  /** Writes numbers, whole blocks of them. */
  void encode(float[] values, int from, int to, ByteBuffer out) {
    for (int i = from; i < to; i += block) {
      switch (this) {
        case F32 -> out.putFloat(values[i]);
        case F16 -> out.putShort(Float.floatToFloat16(values[i]));
        case BF16 -> out.putShort((short) (roundedToUpper(values[i]) >>> 16));
        case Q8_0 -> encodeBlock(values, i, out);
      }
    }
  }

  /** Bits of a float whose lower half is rounded into the upper one, to even; not-a-numbers stay so. */
  private static int roundedToUpper(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.isNaN(value) ? bits | 1 << 22 : bits + 0x7FFF + (bits >>> 16 & 1);
  }

  /** As ggml does it: multiplied by 127 / largest and rounded away from zero at halves, the scale then rounded to 16 bits. */
  private static void encodeBlock(float[] values, int from, ByteBuffer out) {
    float largest = 0;
    for (int i = from; i < from + 32; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    float scale = largest / 127;
    float inverse = scale == 0 ? 0 : 1 / scale;
    out.putShort(Float.floatToFloat16(scale));
    for (int i = from; i < from + 32; i++) {
      float x = values[i] * inverse;
      out.put((byte) (x < 0 ? -(int) (-x + 0.5f) : (int) (x + 0.5f)));
    }
  }

  /** Reads numbers, whole blocks of them. */
  void decode(ByteBuffer in, float[] out) {
    for (int i = 0; i < out.length; i += block) {
      switch (this) {
        case F32 -> out[i] = in.getFloat();
        case F16 -> out[i] = Float.float16ToFloat(in.getShort());
        case BF16 -> out[i] = Float.intBitsToFloat(in.getShort() << 16);
        case Q8_0 -> {
          float scale = Float.float16ToFloat(in.getShort());
          for (int k = 0; k < 32; k++) {
            out[i + k] = in.get() * scale;
          }
        }
      }
    }
  }

  /** The most by which a number may change when it is stored, as a share of the largest magnitude of its block. */
  double error() {
    return switch (this) {
      case F32 -> 0;
      case F16 -> 1.0 / (1 << 11);
      case BF16 -> 1.0 / (1 << 8);
      case Q8_0 -> 0.0045;
    };
  }
}
