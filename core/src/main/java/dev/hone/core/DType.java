package dev.hone.core;

import java.util.Locale;

/**
 * How the elements of a tensor are stored. Only {@link #F32} is computed with; the others are what files hold, and
 * kernels widen them where they read.
 */
public enum DType {
  /** IEEE 754 binary64; read from files, converted to F32 to compute. */
  F64(8),
  /** IEEE 754 binary32. */
  F32(4),
  /** IEEE 754 binary16. */
  F16(2),
  /** The upper half of a binary32. */
  BF16(2),
  /** Signed 64-bit integer. */
  I64(8),
  /** Signed 32-bit integer. */
  I32(4),
  /** Signed 16-bit integer. */
  I16(2),
  /** Signed 8-bit integer. */
  I8(1),
  /** Unsigned 8-bit integer. */
  U8(1),
  /** One byte, 0 or 1. */
  BOOL(1),
  /** Four bits, scaled in blocks of 64: {@link dev.hone.core.quant.Nf4}. */
  NF4(0),
  /** Eight bits, scaled in blocks of 32: {@link dev.hone.core.quant.Q8Blocks} or {@link dev.hone.core.quant.GgmlBlocks}. */
  Q8_0(0),
  /** Four bits, scaled in blocks of 32: {@link dev.hone.core.quant.GgmlFormat}, as the types below. */
  Q4_0(0),
  /** Four bits and a min, in blocks of 32. */
  Q4_1(0),
  /** Five bits, scaled in blocks of 32. */
  Q5_0(0),
  /** Five bits and a min, in blocks of 32. */
  Q5_1(0),
  /** Four bits, scales and mins of 32 in blocks of 256. */
  Q4_K(0),
  /** Five bits, scales and mins of 32 in blocks of 256. */
  Q5_K(0),
  /** Six bits, scales of 16 in blocks of 256. */
  Q6_K(0),
  /** Eight bits, scaled by row: {@link dev.hone.core.quant.Int8Rows}. */
  INT8_ROWS(0);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element; 0 for quantised ones, whose {@link Tensor#bytes()} says how many all have. */
  public int bytes() {
    return bytes;
  }

  /** Whether elements are codes that share scales: frozen weights which kernels widen, in no file as one tensor. */
  public boolean isQuantized() {
    return bytes == 0;
  }

  /** Whether elements are floating point numbers. */
  public boolean isFloat() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }

  /** The name that Hugging Face's {@code dtype} and {@code torch_dtype} use, such as {@code bfloat16}. */
  public String torchName() {
    return switch (this) {
      case F64 -> "float64";
      case F32 -> "float32";
      case F16 -> "float16";
      case BF16 -> "bfloat16";
      case I64, I32, I16, I8 -> "int" + 8 * bytes;
      case U8 -> "uint8";
      case BOOL -> "bool";
      case NF4, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K, INT8_ROWS -> name().toLowerCase(Locale.ROOT);
    };
  }

  /** The type of a name such as {@code bfloat16} or {@code bf16}, in any case. */
  public static DType parse(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    for (DType type : values()) {
      if (type.torchName().equals(wanted) || type.name().toLowerCase(Locale.ROOT).equals(wanted)) {
        return type;
      }
    }
    throw new IllegalArgumentException("unknown dtype '" + name + "'; known: float32, bfloat16, float16, float64");
  }
}
