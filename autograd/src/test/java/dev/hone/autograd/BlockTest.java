package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Activation;
import dev.hone.core.OwnPool;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** What of a block stays and what goes, and that gradients are those without blocks. */
class BlockTest {
  private static final long MATRIX = 32 * 32 * 4; // bytes, but for a line or two

  private final Parameter w = new Parameter("w", Tensor.full(0.05f, 32, 32), true);
  private final Parameter v = new Parameter("v", Tensor.full(0.1f, 32, 32), true);

  private static Variable input() {
    return Variable.constant(Tensor.full(0.3f, 32, 32));
  }

  @Test
  void aValueGoesWithItsBlockUnlessAPullBackUsesIt() {
    Variable[] inner = new Variable[2];
    float[][] gradients = inAndOutOfABlock(x -> {
      Variable hidden = MatMulOps.linear(x, w, null);
      Variable wide = ActivationOps.activation(Activation.GELU, hidden);
      inner[0] = hidden;
      inner[1] = wide;
      return MathOps.add(wide, wide);
    }, () -> {
      assertTrue(inner[0].value().isValid(), "the activation's pull-back uses it");
      assertThrows(IllegalStateException.class, inner[1].value()::array);
    });
    assertArrayEquals(gradients[0], gradients[1]);
  }

  @Test
  void aValueThatIsGoneIsComputedAgainForThePullBacksThatNeedIt() {
    Variable[] inner = new Variable[1];
    float[][] gradients = inAndOutOfABlock(x -> {
      inner[0] = MatMulOps.linearActivation(x, w, true, null, Activation.GELU);
      return MatMulOps.linear(inner[0], v, null);
    }, () -> assertFalse(inner[0].value().isValid()));
    assertArrayEquals(gradients[0], gradients[1]);
  }

  @Test
  void anOperatorThatDoesNotSayWhatItSavesKeepsWhatItsBlockMade() {
    float[][] gradients = inAndOutOfABlock(x -> {
      Variable y = MatMulOps.linear(x, w, null);
      Tensor doubled = y.value().copy();
      MathOps.addInto(y.value(), doubled);
      return Variable.of("square", MathOps.product(y.value(), y.value()))
          .pullback(y, up -> MathOps.product(up, doubled)); // of its own, and nobody knows
    }, () -> { });
    assertArrayEquals(gradients[0], gradients[1]);
    assertTrue(gradients[0][0] != 0);
  }

  /** Gradients by w of a part of a model, without a block and in one, after which something is looked at. */
  private float[][] inAndOutOfABlock(Function<Variable, Variable> part, Runnable look) {
    float[][] gradients = new float[2][];
    for (int i = 0; i < 2; i++) {
      try (Scope _ = Scope.open()) {
        Variable x = input();
        Variable y = i == 0 ? part.apply(x) : Block.run(part::apply, x);
        if (i == 1) {
          look.run();
        }
        y.mul(y).sum().backward();
      }
      gradients[i] = w.gradient().toFloatArray();
      w.clearGradient();
      v.clearGradient();
    }
    return gradients;
  }

  @Test
  void ofABlockThatNeedsNoGradientOnlyTheResultStays() throws Exception {
    w.setTrainable(false);
    assertEquals(1, matricesAfter(() -> Block.run(x -> layers(layers(x)), input())), "its input goes, too");
    assertEquals(2, matricesAfter(() -> {
      Variable x = input();
      return Block.run(() -> layers(layers(x)));
    }), "who gives no input keeps it");
  }

  @Test
  void ofABlockWithinABlockStaysWhatItsPullBacksUse() throws Exception {
    // what goes in, the input of each activation, whose result is computed again, and what comes out
    assertEquals(6, matricesAfter(() -> Block.run(x -> Block.run(this::pair, Block.run(this::pair, x)), input())));
    assertEquals(6, matricesAfter(() -> Block.run(x -> pair(pair(x)), input())));
  }

  private Variable pair(Variable x) {
    return layers(layers(x));
  }

  private Variable layers(Variable x) {
    return ActivationOps.activation(Activation.SILU, MatMulOps.linear(x, w, null));
  }

  private static long matricesAfter(Supplier<Variable> model) throws Exception {
    return OwnPool.run(() -> {
      try (Scope _ = Scope.open()) {
        Variable y = model.get();
        assertTrue(y.value().isValid());
        return Math.round((double) Scope.liveBytes() / MATRIX);
      }
    });
  }

  @Test
  void afterTheBackwardPassOnlyGradientsAreLeft() throws Exception {
    long left = OwnPool.run(() -> {
      try (Scope _ = Scope.open()) {
        Variable y = Block.run(this::pair, Block.run(this::pair, input()));
        Variable loss = Block.run(part -> part.mul(part).sum(), y);
        loss.backward();
        return Math.round((double) Scope.liveBytes() / MATRIX);
      }
    });
    assertEquals(1, left, "the gradient of w");
  }

  @Test
  void theResultOfABlockMayBeUsedByOthersThanTheNext() {
    float[][] gradients = new float[2][];
    for (int i = 0; i < 2; i++) {
      try (Scope _ = Scope.open()) {
        Variable x = input();
        Variable y = i == 0 ? pair(x) : Block.run(() -> pair(x));
        Variable early = y.mul(y);
        Variable viewed = y.reshape(-1, 16).mul(2).sum();
        Variable z = i == 0 ? pair(y) : Block.run(() -> pair(y));
        MathOps.add(MathOps.add(early.sum(), viewed), z.sum()).backward();
      }
      gradients[i] = w.gradient().toFloatArray();
      w.clearGradient();
    }
    assertArrayEquals(gradients[0], gradients[1]);
  }

  @Test
  void withoutAScopeABlockIsNone() {
    Variable[] inner = new Variable[1];
    Variable y = Block.run(x -> {
      inner[0] = layers(x);
      return MathOps.add(inner[0], inner[0]);
    }, input());
    assertTrue(inner[0].value().isValid());
    y.sum().backward();
    assertTrue(w.gradient().get(0) != 0);
  }

  @Test
  void whatIsKeptInABlockOutlastsTheScopeAroundIt() {
    Tensor[] kept = new Tensor[1];
    try (Scope _ = Scope.open()) {
      Block.run(x -> Block.run(inner -> {
        kept[0] = inner.value().copy().keep();
        return layers(inner);
      }, x), input());
    }
    assertEquals(0.3f, kept[0].get(5));
  }
}
