package dev.hone.example.loop;

import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;

/** An operator that Hone does not have: the loss of a multi-class support vector machine (Crammer and Singer 2001). */
final class HingeLoss {
  private HingeLoss() {}

  /**
   * The sum over rows of max(0, 1 + largest wrong logit - right logit), times {@code scale}. Its gradient: {@code scale} for that
   * wrong logit and -{@code scale} for the right one, in rows whose loss is above 0.
   *
   * @param logits [S, classes]
   * @param classes the right ones
   */
  static Variable of(Variable logits, int[] classes, float scale) {
    int width = logits.shape().dim(1);
    float[] x = logits.value().toFloatArray();
    float[] slopes = new float[x.length];
    float loss = 0;
    for (int row = 0; row < classes.length; row++) {
      int right = row * width + classes[row];
      int wrong = -1;
      for (int i = row * width; i < (row + 1) * width; i++) {
        wrong = i != right && (wrong < 0 || x[i] > x[wrong]) ? i : wrong;
      }
      float margin = 1 + x[wrong] - x[right];
      if (margin > 0) {
        loss += scale * margin;
        slopes[wrong] = scale;
        slopes[right] = -scale;
      }
    }
    return Variable.of("hinge", Tensor.full(loss, 1)).pullback(logits, up -> {
      float[] gradient = new float[slopes.length];
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] = up.item() * slopes[i];
      }
      return Tensor.of(gradient, classes.length, width);
    });
  }
}
