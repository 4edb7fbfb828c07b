package dev.hone.userops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.hone.autograd.GradCheck;
import dev.hone.autograd.InputGradients;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Operators of a user's own, with nothing but the public API. */
class UserOpTest {
  /** y = x / (1 + |x|);  dy/dx = 1 / (1 + |x|)². */
  static Variable softsign(Variable x) {
    float[] in = x.value().toFloatArray();
    float[] y = new float[in.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = in[i] / (1 + Math.abs(in[i]));
    }
    return Variable.of("softsign", Tensor.of(y, x.shape().toArray())).pullback(x, up -> {
      float[] dx = up.toFloatArray();
      for (int i = 0; i < dx.length; i++) {
        float scale = 1 + Math.abs(in[i]);
        dx[i] /= scale * scale;
      }
      return Tensor.of(dx, up.shape().toArray());
    });
  }

  /** y = factor · x, writing its gradient where it is wanted. */
  static Variable scale(Variable x, float factor) {
    float[] y = x.value().toFloatArray();
    for (int i = 0; i < y.length; i++) {
      y[i] *= factor;
    }
    return Variable.of("scale", Tensor.of(y, x.shape().toArray())).pullbackInto(x, (up, dx, accumulate) -> {
      float[] from = up.array();
      float[] into = dx.array();
      for (int i = 0; i < up.size(); i++) {
        float before = accumulate ? into[dx.offset() + i] : 0;
        into[dx.offset() + i] = before + factor * from[up.offset() + i];
      }
    });
  }

  /** Dot product of two vectors, both gradients in one pass. */
  static Variable dot(Variable a, Variable b) {
    float[] x = a.value().toFloatArray();
    float[] y = b.value().toFloatArray();
    float sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return Variable.of("dot", Tensor.scalar(sum)).pullbacks(List.of(a, b), (up, targets) -> {
      give(targets, 0, up.item(), y);
      give(targets, 1, up.item(), x);
    });
  }

  private static void give(InputGradients targets, int index, float factor, float[] other) {
    if (targets.wants(index)) {
      float[] gradient = other.clone();
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] *= factor;
      }
      targets.add(index, Tensor.of(gradient, gradient.length));
    }
  }

  @Test
  void theirGradientsPassTheCheck() {
    GradCheck.of(in -> softsign(in[0])).values(Tensor.of(new float[] {-2, -0.3f, 0.2f, 1, 3}, 5)).verify();
    GradCheck.of(in -> scale(in[0], 1.5f)).inputs(new int[] {3, 5}).verify();
    GradCheck.of(in -> dot(in[0], in[1])).inputs(new int[] {7}, new int[] {7}).verify();
  }

  @Test
  void theyMixWithTheBuiltInOnes() {
    Parameter w = new Parameter("w", Tensor.of(new float[] {1, -1}, 2), true);
    Variable x = Variable.constant(Tensor.of(new float[] {2, 3}, 2));
    Variable y = dot(softsign(w), MathOps.exp(scale(w, 0)).mul(x));
    y.backward();
    assertArrayEquals(new float[] {0.5f, 0.75f}, w.gradient().toFloatArray(), 1e-6f);
  }
}
