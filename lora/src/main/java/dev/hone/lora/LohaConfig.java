package dev.hone.lora;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * LoHa (Hyeon-Woo and others 2021, Yeh and others 2023): the change of a weight is the product, element by element, of two
 * matrices of low rank, and so of rank R² at most.
 *
 * @param r R, the rank of each
 * @param alpha the change is multiplied by alpha / r
 * @param rankDropout {@code rank_dropout} of outputs while training; only 0 trains
 * @param moduleDropout {@code module_dropout} of whole layers while training; only 0 trains
 * @param targets which linear layers; none named for LoRA's usual ones
 * @param rankPattern ranks of some layers: ends of their paths, or regular expressions for them; the first that fits counts
 * @param alphaPattern the same for alpha
 * @param modulesToSave parts that are trained whole and stored with the adapter
 */
public record LohaConfig(int r, double alpha, float rankDropout, float moduleDropout, Targets targets,
    Map<String, Integer> rankPattern, Map<String, Double> alphaPattern, List<String> modulesToSave) implements AdapterConfig {
  static final String TYPE = "LOHA";

  public LohaConfig {
    rankPattern.values().forEach(LohaConfig::requireRank);
    requireRank(r);
    if (!Float.isFinite((float) alpha)) {
      throw new IllegalArgumentException("LohaConfig: alpha must be finite, also as a float, got " + alpha);
    }
    if (!(rankDropout >= 0 && rankDropout < 1 && moduleDropout >= 0 && moduleDropout < 1)) {
      throw new IllegalArgumentException("LohaConfig: rank_dropout " + rankDropout + " and module_dropout " + moduleDropout
          + " must be from 0 to below 1");
    }
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  private static void requireRank(int rank) {
    if (rank < 1) {
      throw new IllegalArgumentException("LohaConfig: r and rank_pattern must be at least 1, got " + rank);
    }
  }

  /** LoHa in the family's usual layers. */
  public static LohaConfig of(int r, double alpha) {
    return new LohaConfig(r, alpha, 0, 0, Targets.USUAL, Map.of(), Map.of(), List.of());
  }

  /** In other layers. */
  public LohaConfig withTargets(Targets other) {
    return new LohaConfig(r, alpha, rankDropout, moduleDropout, other, rankPattern, alphaPattern, modulesToSave);
  }

  @Override
  public LohaConfig withModulesToSave(Collection<String> modules) {
    return new LohaConfig(r, alpha, rankDropout, moduleDropout, targets, rankPattern, alphaPattern,
        List.copyOf(new LinkedHashSet<>(modules)));
  }

  @Override
  public String peftType() {
    return TYPE;
  }

  /** The rank of a layer. */
  int rank(String path) {
    return LoraConfig.pattern(rankPattern, path, r);
  }

  /** What the change of a layer is multiplied by. */
  float scale(String path) {
    return (float) (LoraConfig.pattern(alphaPattern, path, alpha) / rank(path));
  }
}
