package dev.hone.train.optim;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019). A parameter without gradient is left alone and its step is
 * not counted.
 */
public final class AdamW {
  /**
   * The settings.
   *
   * @param beta1 decay of the mean of gradients
   * @param beta2 decay of the mean of squares
   * @param eps added to the root of the mean of squares
   * @param weightDecay share of a weight that goes in a step, times the learning rate
   */
  public record Settings(double beta1, double beta2, double eps, double weightDecay) {
    /** What transformers uses: 0.9, 0.999, 1e-8, no decay. */
    public static final Settings USUAL = new Settings(0.9, 0.999, 1e-8, 0);

    /** Another weight decay. */
    public Settings withWeightDecay(double decay) {
      return new Settings(beta1, beta2, eps, decay);
    }
  }

  /** The state of one parameter. */
  private static final class Moments {
    private final Tensor first;
    private final Tensor second;
    private int step;

    Moments(Parameter parameter) {
      int[] dims = parameter.shape().toArray();
      first = Tensor.of(new float[parameter.shape().length()], dims);
      second = Tensor.of(new float[parameter.shape().length()], dims);
    }
  }

  private final Settings settings;
  private final Predicate<Parameter> decays;
  private final Map<Parameter, Moments> state = new LinkedHashMap<>();

  /**
   * An optimiser for these parameters.
   *
   * @param decays which parameters lose weight by decay; {@link #matrices()} is the usual choice
   */
  public AdamW(Collection<Parameter> parameters, Settings settings, Predicate<Parameter> decays) {
    this.settings = settings;
    this.decays = decays;
    parameters.forEach(parameter -> state.put(parameter, null));
  }

  /** Decay for matrices and tables; none for biases and norms, whose size means something else. */
  public static Predicate<Parameter> matrices() {
    return parameter -> parameter.shape().rank() >= 2;
  }

  /**
   * One step.
   *
   * @param learningRate of this step
   * @param gradientScale what clipping multiplies gradients by
   */
  public void step(double learningRate, float gradientScale) {
    for (Map.Entry<Parameter, Moments> entry : state.entrySet()) {
      Parameter parameter = entry.getKey();
      Tensor gradient = parameter.gradient();
      if (gradient == null) {
        continue;
      }
      if (entry.getValue() == null) {
        entry.setValue(new Moments(parameter));
      }
      Moments moments = entry.getValue();
      moments.step++;
      Kernels.active().optimizer().adamW(parameter.value(), gradient, moments.first, moments.second, moments.step,
          learningRate, settings.beta1, settings.beta2, settings.eps, decays.test(parameter) ? settings.weightDecay : 0,
          gradientScale);
    }
  }
}
