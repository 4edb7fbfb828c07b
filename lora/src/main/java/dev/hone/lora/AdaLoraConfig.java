package dev.hone.lora;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * AdaLoRA (Zhang and others 2023): LoRA in the form of a singular value decomposition, whose vectors are drawn towards being
 * orthonormal while training, and whose ranks are cut on the way where a {@link Budget} says so.
 *
 * @param initialRank {@code init_r}, R
 * @param alpha {@code lora_alpha}; the adapter's output is multiplied by alpha / R, or not at all where alpha is 0 or less
 * @param dropout {@code lora_dropout} on the adapter's input while training, from 0 to below 1
 * @param orthogonality {@code orth_reg_weight}, the factor of the distance from orthonormal vectors in the loss of training
 * @param ranks the ranks that are left where they were cut, by paths of layers as files have them; 0 for none
 * @param targets which linear layers; none named for LoRA's usual ones
 * @param modulesToSave parts that are trained whole and stored with the adapter
 * @param budget how ranks are cut in training; null if they stay
 */
public record AdaLoraConfig(int initialRank, double alpha, float dropout, double orthogonality, Map<String, Integer> ranks,
    Targets targets, List<String> modulesToSave, Budget budget) implements AdapterConfig {
  static final String TYPE = "ADALORA";
  private static final double KEEPS_FINITE = 1e-5; // PEFT's, beside the rank

  /**
   * How ranks are cut in training, by PEFT's names.
   *
   * @param targetRank {@code target_r}, the ranks that are left, a mean over all layers
   * @param tinit steps before the first cut
   * @param tfinal steps after the last
   * @param deltaT steps from one cut to the next
   * @param beta1 how slowly the sensitivity of an element changes, between 0 and 1
   * @param beta2 how slowly its uncertainty does
   * @param steps {@code total_step}, the steps of the run that cut them; 0 if there was none
   */
  public record Budget(int targetRank, int tinit, int tfinal, int deltaT, double beta1, double beta2, int steps) {
    public Budget {
      require(targetRank >= 1, "target_r", targetRank, "at least 1");
      require(tinit >= 0, "tinit", tinit, "at least 0");
      require(tfinal >= 0, "tfinal", tfinal, "at least 0");
      require(deltaT >= 1, "deltaT", deltaT, "at least 1");
      require(beta1 > 0 && beta1 < 1, "beta1", beta1, "between 0 and 1");
      require(beta2 > 0 && beta2 < 1, "beta2", beta2, "between 0 and 1");
    }

    /** PEFT's but for the rank: a cut after every step. */
    public static Budget of(int targetRank) {
      return new Budget(targetRank, 0, 0, 1, 0.85, 0.85, 0);
    }

    private static void require(boolean right, String name, Number value, String rule) {
      if (!right) {
        throw new IllegalArgumentException("AdaLoraConfig: " + name + " must be " + rule + ", got " + value);
      }
    }
  }

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
    if (budget != null && budget.targetRank() > initialRank) {
      throw new IllegalArgumentException("AdaLoraConfig: target_r " + budget.targetRank() + " is above init_r " + initialRank);
    }
    ranks = Collections.unmodifiableMap(new LinkedHashMap<>(ranks));
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  /** With ranks that stay as they are. */
  public AdaLoraConfig(int initialRank, double alpha, float dropout, double orthogonality, Map<String, Integer> ranks,
      Targets targets, List<String> modulesToSave) {
    this(initialRank, alpha, dropout, orthogonality, ranks, targets, modulesToSave, null);
  }

  /** AdaLoRA in the family's usual layers, with PEFT's weight of orthogonality, and ranks that stay. */
  public static AdaLoraConfig of(int initialRank, double alpha) {
    return new AdaLoraConfig(initialRank, alpha, 0, 0.5, Map.of(), Targets.USUAL, List.of());
  }

  /** In other layers. */
  public AdaLoraConfig withTargets(Targets other) {
    return new AdaLoraConfig(initialRank, alpha, dropout, orthogonality, ranks, other, modulesToSave, budget);
  }

  /** With ranks that are cut in training. */
  public AdaLoraConfig withBudget(Budget other) {
    return new AdaLoraConfig(initialRank, alpha, dropout, orthogonality, ranks, targets, modulesToSave, other);
  }

  /** With ranks that are left of some layers. */
  AdaLoraConfig withRanks(Map<String, Integer> left) {
    return new AdaLoraConfig(initialRank, alpha, dropout, orthogonality, left, targets, modulesToSave, budget);
  }

  @Override
  public AdaLoraConfig withModulesToSave(Collection<String> modules) {
    return new AdaLoraConfig(initialRank, alpha, dropout, orthogonality, ranks, targets,
        List.copyOf(new LinkedHashSet<>(modules)), budget);
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
