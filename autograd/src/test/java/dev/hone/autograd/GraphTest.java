package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Activation;
import dev.hone.core.OwnPool;
import dev.hone.core.Scope;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How gradients find their way, what becomes of memory, and what misuse says. */
class GraphTest {
  private static Parameter parameter(float... values) {
    return new Parameter("w", Tensor.of(values, values.length), true);
  }

  private static float[] gradient(Parameter parameter) {
    return parameter.gradient().toFloatArray();
  }

  @Test
  void aVariableUsedTwiceGetsBothGradients() {
    Parameter x = parameter(2, 3);
    x.mul(x).mul(x).sum().backward();
    assertArrayEquals(new float[] {12, 27}, gradient(x)); // 3x²
  }

  @Test
  void aVariableAddedToItselfGetsBothGradients() {
    Parameter x = parameter(2, 3);
    Variable twice = x.mul(1f);
    twice.add(twice).sum().backward(); // the same upstream tensor arrives twice
    assertArrayEquals(new float[] {2, 2}, gradient(x));
  }

  @Test
  void bothArmsOfADiamondMeetBeforeTheirSourceSendsBack() {
    Parameter x = parameter(0.5f, -1);
    Variable source = x.mul(2f);
    Variable left = MathOps.exp(source);
    Variable right = source.mul(source);
    left.add(right).add(source).sum().backward();
    float[] expected = {(float) (2 * (Math.exp(1) + 2 + 1)), (float) (2 * (Math.exp(-2) - 4 + 1))};
    assertArrayEquals(expected, gradient(x), 1e-5f);
  }

  @Test
  void armsOfUnequalDepthAreWalkedInTheRightOrder() {
    Parameter x = parameter(3);
    Variable source = x.mul(1f);
    Variable deep = source;
    for (int i = 0; i < 5; i++) {
      deep = deep.mul(2f);
    }
    source.mul(deep).sum().backward(); // 32x²
    assertArrayEquals(new float[] {192}, gradient(x));
  }

  @Test
  void aChainOfTenThousandOperatorsIsNoProblem() {
    Parameter x = parameter(1);
    Variable y = x;
    for (int i = 0; i < 10_000; i++) {
      y = MathOps.add(y, 1);
    }
    y.sum().backward();
    assertArrayEquals(new float[] {1}, gradient(x));
  }

  @Test
  void parametersAccumulateOverTwoBackwardCallsUntilCleared() {
    Parameter x = parameter(1, 2);
    x.mul(3f).sum().backward();
    x.mul(x).sum().backward();
    assertArrayEquals(new float[] {5, 7}, gradient(x));
    x.clearGradient();
    assertNull(x.gradient());
    x.mul(4f).sum().backward();
    assertArrayEquals(new float[] {4, 4}, gradient(x), "a cleared gradient starts from nothing");
  }

  @Test
  void gradientsOutliveTheScopeOfTheirStep() {
    Parameter x = parameter(1, 2);
    try (Scope _ = Scope.open()) {
      x.mul(x).sum().backward();
    }
    assertArrayEquals(new float[] {2, 4}, gradient(x));
  }

  @Test
  void aFrozenInputIsNeverAskedForItsGradient() {
    Parameter frozen = new Parameter("frozen", Tensor.of(new float[] {2}, 1), false);
    Parameter trained = parameter(3);
    List<String> asked = new ArrayList<>();
    Variable y = Variable.of("product", Tensor.of(new float[] {6}, 1))
        .pullback(frozen, up -> {
          asked.add("frozen");
          return up;
        })
        .pullback(trained, up -> {
          asked.add("trained");
          return up;
        });
    y.backward();
    assertEquals(List.of("trained"), asked);
    assertNull(frozen.gradient());
  }

  @Test
  void aParameterCanBeFrozenAndTrainedAgain() {
    Parameter x = parameter(2);
    x.mul(x).sum().backward();
    x.setTrainable(false);
    assertNull(x.gradient());
    assertFalse(x.mul(x).requiresGradient());
    x.setTrainable(true);
    x.mul(x).sum().backward();
    assertArrayEquals(new float[] {4}, gradient(x));
  }

  @Test
  void aDetachedValueSendsNothingBackAndStaysValid() {
    try (Scope _ = Scope.open()) {
      Parameter x = parameter(new float[300]);
      Variable y = MathOps.exp(x);
      Variable cut = y.detach();
      y.mul(cut).sum().backward();
      assertEquals(1, gradient(x)[299]);
      assertEquals(1, cut.value().get(299), "the graph must not take this memory back");
    }
  }

  @Test
  void intermediateMemoryIsGivenBackByBackwardAndSaysSoWhenUsed() {
    try (Scope _ = Scope.open()) {
      Parameter x = parameter(new float[300]);
      Variable y = MathOps.exp(x);
      Variable loss = y.sum();
      loss.backward();
      assertEquals(300, loss.value().item(), "the loss itself stays");
      String message = assertThrows(IllegalStateException.class, () -> y.value().array()).getMessage();
      assertTrue(message.contains("after its memory was given back") && message.contains("keep()"), message);
    }
  }

  @Test
  void anIntermediateValueThatIsKeptStaysValid() {
    try (Scope _ = Scope.open()) {
      Parameter x = parameter(new float[300]);
      Variable y = MathOps.exp(x);
      y.value().keep();
      y.sum().backward();
      assertEquals(1, y.value().get(299));
    }
  }

  @Test
  void walkingAGraphTwiceIsAnError() {
    Parameter x = parameter(1, 2);
    Variable loss = x.mul(x).sum();
    loss.backward();
    String message = assertThrows(IllegalStateException.class, loss::backward).getMessage();
    assertTrue(message.startsWith("backward: this graph was already walked"), message);
    assertArrayEquals(new float[] {2, 4}, gradient(x), "the failed call must not have added anything");
  }

  @Test
  void twoLossesOverOneConsumedPartAreAnErrorInsteadOfAMissingGradient() {
    Parameter x = parameter(1, 2);
    Variable shared = x.mul(2f);
    Variable first = shared.sum();
    Variable second = MathOps.add(shared, 1).sum();
    first.backward();
    String message = assertThrows(IllegalStateException.class, second::backward).getMessage();
    assertTrue(message.contains("'mul' [2], a part of this graph, was already walked") && message.contains("add the losses"),
        message);
  }

  @Test
  void backwardNeedsAScalarOrAnUpstreamGradientOfTheSameShape() {
    Parameter x = parameter(1, 2);
    String message = assertThrows(ShapeException.class, () -> x.mul(2f).backward()).getMessage();
    assertTrue(message.contains("[2] is not a single number"), message);
    message = assertThrows(ShapeException.class, () -> x.mul(2f).backward(Tensor.zeros(3))).getMessage();
    assertTrue(message.contains("[2]") && message.contains("[3]"), message);
    x.mul(2f).backward(Tensor.of(new float[] {10, 20}, 2));
    assertArrayEquals(new float[] {20, 40}, gradient(x));
  }

  @Test
  void backwardWithoutAnyTrainableInputSaysSo() {
    Variable y = Variable.constant(Tensor.zeros(2)).sum();
    String message = assertThrows(IllegalStateException.class, y::backward).getMessage();
    assertTrue(message.contains("nothing this value was computed from needs a gradient"), message);
  }

  @Test
  void aGradientOfTheWrongShapeNamesTheOperator() {
    Parameter x = parameter(1, 2);
    Variable y = Variable.of("broken", Tensor.zeros(2)).pullback(x, up -> Tensor.zeros(3));
    String message = assertThrows(ShapeException.class, () -> y.sum().backward()).getMessage();
    assertEquals("backward of broken [2]: gradient [3] of parameter w [2]", message);
  }

  @Test
  void theMemoryOfAThousandStepsIsThatOfAFew() throws Exception {
    OwnPool.run(() -> {
      aThousandSteps();
      return null;
    });
  }

  private static void aThousandSteps() {
    Parameter w = new Parameter("w", Tensor.full(0.1f, 32, 32), true);
    Parameter b = new Parameter("b", Tensor.zeros(32), true);
    long early = 0;
    long late = 0;
    for (int step = 0; step < 1_000; step++) {
      int rows = 17 + step % 5; // batches of changing length
      try (Scope _ = Scope.open()) {
        Variable x = Variable.constant(Tensor.full(0.5f, rows, 32));
        Variable hidden = ActivationOps.activation(Activation.GELU, MatMulOps.linear(x, w, b));
        Variable normed = NormOps.layerNorm(hidden, null, b, 1e-5f);
        Variable again = GradientCheckpoint.run(part -> MatMulOps.linear(part, w, b), normed);
        again.mul(again).mean().backward();
      }
      w.clearGradient();
      b.clearGradient();
      if (step < 20) {
        early = Math.max(early, Scope.pooledBytes());
      } else {
        late = Math.max(late, Scope.pooledBytes());
      }
    }
    assertTrue(early > 0, "the steps must have used the pool");
    assertTrue(late <= early, "most bytes in the first 20 steps: " + early + ", in the following 980: " + late);
    Scope.trim();
    assertEquals(0, Scope.pooledBytes(), "no array may be left in use");
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void gradientsUseThePoolAndGiveItBackEvenIfTheParameterIsForgotten() throws Exception {
    OwnPool.run(() -> {
      Parameter w = new Parameter("w", Tensor.full(0.1f, 32, 32), true);
      try (Scope _ = Scope.open()) {
        w.mul(w).sum().backward();
      }
      assertTrue(Scope.liveBytes() >= 32 * 32 * 4, "the gradient outlives the scope");
      assertEquals(0.2f, w.gradient().get(0), 1e-6f);
      w.clearGradient();
      assertEquals(0, Scope.liveBytes());
      try (Scope _ = Scope.open()) {
        w.mul(w).sum().backward();
      }
      Tensor kept = w.gradient().keep();
      w.clearGradient();
      assertEquals(0, Scope.liveBytes());
      assertEquals(0.2f, kept.get(1023), 1e-6f);
      new Parameter("forgotten", Tensor.full(1, 32, 32), true).mul(2).sum().backward();
      while (Scope.liveBytes() > 0) { // a forgotten gradient's memory must come back, whenever the collector finds it
        System.gc();
        Thread.sleep(10);
        Scope.trim();
      }
      return null;
    });
  }
}
