package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Activation;
import dev.hone.core.OwnPool;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class CheckpointTest {
  private static final Philox RANDOM = new Philox(3, 0);

  private final Parameter weight = new Parameter("weight", normal(1, 24, 24), true);
  private final Parameter bias = new Parameter("bias", normal(2, 24), true);

  private static Tensor normal(int stream, int... dims) {
    Tensor tensor = Tensor.zeros(dims);
    RANDOM.withStream(stream).fillNormal(tensor.array(), 0, tensor.shape().length(), 0, 0.3f);
    return tensor;
  }

  /** A block with dropout, whose mask has to be drawn again. */
  private Variable block(Variable x) {
    Variable hidden = ActivationOps.activation(Activation.GELU, MatMulOps.linear(x, weight, bias));
    return NormOps.layerNorm(ActivationOps.dropout(hidden, 0.3f, RANDOM.withStream(9)).add(x), null, null, 1e-5f);
  }

  private record Run(float[] loss, float[] byInput, float[] byWeight, float[] byBias) {}

  private Run run(boolean trainableInput, UnaryOperator<Variable> model) {
    weight.clearGradient();
    bias.clearGradient();
    Parameter input = new Parameter("input", normal(3, 13, 24), trainableInput);
    try (Scope _ = Scope.open()) {
      Variable y = model.apply(input);
      Variable loss = y.mul(y).mul(Variable.constant(normal(4, 24))).sum();
      loss.backward();
      return new Run(loss.value().toFloatArray(), trainableInput ? input.gradient().toFloatArray() : null,
          weight.gradient().toFloatArray(), bias.gradient().toFloatArray());
    }
  }

  private void assertSameBits(Run expected, Run actual) {
    assertArrayEquals(expected.loss(), actual.loss());
    assertArrayEquals(expected.byInput(), actual.byInput());
    assertArrayEquals(expected.byWeight(), actual.byWeight());
    assertArrayEquals(expected.byBias(), actual.byBias());
  }

  @Test
  void recomputingGivesTheSameBits() {
    assertSameBits(run(true, x -> block(block(x))),
        run(true, x -> GradientCheckpoint.run(this::block, GradientCheckpoint.run(this::block, x))));
  }

  @Test
  void parametersInsideGetGradientsThoughTheInputIsFrozen() {
    assertSameBits(run(false, this::block), run(false, x -> GradientCheckpoint.run(this::block, x)));
  }

  @Test
  void aCheckpointInsideACheckpointGivesTheSameBits() {
    assertSameBits(run(true, x -> block(block(x))),
        run(true, x -> GradientCheckpoint.run(part -> block(GradientCheckpoint.run(this::block, part)), x)));
  }

  @Test
  void anInputUsedOutsideTooGetsBothGradients() {
    Run plain = run(true, x -> block(x).add(x));
    Run recomputed = run(true, x -> GradientCheckpoint.run(this::block, x).add(x));
    assertArrayEquals(plain.loss(), recomputed.loss());
    assertArrayEquals(plain.byInput(), recomputed.byInput(), 1e-5f);
    assertArrayEquals(plain.byWeight(), recomputed.byWeight());
  }

  @Test
  void aPartThatOnlyPassesItsInputOnWorks() {
    Run plain = run(true, this::block);
    assertSameBits(plain, run(true, x -> block(GradientCheckpoint.run(part -> part, x))));
    assertSameBits(plain, run(true, x -> GradientCheckpoint.run(part -> part.reshape(13, 24), block(x))));
  }

  @Test
  void onlyInputAndOutputAreHeldBetweenThePasses() throws Exception {
    Parameter input = new Parameter("input", normal(3, 1000, 24), true);
    long plain = held(() -> block(block(block(input))));
    long recomputed = held(() -> GradientCheckpoint.run(x -> block(block(block(x))), input));
    long one = 1000 * 24 * 4;
    assertTrue(plain > 9 * one, "plain: " + plain);
    // Pool sizes exceed what is asked by up to a quarter; two pieces may serve as the others' scratch.
    assertTrue(recomputed < 2 * one, "recomputed: " + recomputed);
  }

  /** Bytes that an operator's result keeps until its backward pass. */
  private static long held(Supplier<Variable> model) throws Exception {
    return OwnPool.run(() -> {
      try (Scope _ = Scope.open()) {
        long before = Scope.liveBytes();
        assertTrue(model.get().requiresGradient());
        return Scope.liveBytes() - before;
      }
    });
  }

  @Test
  void nothingIsRecordedWhenGradientsAreDisabled() {
    try (GradMode _ = GradMode.disabled()) {
      Variable y = GradientCheckpoint.run(this::block, Variable.constant(normal(3, 13, 24)));
      assertFalse(y.requiresGradient());
      assertEquals(13, y.shape().dim(0));
    }
  }
}
