package dev.hone.nn.decoder;

import dev.hone.autograd.Parameter;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.Norm;
import dev.hone.nn.family.Weights;

/**
 * Which norm the layers of a decoder have.
 *
 * @param kind of norm
 * @param eps added to the variance or to the mean square
 */
public record NormForm(Kind kind, float eps) {
  /** Kinds of norms. */
  public enum Kind {
    /** RMS norm. */
    RMS,
    /** RMS norm whose files hold the difference of its weights to 1. */
    RMS_AROUND_ONE,
    /** Layer norm. */
    LAYER,
    /** Layer norm without bias. */
    LAYER_WITHOUT_BIAS,
    /** Layer norm without weights. */
    LAYER_ALONE
  }

  Norm load(String name, int columns, Weights weights) {
    return switch (kind) {
      case RMS -> weights.rmsNorm(name, columns, 0, eps);
      case RMS_AROUND_ONE -> weights.rmsNorm(name, columns, 1, eps);
      case LAYER -> weights.layerNorm(name, columns, true, eps);
      case LAYER_WITHOUT_BIAS -> weights.layerNorm(name, columns, false, eps);
      case LAYER_ALONE -> new LayerNorm(null, null, eps);
    };
  }

  /** A norm of heads of this width. */
  Norm head(String name, int heads, int headDim, HeadNorms form, Weights weights) {
    return switch (form) {
      case ALL_ALIKE -> kind == Kind.RMS || kind == Kind.RMS_AROUND_ONE ? load(name, headDim, weights)
          : HeadNorm.of((LayerNorm) load(name, headDim, weights), headDim);
      case TOGETHER -> load(name, heads * headDim, weights);
      case EACH_ITS_OWN -> HeadNorm.each(weights.numbers(name + ".weight", heads, headDim), eps);
      case LISTED -> {
        Parameter[] parts = new Parameter[heads];
        for (int head = 0; head < heads; head++) {
          parts[head] = weights.layerNorm(name + ".norms." + head, headDim, false, eps).weight();
        }
        yield HeadNorm.listed(parts, eps);
      }
    };
  }

  /** How the heads of queries and keys are normalised. */
  public enum HeadNorms {
    /** Every head alone, all with the same weights, [D]. */
    ALL_ALIKE,
    /** All heads as one row, with weights [H · D]. */
    TOGETHER,
    /** Every head alone, each with its row of weights [H, D]. */
    EACH_ITS_OWN,
    /** Like it, with a tensor for every head. */
    LISTED
  }
}
