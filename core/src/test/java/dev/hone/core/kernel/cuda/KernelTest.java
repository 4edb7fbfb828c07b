package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.cpu.CpuKernels;
import dev.hone.core.random.Philox;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** Kernels against their scalar twins, launch by launch, at sizes that fill no block. */
abstract class KernelTest {
  /** Of the largest number of a result. */
  static final double F32 = 1e-5;
  static final Kernels CPU = CpuKernels.scalar("the reference");
  static KernelRunner gpu;

  @BeforeAll
  static void open() {
    gpu = new KernelRunner();
  }

  @AfterEach
  void release() {
    gpu.release();
  }

  @AfterAll
  static void close() {
    if (gpu != null) {
      gpu.close();
      gpu = null;
    }
  }

  /** Normal numbers. */
  static float[] normal(long stream, int n) {
    float[] x = new float[n];
    new Philox(11, stream).fillNormal(x, 0, n, 0, 1);
    return x;
  }

  /** Uniform numbers. */
  static float[] uniform(long stream, int n, float low, float high) {
    float[] x = new float[n];
    new Philox(12, stream).fillUniform(x, 0, n, low, high);
    return x;
  }

  static Tensor tensor(float[] x, int... dims) {
    return Tensor.of(x.clone(), dims);
  }

  static float[] floats(Tensor x) {
    float[] copy = new float[x.shape().length()];
    x.read(0, copy.length, copy, 0);
    return copy;
  }

  static void near(String what, Tensor expected, float[] actual, double bound) {
    near(what, floats(expected), actual, bound);
  }

  /** Within a share of the largest number; not a number where that is expected, and nowhere else. */
  static void near(String what, float[] expected, float[] actual, double bound) {
    assertEquals(expected.length, actual.length, what);
    double largest = 1e-30;
    for (float x : expected) {
      largest = Math.max(largest, Float.isFinite(x) ? Math.abs(x) : 0);
    }
    for (int i = 0; i < expected.length; i++) {
      boolean same = Float.compare(expected[i], actual[i]) == 0 || Math.abs(expected[i] - actual[i]) <= bound * largest;
      if (!same) {
        assertEquals(expected[i], actual[i], (float) (bound * largest), what + " [" + i + "]");
      }
    }
  }
}
