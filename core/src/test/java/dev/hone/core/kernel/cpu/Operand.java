package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Workers;
import dev.hone.core.random.Philox;
import java.util.Arrays;
import java.util.function.Supplier;

/** Tensors for tests, at odd offsets within longer arrays whose ends must not be touched, and comparisons with float64. */
final class Operand {
  /** Around the width of every vector, one and several blocks. */
  static final int[] SIZES = {0, 1, 7, 8, 13, 16, 31, 207, 1024, 40_000};

  private static final int MARGIN = 3;
  private static final float UNTOUCHED = 12345;

  private Operand() {}

  /** Normal numbers. */
  static Tensor normal(long stream, int... dims) {
    Tensor tensor = filled(0, dims);
    new Philox(1, stream).fillNormal(tensor.array(), MARGIN, MARGIN + tensor.shape().length(), 0, 1);
    return tensor;
  }

  /** Numbers from {@code low} to {@code high}. */
  static Tensor uniform(long stream, double low, double high, int... dims) {
    Tensor tensor = filled(0, dims);
    new Philox(1, stream).fillUniform(tensor.array(), MARGIN, MARGIN + tensor.shape().length(), (float) low, (float) high);
    return tensor;
  }

  /** Moves every number to an odd multiple of 1/256, where no central difference straddles a kink at 0, 1/4, ... */
  static Tensor awayFromKinks(Tensor tensor) {
    for (int i = tensor.offset(); i < tensor.offset() + tensor.shape().length(); i++) {
      tensor.array()[i] = (float) ((Math.floor(tensor.array()[i] * 128) + 0.5) / 128);
    }
    return tensor;
  }

  /** Something to be overwritten: NaN. */
  static Tensor result(int... dims) {
    return filled(Float.NaN, dims);
  }

  static Tensor filled(float value, int... dims) {
    int length = Shape.of(dims).length();
    float[] data = new float[length + 2 * MARGIN];
    Arrays.fill(data, UNTOUCHED);
    Arrays.fill(data, MARGIN, MARGIN + length, value);
    return Tensor.of(data, data.length).slice(MARGIN, MARGIN + length).reshape(dims);
  }

  /** A second tensor with the same numbers. */
  static Tensor copy(Tensor tensor) {
    Tensor copy = filled(0, tensor.shape().toArray());
    return copy.copyFrom(tensor);
  }

  /** The numbers; fails if one before or after them was written. */
  static float[] values(Tensor tensor) {
    float[] values = tensor.toFloatArray();
    for (int i = 0; i < MARGIN; i++) {
      assertEquals(UNTOUCHED, tensor.array()[tensor.offset() - 1 - i], "written before the tensor");
      assertEquals(UNTOUCHED, tensor.array()[tensor.offset() + values.length + i], "written behind the tensor");
    }
    return values;
  }

  static double[] doubles(Tensor tensor) {
    float[] values = tensor.toFloatArray();
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }

  /** Each number within {@code relative} of what is expected, or within {@code absolute}. */
  static void assertNear(String what, double[] expected, Tensor actual, double relative, double absolute) {
    float[] values = values(actual);
    assertEquals(expected.length, values.length, what);
    for (int i = 0; i < values.length; i++) {
      double e = expected[i];
      double a = values[i];
      boolean same = e == a || e != e && a != a || (float) e == values[i];
      if (!same && !(Math.abs(e - a) <= relative * Math.abs(e) + absolute)) {
        assertTrue(false, what + "[" + i + "]: expected " + e + ", got " + a + ", off by " + Math.abs(e - a) + ", relative "
            + Math.abs(e - a) / Math.abs(e));
      }
    }
  }

  /** The same bits for 1, 2 and 3 threads; returns the numbers. */
  static float[] onAnyThreads(Supplier<Tensor> computation) {
    int before = Workers.threads();
    try {
      Workers.setThreads(1);
      float[] alone = values(computation.get());
      for (int threads = 2; threads <= 3; threads++) {
        Workers.setThreads(threads);
        float[] together = values(computation.get());
        for (int i = 0; i < alone.length; i++) {
          assertEquals(Float.floatToRawIntBits(alone[i]), Float.floatToRawIntBits(together[i]),
              "element " + i + " with " + threads + " threads: " + together[i] + ", with 1: " + alone[i]);
        }
      }
      return alone;
    } finally {
      Workers.setThreads(before);
    }
  }
}
