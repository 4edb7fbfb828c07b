package dev.hone.core.quant;

import dev.hone.core.DType;

/**
 * The blocks of numbers in which ggml stores a row of a matrix, bit for bit: scales, mins and codes of a block lie together. d
 * and m are halves, q codes; a block of 256 has sub-blocks of 32 (16 for {@link #Q6_K}) with scales and mins of their own in a
 * few bits, which d and m multiply. Each product and difference is rounded to float32.
 */
public enum GgmlFormat {
  /** d · (q - 8), 4 bits. */
  Q4_0(DType.Q4_0, 32, 18),
  /** d · q + m, 4 bits. */
  Q4_1(DType.Q4_1, 32, 20),
  /** d · (q - 16), 5 bits. */
  Q5_0(DType.Q5_0, 32, 22),
  /** d · q + m, 5 bits. */
  Q5_1(DType.Q5_1, 32, 24),
  /** d · q, 8 bits with a sign. */
  Q8_0(DType.Q8_0, 32, 34),
  /** (d · scale) · q - (m · min), 4 bits, scales and mins in 6. */
  Q4_K(DType.Q4_K, 256, 144),
  /** (d · scale) · q - (m · min), 5 bits, scales and mins in 6. */
  Q5_K(DType.Q5_K, 256, 176),
  /** (d · scale) · (q - 32), 6 bits, scales in 8 with a sign. */
  Q6_K(DType.Q6_K, 256, 210);

  private final DType type;
  private final int block;
  private final int bytes;

  GgmlFormat(DType type, int block, int bytes) {
    this.type = type;
    this.block = block;
    this.bytes = bytes;
  }

  /** The type of a tensor of such blocks. */
  public DType type() {
    return type;
  }

  /** Numbers of a block. */
  public int block() {
    return block;
  }

  /** Bytes of a block. */
  public int bytes() {
    return bytes;
  }

  /** Makes a block of numbers; see {@link GgmlEncoder}. */
  public void encode(float[] values, int from, byte[] block, int at) {
    GgmlEncoder.encode(this, values, from, block, at);
  }

  /** What a block stands for. */
  public void decode(byte[] b, int at, float[] y, int yi) {
    switch (this) {
      case Q4_0 -> {
        float d = half(b, at);
        for (int i = 0; i < 16; i++) {
          y[yi + i] = ((b[at + 2 + i] & 15) - 8) * d;
          y[yi + i + 16] = ((b[at + 2 + i] >> 4 & 15) - 8) * d;
        }
      }
      case Q4_1 -> {
        float d = half(b, at);
        float m = half(b, at + 2);
        for (int i = 0; i < 16; i++) {
          y[yi + i] = (b[at + 4 + i] & 15) * d + m;
          y[yi + i + 16] = (b[at + 4 + i] >> 4 & 15) * d + m;
        }
      }
      case Q5_0 -> {
        float d = half(b, at);
        int high = number(b, at + 2);
        for (int i = 0; i < 16; i++) {
          y[yi + i] = ((b[at + 6 + i] & 15 | (high >> i & 1) << 4) - 16) * d;
          y[yi + i + 16] = ((b[at + 6 + i] >> 4 & 15 | (high >> i + 16 & 1) << 4) - 16) * d;
        }
      }
      case Q5_1 -> {
        float d = half(b, at);
        float m = half(b, at + 2);
        int high = number(b, at + 4);
        for (int i = 0; i < 16; i++) {
          y[yi + i] = (b[at + 8 + i] & 15 | (high >> i & 1) << 4) * d + m;
          y[yi + i + 16] = (b[at + 8 + i] >> 4 & 15 | (high >> i + 16 & 1) << 4) * d + m;
        }
      }
      case Q8_0 -> {
        float d = half(b, at);
        for (int i = 0; i < 32; i++) {
          y[yi + i] = b[at + 2 + i] * d;
        }
      }
      case Q4_K -> {
        for (int pair = 0; pair < 4; pair++) {
          half4(b, at, at + 16 + 32 * pair, 0, 2 * pair, y, yi + 64 * pair);
          half4(b, at, at + 16 + 32 * pair, 4, 2 * pair + 1, y, yi + 64 * pair + 32);
        }
      }
      case Q5_K -> {
        for (int pair = 0; pair < 4; pair++) {
          half5(b, at, at + 48 + 32 * pair, 0, 2 * pair, y, yi + 64 * pair);
          half5(b, at, at + 48 + 32 * pair, 4, 2 * pair + 1, y, yi + 64 * pair + 32);
        }
      }
      case Q6_K -> {
        float d = half(b, at + 208);
        for (int quarter = 0; quarter < 8; quarter++) {
          int low = at + quarter / 4 * 64 + quarter % 2 * 32;
          int high = at + 128 + quarter / 4 * 32;
          for (int group = 0; group < 2; group++) {
            six(b, low + 16 * group, quarter % 4 / 2 * 4, high + 16 * group, quarter % 4 * 2,
                d * b[at + 192 + 2 * quarter + group], y, yi + 32 * quarter + 16 * group);
          }
        }
      }
    }
  }

  private static void half4(byte[] b, int at, int codes, int shift, int part, float[] y, int yi) {
    float scale = half(b, at) * scale(b, at + 4, part);
    float min = half(b, at + 2) * min(b, at + 4, part);
    for (int i = 0; i < 32; i++) {
      y[yi + i] = scale * (b[codes + i] >> shift & 15) - min;
    }
  }

  private static void half5(byte[] b, int at, int codes, int shift, int part, float[] y, int yi) {
    float scale = half(b, at) * scale(b, at + 4, part);
    float min = half(b, at + 2) * min(b, at + 4, part);
    for (int i = 0; i < 32; i++) {
      y[yi + i] = scale * (b[codes + i] >> shift & 15 | (b[at + 16 + i] >> part & 1) << 4) - min;
    }
  }

  private static void six(byte[] b, int low, int lowShift, int high, int highShift, float scale, float[] y, int yi) {
    for (int i = 0; i < 16; i++) {
      y[yi + i] = scale * ((b[low + i] >> lowShift & 15 | (b[high + i] >> highShift & 3) << 4) - 32);
    }
  }

  /** The scale of a sub-block: six bits of the twelve bytes from {@code at} on. */
  private static int scale(byte[] b, int at, int part) {
    return part < 4 ? b[at + part] & 63 : b[at + part + 4] & 15 | (b[at + part - 4] >> 6 & 3) << 4;
  }

  private static int min(byte[] b, int at, int part) {
    return part < 4 ? b[at + part + 4] & 63 : b[at + part + 4] >> 4 & 15 | (b[at + part] >> 6 & 3) << 4;
  }

  private static float half(byte[] b, int at) {
    return Float.float16ToFloat((short) (b[at] & 0xFF | b[at + 1] << 8));
  }

  private static int number(byte[] b, int at) {
    return b[at] & 0xFF | (b[at + 1] & 0xFF) << 8 | (b[at + 2] & 0xFF) << 16 | b[at + 3] << 24;
  }
}
