package dev.hone.train.task.prefer;

import dev.hone.train.config.Nearest;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The losses of preference tuning, by the names of TRL. */
public enum PreferenceLoss {
  /** DPO: -log σ(x), x = β((log p - log ref) of the chosen less that of the rejected); with label smoothing conservative DPO. */
  SIGMOID,
  /** DPO with log ratios per token. */
  SIGMOID_NORM,
  /** IPO: (difference of the log ratios per token - 1/(2β))². */
  IPO,
  /** DPO corrected for a share of swapped labels, the label smoothing. */
  ROBUST,
  /** max(0, 1 - x). */
  HINGE,
  /** APO-zero: 1 - σ(β chosen log ratio) + σ(β rejected log ratio). */
  APO_ZERO,
  /** ORPO: cross-entropy of the chosen rows and -β log σ(log odds ratio); no reference. */
  ORPO,
  /** CPO: -log σ(β(log p chosen - log p rejected)) and cross-entropy of the chosen; no reference. */
  CPO,
  /** CPO with max(0, 1 - x). */
  CPO_HINGE,
  /** SimPO: CPO with mean log p and a margin γ; pure SimPO has {@code cpo_alpha} 0. */
  SIMPO,
  /** KTO, of single answers that were liked or not. */
  KTO,
  /** A reward model: -log σ(reward chosen - reward rejected - margin). */
  REWARD;

  /** What flags and files call it. */
  public String title() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The loss of a name. */
  public static PreferenceLoss named(String name) {
    String plain = name.strip().toUpperCase(Locale.ROOT).replace('-', '_');
    if (plain.equals("DPO")) {
      return SIGMOID;
    }
    List<String> known = Arrays.stream(values()).map(Enum::name).toList();
    if (!known.contains(plain)) {
      throw new IllegalArgumentException("preference_loss: '" + name + "' is not known"
          + Nearest.hint(plain, known, "").toLowerCase(Locale.ROOT) + "; known: "
          + String.join(", ", known).toLowerCase(Locale.ROOT));
    }
    return valueOf(plain);
  }

  /** Whether log-probabilities are compared with those of a reference. */
  public boolean hasReference() {
    return switch (this) {
      case SIGMOID, SIGMOID_NORM, IPO, ROBUST, HINGE, APO_ZERO, KTO -> true;
      case ORPO, CPO, CPO_HINGE, SIMPO, REWARD -> false;
    };
  }

  /** Whether rows are pairs. */
  public boolean isPaired() {
    return this != KTO;
  }

  /** Whether rewards are means over tokens, not sums. */
  boolean perToken() {
    return this == ORPO || this == SIMPO;
  }
}
