package dev.hone.train;

import dev.hone.train.schedule.Schedule;
import java.util.Map;

/**
 * The settings of a training run, by the names of the Hugging Face world.
 *
 * @param epochs passes over the data; may be fractional
 * @param batchSize sequences of a batch
 * @param maxTokensPerBatch tokens of a batch, 0 for no limit; batches then have up to {@code batchSize} sequences
 * @param accumulation batches whose gradients are summed before a step
 * @param learningRate at its highest
 * @param warmupRatio share of the steps in which the rate rises from 0
 * @param lrSchedulerType what follows the warm-up: {@code linear}, {@code cosine}, {@code constant} or another name of
 *     {@link dev.hone.train.schedule.Schedule#named}
 * @param weightDecay of AdamW, on matrices
 * @param maxGradNorm gradients are scaled down to this norm; 0 for no clipping
 * @param seed of everything random
 * @param evalEverySteps steps between evaluations; 0 for once an epoch
 * @param patience evaluations without improvement after which training stops; 0 for never
 * @param checkpointing whether blocks are recomputed in the backward pass
 */
public record TrainConfig(double epochs, int batchSize, int maxTokensPerBatch, int accumulation, double learningRate,
    double warmupRatio, String lrSchedulerType, double weightDecay, double maxGradNorm, long seed, int evalEverySteps, int patience,
    boolean checkpointing) {
  public TrainConfig {
    require(epochs > 0 && epochs <= 1e6, "num_train_epochs", epochs, "above 0");
    require(batchSize >= 1, "batch_size", batchSize, "at least 1");
    require(maxTokensPerBatch >= 0, "max_tokens_per_batch", maxTokensPerBatch, "0 or more");
    require(accumulation >= 1, "gradient_accumulation_steps", accumulation, "at least 1");
    require(learningRate > 0 && learningRate < 1e3, "learning_rate", learningRate, "above 0");
    require(warmupRatio >= 0 && warmupRatio < 1, "warmup_ratio", warmupRatio, "from 0 to below 1");
    require(weightDecay >= 0 && weightDecay < 1e3, "weight_decay", weightDecay, "0 or more");
    require(maxGradNorm >= 0, "max_grad_norm", maxGradNorm, "0 or more");
    require(evalEverySteps >= 0, "eval_steps", evalEverySteps, "0 or more");
    require(patience >= 0, "early_stopping_patience", patience, "0 or more");
    schedule(lrSchedulerType, 0, 1, learningRate); // an unknown name fails here, not when training begins
  }

  /** The schedule of a run of this many steps; the warm-up is rounded to whole steps. */
  Schedule schedule(int steps) {
    return schedule(lrSchedulerType, (int) Math.round(warmupRatio * steps), steps, learningRate);
  }

  private static Schedule schedule(String type, int warmup, int steps, double learningRate) {
    String name = type.equals("constant") && warmup > 0 ? "constant_with_warmup" : type;
    return Schedule.named(name, warmup, steps, learningRate, Map.of());
  }

  private static void require(boolean holds, String name, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(name + " must be " + rule + ", is " + value);
    }
  }

  /** The defaults: 3 epochs of 32 sequences, linear decay after 10 % warm-up, early stopping off. */
  public static TrainConfig defaults(double learningRate) {
    return new TrainConfig(3, 32, 0, 1, learningRate, 0.1, "linear", 0.01, 1, 42, 0, 0, false);
  }
}
