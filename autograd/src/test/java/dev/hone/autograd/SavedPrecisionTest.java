package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Activation;
import dev.hone.core.AttentionSpec;
import dev.hone.core.OwnPool;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What is saved in BF16: the forward pass keeps its bits, gradients are those of rounded numbers. */
class SavedPrecisionTest {
  private static final int ROWS = 40;
  private static final int WIDTH = 32;

  private final Parameter w = new Parameter("w", normal(1, WIDTH, WIDTH), true);

  private static Tensor normal(int seed, int... dims) {
    Random random = new Random(seed);
    float[] values = new float[Tensor.empty(dims).shape().length()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, dims);
  }

  private static float[] rounded(Tensor x) {
    float[] values = x.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      int bits = Float.floatToRawIntBits(values[i]);
      values[i] = Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF0000);
    }
    return values;
  }

  private record Result(float[] y, float[] gradient, long saved) {}

  /** A block's result, the gradient by w with an upstream of ones, and the bytes that it left for the backward pass. */
  private Result run(boolean bf16, Tensor x, UnaryOperator<Variable> part) throws Exception {
    return OwnPool.run(() -> {
      try (Scope _ = Scope.open()) {
        Variable y;
        Variable in = Variable.constant(x);
        long before = Scope.liveBytes();
        try (SavedPrecision _ = bf16 ? SavedPrecision.bf16() : null) {
          y = Block.run(() -> part.apply(in));
        }
        long saved = Scope.liveBytes() - before;
        float[] values = y.value().toFloatArray();
        y.backward(Tensor.full(1, y.shape().toArray()));
        float[] gradient = w.gradient().toFloatArray();
        w.clearGradient();
        return new Result(values, gradient, saved);
      }
    });
  }

  @Test
  void theGradientIsThatOfTheRoundedNumber() throws Exception {
    Tensor x = normal(2, ROWS, WIDTH);
    Result bf16 = run(true, x, in -> MathOps.exp(ActivationOps.activation(Activation.GELU, MatMulOps.linear(in, w, null))));
    Result plain = run(false, x, in -> MathOps.exp(ActivationOps.activation(Activation.GELU, MatMulOps.linear(in, w, null))));
    assertArrayEquals(plain.y, bf16.y);
    // exp's input is exact, as the operator does not call it roundable; that of GELU is rounded
    Tensor h;
    Tensor up;
    try (Scope _ = Scope.open(); GradMode _ = GradMode.disabled()) {
      h = MatMulOps.linear(Variable.constant(x), w, null).value().keep();
      up = Tensor.of(plain.y, ROWS, WIDTH);
    }
    Variable saved = Variable.leaf(Tensor.of(rounded(h), ROWS, WIDTH));
    ActivationOps.activation(Activation.GELU, saved).backward(up);
    Variable again = MatMulOps.linear(Variable.constant(x), w, null);
    again.backward(((Parameter) saved).gradient());
    assertArrayEquals(w.gradient().toFloatArray(), bf16.gradient);
    w.clearGradient();
  }

  @Test
  void whatIsSavedTakesHalfTheMemory() throws Exception {
    Tensor x = normal(3, 100, WIDTH);
    UnaryOperator<Variable> part = in -> {
      Variable h = MatMulOps.linear(in, w, null);
      for (int i = 0; i < 10; i++) {
        h = ActivationOps.activation(Activation.GELU, h);
      }
      return h;
    };
    Result plain = run(false, x, part);
    Result bf16 = run(true, x, part);
    long result = 100 * WIDTH * 4;
    assertEquals(0.5, (bf16.saved - result) / (double) (plain.saved - result), 0.03);
    assertArrayEquals(plain.y, bf16.y);
  }

  @Test
  void statisticsOfRowsAreNotRounded() throws Exception {
    Tensor x = normal(4, 64, WIDTH);
    UnaryOperator<Variable> part = in -> {
      Variable h = MatMulOps.linear(in, w, null);
      Variable queries = MathOps.add(MathOps.mul(h, 0.02f), 10); // scores of 320 and some more: rounding them turns e^s
      Variable keys = MathOps.add(MathOps.mul(h, 0.02f), 10);
      int[] offsets = {0, 64};
      AttentionSpec spec = new AttentionSpec(offsets, offsets, 1, 1, WIDTH, 0.1f, true, Integer.MAX_VALUE, 0, 0, null);
      return AttentionOps.attention(spec, queries, keys, MathOps.mul(h, 2));
    };
    Result plain = run(false, x, part);
    Result bf16 = run(true, x, part);
    assertArrayEquals(plain.y, bf16.y);
    assertNear(plain.gradient, bf16.gradient, 0.01);
  }

  @Test
  void recomputedBlocksKeepTheirInputRounded() throws Exception {
    Tensor x = normal(5, ROWS, WIDTH);
    Variable scale = Variable.constant(normal(6, WIDTH));
    UnaryOperator<Variable> part = in -> {
      Variable h = MatMulOps.linear(in, w, null);
      return Block.run(wide -> GradientCheckpoint.run(inner -> MatMulOps.linear(NormOps.rmsNorm(inner,
          scale, 0, 1e-6f), w, null), wide), h);
    };
    Result plain = run(false, x, part);
    Result bf16 = run(true, x, part);
    assertArrayEquals(plain.y, bf16.y);
    assertTrue(bf16.saved < plain.saved, bf16.saved + " of " + plain.saved);
    assertNear(plain.gradient, bf16.gradient, 0.01);
  }

  @Test
  void itHoldsUntilItIsClosedAndNests() {
    assertEquals(false, SavedPrecision.isBf16());
    try (SavedPrecision _ = SavedPrecision.bf16()) {
      try (SavedPrecision _ = SavedPrecision.bf16()) {
        assertTrue(SavedPrecision.isBf16());
      }
      assertTrue(SavedPrecision.isBf16());
    }
    assertEquals(false, SavedPrecision.isBf16());
  }

  private static void assertNear(float[] expected, float[] actual, double share) {
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      worst = Math.max(worst, Math.abs(expected[i] - actual[i]));
    }
    assertTrue(worst > 0, "something is rounded");
    assertEquals(0, worst / largest, share);
  }
}
