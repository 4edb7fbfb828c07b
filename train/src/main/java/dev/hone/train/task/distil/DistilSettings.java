package dev.hone.train.task.distil;

import dev.hone.train.config.Setting;
import dev.hone.train.config.Settings;
import java.util.Map;

/**
 * How a small model learns from a large one.
 *
 * @param beta 0 for KL(teacher || student), 1 for KL(student || teacher), between them the generalised Jensen-Shannon
 * divergence
 * @param temperature that both models' logits are divided by
 * @param labels share of the labels' own cross-entropy in the loss; the divergence then has the factor temperature²
 * @param top how many of the teacher's likeliest tokens are kept at each place; the others share what is left of it evenly
 */
public record DistilSettings(
    @Setting(key = "distil_beta", fallback = "0.5", form = "X", help = "0: KL(teacher || student), 1: the reverse, between: JSD")
    double beta,
    @Setting(key = "distil_temperature", fallback = "0.9", form = "X", help = "what logits are divided by")
    double temperature,
    @Setting(key = "cross_entropy_weight", fallback = "0", form = "X", help = "share of the labels' own cross-entropy")
    double labels,
    @Setting(key = "teacher_top_k", fallback = "32", form = "N", help = "tokens of the teacher that are kept at each place")
    int top) {
  /** Reads and writes these settings by key. */
  public static final Settings<DistilSettings> SETTINGS = Settings.of(DistilSettings.class);

  public DistilSettings {
    require(beta >= 0 && beta <= 1, "distil_beta", beta, "from 0 to 1");
    require(temperature > 0, "distil_temperature", temperature, "above 0");
    require(labels >= 0 && labels < 1, "cross_entropy_weight", labels, "from 0 to below 1");
    require(top >= 1, "teacher_top_k", top, "at least 1");
  }

  /** Settings by key, defaults elsewhere. */
  public static DistilSettings of(Map<String, ?> values) {
    return SETTINGS.read(values);
  }

  private static void require(boolean holds, String key, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(key + " must be " + rule + ", is " + value);
    }
  }
}
