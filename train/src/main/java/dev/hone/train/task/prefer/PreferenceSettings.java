package dev.hone.train.task.prefer;

import dev.hone.train.config.Setting;
import dev.hone.train.config.Settings;
import java.util.Map;

/**
 * What preference tuning optimises, by the keys of TRL.
 *
 * @param lossName a name of {@link PreferenceLoss}
 * @param beta how near to the reference the model stays; of losses without one the sharpness
 * @param weight factor of the preference loss, beside the cross-entropy of {@code sftWeight}
 * @param sftWeight factor of the cross-entropy of chosen answers; 0 for none
 * @param gamma margin of SimPO
 * @param cpoAlpha factor of the cross-entropy of chosen answers in CPO and SimPO
 * @param desirableWeight factor of the liked answers in KTO
 * @param undesirableWeight factor of those that were not
 * @param centering factor of the squared sum of two rewards, which keeps a reward model's answers around 0
 */
public record PreferenceSettings(
    @Setting(key = "preference_loss", aliases = "loss_type", fallback = "sigmoid", form = "NAME",
        help = "sigmoid (DPO), ipo, robust, hinge, apo_zero, sigmoid_norm, orpo, cpo, simpo, kto, reward")
    String lossName,
    @Setting(key = "beta", fallback = "0.1", form = "X", help = "how near to the reference the model stays")
    double beta,
    @Setting(key = "preference_weight", fallback = "1", form = "X", help = "factor of the preference loss")
    double weight,
    @Setting(key = "sft_weight", aliases = "rpo_alpha", fallback = "0", form = "X",
        help = "factor of the chosen answers' cross-entropy beside a DPO loss")
    double sftWeight,
    @Setting(key = "simpo_gamma", fallback = "0.5", form = "X", help = "the margin of simpo")
    double gamma,
    @Setting(key = "cpo_alpha", fallback = "1", form = "X", help = "factor of the cross-entropy in cpo and simpo")
    double cpoAlpha,
    @Setting(key = "desirable_weight", fallback = "1", form = "X", help = "factor of liked answers in kto")
    double desirableWeight,
    @Setting(key = "undesirable_weight", fallback = "1", form = "X", help = "factor of the others in kto")
    double undesirableWeight,
    @Setting(key = "center_rewards_coefficient", fallback = "0", form = "X",
        help = "keeps the rewards of a reward model around 0; 0.01 is usual")
    double centering) {
  /** Reads and writes these settings by key. */
  public static final Settings<PreferenceSettings> SETTINGS = Settings.of(PreferenceSettings.class);

  public PreferenceSettings {
    PreferenceLoss loss = PreferenceLoss.named(lossName);
    require(beta > 0, "beta", beta, "above 0");
    require(weight > 0, "preference_weight", weight, "above 0");
    require(sftWeight >= 0, "sft_weight", sftWeight, "0 or more");
    require(sftWeight == 0 || loss.hasReference() && loss.isPaired(), "sft_weight", sftWeight, "0 for " + loss.title()
        + ", which has its own cross-entropy (cpo_alpha) or none");
    require(gamma >= 0, "simpo_gamma", gamma, "0 or more");
    require(cpoAlpha >= 0, "cpo_alpha", cpoAlpha, "0 or more");
    require(desirableWeight > 0, "desirable_weight", desirableWeight, "above 0");
    require(undesirableWeight > 0, "undesirable_weight", undesirableWeight, "above 0");
    require(centering >= 0, "center_rewards_coefficient", centering, "0 or more");
    require(centering == 0 || loss == PreferenceLoss.REWARD, "center_rewards_coefficient", centering, "0 for " + loss.title()
        + "; it is for a reward model");
  }

  /** Settings by key, defaults elsewhere. */
  public static PreferenceSettings of(Map<String, ?> values) {
    return SETTINGS.read(values);
  }

  /** The loss. */
  public PreferenceLoss loss() {
    return PreferenceLoss.named(lossName);
  }

  private static void require(boolean holds, String key, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(key + " must be " + rule + ", is " + value);
    }
  }
}
