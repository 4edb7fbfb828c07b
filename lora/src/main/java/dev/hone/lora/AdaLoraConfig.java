package dev.hone.lora;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * AdaLoRA (Zhang and others 2023): LoRA in the form of a singular value decomposition, whose vectors are drawn towards being
 * orthonormal while training. Ranks do not change in training here; those that PEFT has cut are kept.
 *
 * @param initialRank {@code init_r}, R
 * @param alpha {@code lora_alpha}; the adapter's output is multiplied by alpha / R, or not at all where alpha is 0 or less
 * @param dropout {@code lora_dropout} on the adapter's input while training, from 0 to below 1
 * @param orthogonality {@code orth_reg_weight}, the factor of the distance from orthonormal vectors in the loss of training
 * @param ranks the ranks that are left where they were cut, by paths of layers as files have them; 0 for none
 * @param targets which linear layers; none named for LoRA's usual ones
 * @param modulesToSave parts that are trained whole and stored with the adapter
 */
public record AdaLoraConfig(int initialRank, double alpha, float dropout, double orthogonality, Map<String, Integer> ranks,
    Targets targets, List<String> modulesToSave) implements AdapterConfig {
  static final String TYPE = "ADALORA";
  private static final double KEEPS_FINITE = 1e-5; // PEFT's, beside the rank

  public AdaLoraConfig {
    if (initialRank < 1) {
      throw new IllegalArgumentException("AdaLoraConfig: init_r must be at least 1, got " + initialRank);
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException("AdaLoraConfig: lora_dropout must be from 0 to below 1, got " + dropout);
    }
    if (!Float.isFinite((float) alpha) || !(orthogonality >= 0 && Double.isFinite(orthogonality))) {
      throw new IllegalArgumentException("AdaLoraConfig: lora_alpha " + alpha + " must be finite, orth_reg_weight "
          + orthogonality + " must not be below 0");
    }
    ranks = Collections.unmodifiableMap(new LinkedHashMap<>(ranks));
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  /** AdaLoRA in the family's usual layers, with PEFT's weight of orthogonality. */
  public static AdaLoraConfig of(int initialRank, double alpha) {
    return new AdaLoraConfig(initialRank, alpha, 0, 0.5, Map.of(), Targets.USUAL, List.of());
  }

  /** In other layers. */
  public AdaLoraConfig withTargets(Targets other) {
    return new AdaLoraConfig(initialRank, alpha, dropout, orthogonality, ranks, other, modulesToSave);
  }

  @Override
  public AdaLoraConfig withModulesToSave(Collection<String> modules) {
    return new AdaLoraConfig(initialRank, alpha, dropout, orthogonality, ranks, targets,
        List.copyOf(new LinkedHashSet<>(modules)));
  }

  @Override
  public String peftType() {
    return TYPE;
  }

  /** The rank of a layer, 0 for one without a change. */
  int rank(String path) {
    return ranks.getOrDefault(path, initialRank);
  }

  /** What the product is multiplied by, whatever rank is left. */
  float scale() {
    return (float) ((alpha > 0 ? alpha : initialRank) / (initialRank + KEEPS_FINITE));
  }
}
