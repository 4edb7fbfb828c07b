package dev.hone.core.kernel.cpu;

import dev.hone.core.Activation;
import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;

/** One product of random operands, its result, and the same in float64. */
record MatMulCase(int m, int n, int k, boolean transA, boolean transB, DType stored, boolean accumulate, float scale,
    boolean bias) {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Normal numbers, drawn once: a product takes a run of them, from a random place. */
  private static final float[] NORMAL = new float[1 << 18];

  static {
    Random random = new Random(1);
    for (int i = 0; i < NORMAL.length; i++) {
      NORMAL[i] = (float) random.nextGaussian();
    }
  }

  static MatMulCase of(int m, int k, int n, String layout) {
    return new MatMulCase(m, n, k, layout.charAt(0) == 'T', layout.charAt(1) == 'T', null, false, 1, false);
  }

  /** The right operand outside the heap. */
  MatMulCase stored(DType type) {
    return new MatMulCase(m, n, k, transA, transB, type, accumulate, scale, bias);
  }

  MatMulCase accumulating() {
    return new MatMulCase(m, n, k, transA, transB, stored, true, scale, bias);
  }

  MatMulCase scaled(float factor) {
    return new MatMulCase(m, n, k, transA, transB, stored, accumulate, factor, bias);
  }

  MatMulCase withBias() {
    return new MatMulCase(m, n, k, transA, transB, stored, accumulate, scale, true);
  }

  @Override
  public String toString() {
    return (transA ? "T" : "N") + (transB ? "T" : "N") + " " + m + "x" + k + "x" + n + (stored == null ? "" : " " + stored)
        + (accumulate ? " accumulated" : "") + (scale == 1 ? "" : " scaled") + (bias ? " with bias" : "");
  }

  /** Values with contents that depend on the sizes alone; what a product writes to is the caller's own. */
  Values operands() {
    Values values = Drawn.of(this).values;
    return new Values(values.a(), values.b(), values.c().copy(), values.bias());
  }

  private Values draw() {
    Random random = new Random(31L * m + 37L * n + 41L * k);
    Tensor a = transA ? random(random, k, m) : random(random, m, k);
    Tensor b = transB ? random(random, n, k) : random(random, k, n);
    return new Values(a, stored == null ? b : outside(b, stored), random(random, m, n), bias ? random(random, n) : null);
  }

  /** The operands of the case that was asked for last and their product: drawing and summing take longer than what is tested. */
  private static final class Drawn {
    private static Drawn last;

    private final MatMulCase of;
    private final Values values;
    private double[] sums;
    private double[] sizes;

    private Drawn(MatMulCase of) {
      this.of = of;
      values = of.draw();
    }

    static synchronized Drawn of(MatMulCase c) {
      if (last == null || !last.of.equals(c)) {
        last = new Drawn(c);
      }
      return last;
    }

    /** The product in float64 and the sum of the magnitudes of its terms. */
    private synchronized void multiply() {
      if (sums != null) {
        return;
      }
      int k = of.k;
      float[] a = values.a().toFloatArray();
      float[] b = values.b().toFloatArray();
      sums = new double[of.m * of.n];
      sizes = new double[of.m * of.n];
      for (int i = 0; i < of.m; i++) {
        for (int x = 0; x < k; x++) {
          double left = a[of.transA ? x * of.m + i : i * k + x];
          for (int j = 0; j < of.n; j++) {
            double term = left * b[of.transB ? j * k + x : x * of.n + j];
            sums[i * of.n + j] += term;
            sizes[i * of.n + j] += Math.abs(term);
          }
        }
      }
    }
  }

  record Values(Tensor a, Tensor b, Tensor c, Tensor bias) {}

  /** The result, as an array of its own. */
  float[] run(MatMulKernels kernels) {
    Values operands = operands();
    if (!accumulate) {
      operands.c().fill(Float.NaN); // old contents must not be read
    }
    kernels.matmul(operands.a(), transA, operands.b(), transB, accumulate, operands.c(),
        new Epilogue(scale, operands.bias(), Activation.NONE, null));
    return operands.c().toFloatArray();
  }

  /** What {@link MatMulKernels#stream} gives with a right operand of the same values. */
  float[] stream(MatMulKernels kernels, Tensor b) {
    Values operands = operands();
    Tensor c = Tensor.full(Float.NaN, m, n);
    kernels.stream(operands.a(), b, transB, c, new Epilogue(scale, operands.bias(), Activation.NONE, null));
    return c.toFloatArray();
  }

  /** The largest error in units of what rounding may cost: ulps of the sum of magnitudes, times √k. */
  double error(float[] result) {
    Drawn drawn = Drawn.of(this);
    drawn.multiply();
    float[] old = drawn.values.c().toFloatArray();
    float[] added = bias ? drawn.values.bias().toFloatArray() : new float[n];
    double worst = 0;
    for (int at = 0; at < m * n; at++) {
      double add = (accumulate ? old[at] : 0) + added[at % n];
      double size = Math.abs(scale) * drawn.sizes[at] * (1 + Math.sqrt(k)) + 2 * Math.abs(add);
      double unit = Math.ulp(1f) * size + Float.MIN_NORMAL;
      double error = Math.abs(scale * drawn.sums[at] + add - result[at]) / unit;
      worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : Math.max(worst, error);
    }
    return worst;
  }

  /** A heap tensor that is a view into a larger one, so that offsets are not zero. */
  static Tensor random(Random random, int... dims) {
    Shape shape = Shape.of(dims);
    int row = shape.rank() == 0 || dims[0] == 0 ? 1 : shape.length() / dims[0];
    Tensor whole = Tensor.empty((dims[0] + 2) * row);
    float[] array = whole.array();
    int start = random.nextInt();
    for (int i = 0; i < array.length; i++) {
      array[i] = NORMAL[start + i & NORMAL.length - 1];
    }
    return whole.slice(row, row + shape.length()).reshape(shape);
  }

  /** The same values, rounded to a stored type, at an odd place in native memory. */
  static Tensor outside(Tensor tensor, DType type) {
    if (type.isQuantized()) {
      return Quantized.of(tensor, type).tensor(tensor.shape());
    }
    float[] values = tensor.toFloatArray();
    MemorySegment memory = Arena.ofAuto().allocate((long) values.length * type.bytes() + 2).asSlice(2);
    for (int i = 0; i < values.length; i++) {
      switch (type) {
        case F32 -> memory.set(FLOAT, 4L * i, values[i]);
        case BF16 -> memory.set(SHORT, 2L * i, (short) (Float.floatToRawIntBits(values[i]) >>> 16));
        case F16 -> memory.set(SHORT, 2L * i, Float.floatToFloat16(values[i]));
        default -> throw new AssertionError(type);
      }
    }
    return Tensor.of(memory, type, tensor.shape());
  }
}
