package dev.hone.autograd;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.NormKernels;
import java.util.Arrays;

/** Normalisation of rows. */
public final class NormOps {
  private NormOps() {}

  /**
   * Layer normalisation over the last axis: y = (x - mean(x)) / √(var(x) + eps) · weight + bias. [..., C] -> [..., C].
   * Source: Ba, Kiros and Hinton 2016.
   *
   * @param weight [C] or null
   * @param bias [C] or null
   */
  public static Variable layerNorm(Variable x, Variable weight, Variable bias, float eps) {
    Tensor in = x.value();
    boolean save = Variable.needsGradient(x, weight, bias);
    Tensor mean = save ? in.emptyLike(in.shape().rows()) : null;
    Tensor rstd = save ? in.emptyLike(in.shape().rows()) : null;
    Tensor y = in.emptyLike(in.shape());
    norm("layerNorm", in, weight, bias).layerNorm(in, null, value(weight), value(bias), eps, null, y, mean, rstd);
    return Variable.of("layerNorm", y)
        .pullbacks(Arrays.asList(x, weight, bias), (up, targets) -> layerNormBackward(up, in, weight, mean, rstd, targets))
        .saves(x.value(), mean, rstd)
        .roundable(x.value())
        .recomputedBy(() -> again(in, weight, bias, eps));
  }

  /** layerNorm(x), fresh. */
  private static Tensor again(Tensor x, Variable weight, Variable bias, float eps) {
    Tensor y = x.emptyLike(x.shape());
    norm("layerNorm", x, weight, bias).layerNorm(x, null, value(weight), value(bias), eps, null, y, null, null);
    return y;
  }

  /**
   * Layer normalisation of a sum, in one pass over memory: s = x + residual, y = layerNorm(s). The sum is used by the
   * gradient only, as in BERT, where y is the next residual. [N, C] -> [N, C].
   */
  public static Variable addLayerNorm(Variable x, Variable residual, Variable weight, Variable bias, float eps) {
    Tensor in = x.value();
    boolean save = Variable.needsGradient(x, residual, weight, bias);
    Tensor sum = in.emptyLike(in.shape());
    Tensor mean = save ? in.emptyLike(in.shape().rows()) : null;
    Tensor rstd = save ? in.emptyLike(in.shape().rows()) : null;
    Tensor y = in.emptyLike(in.shape());
    Tensor added = residual.value();
    NormKernels kernels = Kernels.of("addLayerNorm", in, added, value(weight), value(bias)).norm();
    kernels.layerNorm(in, added, value(weight), value(bias), eps, sum, y, mean, rstd);
    if (!save) {
      sum.release();
    }
    return Variable.of("addLayerNorm", y).pullbacks(Arrays.asList(x, weight, bias, residual), (up, targets) -> {
      // Both summands get the gradient of s: computed once for whichever comes first, then added to the other.
      boolean x0 = targets.wants(0);
      boolean r0 = targets.wants(3);
      int main = x0 ? 0 : 3;
      if (x0 && r0) {
        Tensor ds = sum.emptyLike(sum.shape());
        kernels.layerNormBackward(up, sum, value(weight), mean, rstd, false, ds, targets.sum(1), targets.sum(2));
        targets.share(ds, 0, 3);
      } else {
        boolean accumulate = targets.accumulates(main);
        kernels.layerNormBackward(up, sum, value(weight), mean, rstd, accumulate, targets.buffer(main), targets.sum(1),
            targets.sum(2));
      }
    }).saves(sum, mean, rstd).roundable(sum).recomputedBy(() -> again(sum, weight, bias, eps));
  }

  private static void layerNormBackward(Tensor up, Tensor s, Variable weight, Tensor mean, Tensor rstd,
      InputGradients targets) {
    boolean accumulate = targets.accumulates(0);
    Kernels.of(up).norm().layerNormBackward(up, s, value(weight), mean, rstd, accumulate, targets.buffer(0), targets.sum(1),
        targets.sum(2));
  }

  /**
   * RMS normalisation: y = x / √(mean(x²) + eps) · (weight + weightOffset), over rows as wide as the weight. [..., C] ->
   * [..., C]. Source: Zhang and Sennrich 2019.
   *
   * @param weight [C], or [D] to normalise every head of [N, H · D] alone
   * @param weightOffset 0, or 1 for Gemma
   */
  public static Variable rmsNorm(Variable x, Variable weight, float weightOffset, float eps) {
    Tensor in = x.value();
    Tensor w = weight.value();
    boolean save = Variable.needsGradient(x, weight);
    Tensor rstd = save ? in.emptyLike((int) (in.size() / w.size())) : null;
    Tensor y = in.emptyLike(in.shape());
    NormKernels kernels = Kernels.of("rmsNorm", in, w).norm();
    kernels.rmsNorm(in, null, w, weightOffset, eps, null, y, rstd);
    return Variable.of("rmsNorm", y).pullbacks(Arrays.asList(x, weight), (up, targets) -> {
      boolean accumulate = targets.accumulates(0);
      kernels.rmsNormBackward(up, in, w, weightOffset, rstd, accumulate, targets.buffer(0), targets.sum(1));
    }).saves(x.value(), rstd).roundable(x.value()).recomputedBy(() -> {
      Tensor again = in.emptyLike(in.shape());
      kernels.rmsNorm(in, null, w, weightOffset, eps, null, again, null);
      return again;
    });
  }

  private static NormKernels norm(String op, Tensor x, Variable weight, Variable bias) {
    return Kernels.of(op, x, value(weight), value(bias)).norm();
  }

  private static Tensor value(Variable variable) {
    return variable == null ? null : variable.value();
  }
}
