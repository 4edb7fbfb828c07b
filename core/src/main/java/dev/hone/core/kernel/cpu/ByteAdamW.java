package dev.hone.core.kernel.cpu;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ByteTable;
import dev.hone.core.parallel.Workers;

/** AdamW whose means take a byte per element, block by block. */
public final class ByteAdamW {
  private static final int GRAIN = 64; // blocks

  private ByteAdamW() {}

  /** Checks the operands of {@code OptimizerKernels.adamW8bit}; returns the number of blocks. */
  public static int check(Tensor parameter, Tensor gradient, Tensor first, Tensor firstScale, Tensor second,
      Tensor secondScale) {
    String op = "adamW8bit";
    Operands.same(op, "parameter", parameter, "gradient", gradient);
    int blocks = Math.ceilDiv(parameter.shape().length(), ByteTable.BLOCK);
    for (Tensor codes : new Tensor[] {first, second}) {
      if (codes.dtype() != DType.U8) {
        throw new IllegalArgumentException(op + ": codes are U8, not " + codes.dtype());
      }
      Operands.size(op, "codes", codes, parameter.size(), "a byte per element");
    }
    Operands.size(op, "firstScale", firstScale, blocks, "one per block");
    Operands.size(op, "secondScale", secondScale, blocks, "one per block");
    return blocks;
  }

  static void step(float[] numbers, Tensor parameter, Tensor gradient, Tensor first, Tensor firstScale, Tensor second,
      Tensor secondScale) {
    int blocks = check(parameter, gradient, first, firstScale, second, secondScale);
    float scale = numbers[0];
    float keep = numbers[1];
    float beta1 = numbers[2];
    float beta2 = numbers[3];
    float rest1 = numbers[4];
    float rest2 = numbers[5];
    float size = numbers[6];
    float root = numbers[7];
    float eps = numbers[8];
    byte[] firsts = bytes(first);
    byte[] seconds = bytes(second);
    float[] firstScales = firstScale.array();
    int fi = firstScale.offset();
    float[] secondScales = secondScale.array();
    int si = secondScale.offset();
    float[] p = parameter.array();
    float[] g = gradient.array();
    int n = parameter.shape().length();
    Workers.ranges(blocks, GRAIN, (from, to) -> {
      float[] m = new float[ByteTable.BLOCK];
      float[] v = new float[ByteTable.BLOCK];
      for (int block = from; block < to; block++) {
        int start = block * ByteTable.BLOCK;
        int length = Math.min(ByteTable.BLOCK, n - start);
        ByteTable.SIGNED.read(firsts, start, length, firstScales[fi + block], m);
        ByteTable.UNSIGNED.read(seconds, start, length, secondScales[si + block], v);
        int pi = parameter.offset() + start;
        int gi = gradient.offset() + start;
        for (int i = 0; i < length; i++) {
          float x = scale * g[gi + i];
          m[i] = beta1 * m[i] + rest1 * x;
          v[i] = beta2 * v[i] + rest2 * x * x;
          p[pi + i] = keep * p[pi + i] - size * m[i] / ((float) Math.sqrt(v[i]) * root + eps);
        }
        firstScales[fi + block] = ByteTable.SIGNED.write(m, length, firsts, start);
        secondScales[si + block] = ByteTable.UNSIGNED.write(v, length, seconds, start);
      }
    });
  }

  private static byte[] bytes(Tensor codes) {
    return (byte[]) codes.segment().heapBase().orElseThrow(() -> new IllegalArgumentException(
        "adamW8bit: codes are in a Java array on the CPU"));
  }
}
