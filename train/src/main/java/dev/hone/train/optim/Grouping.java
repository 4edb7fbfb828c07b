package dev.hone.train.optim;

import dev.hone.autograd.Parameter;
import dev.hone.nn.ModelConfig;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The usual treatment of a model's parameters, decided by their names and shapes: matrices decay, biases and norms do not;
 * the rate may fall from the head down to the embeddings; parts may have a factor of their own.
 *
 * @param rule of all parameters; where it cannot move one ({@link Muon} takes matrices inside layers alone), AdamW does
 * @param weightDecay of matrices and tables
 * @param layerDecay factor of the rate from one layer to the next below it, such as 0.9; 1 for none
 * @param layers of the model, which {@code layerDecay} counts from
 * @param rateFactors factor of the rate by part: a dotted piece of the name, such as {@code classifier} or {@code layer.3};
 *     the first that fits counts
 */
public record Grouping(UpdateRule rule, double weightDecay, double layerDecay, int layers, Map<String, Double> rateFactors)
    implements Function<Parameter, ParameterGroup> {
  private static final Pattern EMBEDDING = Pattern.compile("(?:^|[._])(?:embed\\w*|wte|wpe)(?:\\.|$)");

  /** Throws {@link IllegalArgumentException} for a decay of the rate outside (0, 1]. */
  public Grouping {
    if (!(layerDecay > 0 && layerDecay <= 1)) {
      throw new IllegalArgumentException("the layer-wise decay of the rate must be above 0 and at most 1, is " + layerDecay);
    }
  }

  /** One rate for all. */
  public static Grouping of(UpdateRule rule, double weightDecay) {
    return new Grouping(rule, weightDecay, 1, 0, Map.of());
  }

  @Override
  public ParameterGroup apply(Parameter parameter) {
    String name = parameter.name();
    UpdateRule chosen = rule;
    if (rule instanceof Muon && (ModelConfig.layerOf(name) < 0 || parameter.shape().rank() != 2)) {
      chosen = AdamW.USUAL;
    }
    double factor = Math.pow(layerDecay, layers + 1 - depth(name));
    for (Map.Entry<String, Double> entry : rateFactors.entrySet()) {
      if (("." + name + ".").contains("." + entry.getKey() + ".")) {
        factor *= entry.getValue();
        break;
      }
    }
    return new ParameterGroup(chosen, factor, parameter.shape().rank() >= 2 ? weightDecay : 0);
  }

  /** 0 for embeddings, 1 for the first layer, layers + 1 for the head and what stands before it. */
  private int depth(String name) {
    int layer = ModelConfig.layerOf(name);
    return layer >= 0 ? Math.min(layer, layers - 1) + 1 : EMBEDDING.matcher(name).find() ? 0 : layers + 1;
  }
}
