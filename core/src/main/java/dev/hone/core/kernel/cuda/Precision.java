package dev.hone.core.kernel.cuda;

import java.util.Locale;

/** What products are computed in; sums are F32 in any case, and so are norms, softmax and losses. */
enum Precision {
  /** F32 throughout. */
  FP32("matmul_f32", 64),
  /** On tensor cores, factors rounded to 10 bits. */
  TF32("matmul_tf32", 128),
  /** On tensor cores, factors rounded to 7 bits. */
  BF16("matmul_bf16", 128);

  static final String PROPERTY = "hone.cuda.precision";

  private static volatile String usual = "bf16";

  private final String entry;
  private final int tile;

  Precision(String entry, int tile) {
    this.entry = entry;
    this.tile = tile;
  }

  /** What is taken where the property says nothing. */
  static void otherwise(String name) {
    usual = name;
  }

  /** The one that {@code -Dhone.cuda.precision} asks for, else the usual one. */
  static Precision chosen() {
    String name = System.getProperty(PROPERTY, usual);
    for (Precision precision : values()) {
      if (precision.name().toLowerCase(Locale.ROOT).equals(name)) {
        return precision;
      }
    }
    throw new IllegalArgumentException("precision " + name + " (-D" + PROPERTY + "): known are fp32, tf32, bf16");
  }

  /** The kernel of a product in tiles. */
  String entry() {
    return entry;
  }

  /** Rows and columns of a tile. */
  int tile() {
    return tile;
  }
}
