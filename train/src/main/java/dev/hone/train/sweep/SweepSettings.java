package dev.hone.train.sweep;

import dev.hone.train.HeldOutMetric;
import dev.hone.train.config.Setting;
import dev.hone.train.config.Settings;
import java.util.List;

/**
 * How a sweep searches, by key.
 *
 * @param method {@code grid}, {@code random} or {@code halving}
 * @param metric what trials are compared by, a name of {@link HeldOutMetric}
 * @param goal {@code minimize} or {@code maximize}; empty for what the metric asks for
 * @param trials number of trials that are drawn; 0 for all combinations of lists
 * @param seed of the draws
 * @param concurrency trials at a time: trial i begins when all up to i - concurrency have ended
 * @param pruning {@code median} or {@code none}
 * @param pruningWarmup evaluations that every trial is left
 * @param pruningTrials complete trials that there must be before one is pruned
 * @param eta one in so many trials of a rung goes on
 * @param firstRung evaluations until the first rung
 */
public record SweepSettings(
    @Setting(key = "method", fallback = "random", form = "grid|random|halving", help = "how settings are chosen")
    String method,
    @Setting(key = "metric", fallback = "loss", form = "NAME", help = "of held-out rows: loss, accuracy, macro_f1 ...")
    String metric,
    @Setting(key = "goal", form = "minimize|maximize", help = "for the metric; what it asks for, if not given")
    String goal,
    @Setting(key = "trials", fallback = "0", form = "N", help = "random, halving: how many are drawn; 0: the whole grid")
    int trials,
    @Setting(key = "seed", fallback = "42", form = "N", help = "of the draws; each trial has the seed of its settings")
    long seed,
    @Setting(key = "concurrency", fallback = "1", form = "N", help = "trials at a time; they share the threads")
    int concurrency,
    @Setting(key = "pruning", fallback = "median", form = "median|none",
        help = "grid, random: a trial ends when it is worse than the median of those before it")
    String pruning,
    @Setting(key = "pruning_warmup", fallback = "2", form = "N", help = "evaluations before a trial may be pruned")
    int pruningWarmup,
    @Setting(key = "pruning_trials", fallback = "4", form = "N", help = "complete trials before one may be pruned")
    int pruningTrials,
    @Setting(key = "eta", fallback = "3", form = "N", help = "halving: one in so many goes on; the next rung is so much higher")
    int eta,
    @Setting(key = "first_rung", fallback = "1", form = "N", help = "halving: evaluations until trials are compared first")
    int firstRung) {
  /** Reads and writes these settings by key. */
  public static final Settings<SweepSettings> SETTINGS = Settings.of(SweepSettings.class);

  public SweepSettings {
    oneOf("method", method, "grid", "random", "halving");
    oneOf("pruning", pruning, "median", "none");
    boolean greater;
    try {
      greater = HeldOutMetric.named(metric).higherIsBetter();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(e.getMessage().replaceFirst("^metric_for_best_model", "metric"), e);
    }
    if (!goal.isEmpty()) {
      oneOf("goal", goal, "minimize", "maximize");
      if (goal.equals("maximize") != greater) {
        throw new IllegalArgumentException("goal: " + metric + " is to be " + (greater ? "maximized" : "minimized")
            + ", goal is " + goal);
      }
    }
    atLeast(0, "trials", trials);
    atLeast(1, "concurrency", concurrency);
    atLeast(1, "pruning_warmup", pruningWarmup);
    atLeast(1, "pruning_trials", pruningTrials);
    atLeast(2, "eta", eta);
    atLeast(1, "first_rung", firstRung);
    if (method.equals("grid") && trials != 0) {
      throw new IllegalArgumentException("trials: a grid has all combinations, leave it out, or use method random");
    }
  }

  private static void oneOf(String key, String value, String... known) {
    if (!List.of(known).contains(value)) {
      throw new IllegalArgumentException(key + " must be one of " + String.join(", ", known) + ", is '" + value + "'");
    }
  }

  private static void atLeast(int least, String key, int value) {
    if (value < least) {
      throw new IllegalArgumentException(key + " must be at least " + least + ", is " + value);
    }
  }
}
