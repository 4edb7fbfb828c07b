package dev.hone.train;

import dev.hone.autograd.SavedPrecision;
import dev.hone.nn.Pass;
import dev.hone.train.config.Setting;
import dev.hone.train.config.Settings;
import dev.hone.train.optim.Grouping;
import dev.hone.train.optim.UpdateRule;
import dev.hone.train.schedule.Schedule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The settings of a training run, by the keys of the Hugging Face world: {@code TrainConfig.of(Map.of("learning_rate", 1e-3))}.
 * Keys, defaults and meanings are said here and nowhere else; the flags of the command line are made from them.
 *
 * @param epochs passes over the data; may be fractional
 * @param maxSteps number of steps, whatever the epochs say; 0 to go by epochs
 * @param batchSize sequences of a batch
 * @param maxTokensPerBatch tokens of a batch, 0 for no limit; batches then have up to {@code batchSize} sequences
 * @param groupByLength whether a batch's rows are about equally long
 * @param accumulation batches whose gradients are summed before a step
 * @param blocks of a step's rows, whose gradients are summed in one binary tree whoever computes them: as many processes can
 *     share a step, to the same bits
 * @param shardOptimizer whether each of several processes keeps a share of the optimiser's states alone; bits are the same
 * @param localSteps steps that each of several processes takes alone, on rows of its own, between two common steps; 0: every step
 *     is a common one. Its bits depend on the number of processes
 * @param outerRate learning rate of the common step
 * @param outerMomentum Nesterov's momentum of the common step
 * @param learningRate at its highest
 * @param warmupRatio share of the steps in which the rate rises from 0
 * @param warmupSteps the same as a number of steps; 0 leaves it to the ratio
 * @param lrSchedulerType what follows the warm-up, a name of {@link Schedule#named}
 * @param lrSchedulerArgs arguments of the schedule
 * @param optim the optimiser, a name of {@link UpdateRule#named}
 * @param optimArgs arguments of the optimiser
 * @param adamBeta1 decay of the mean of gradients
 * @param adamBeta2 decay of the mean of squares
 * @param adamEpsilon added to the root of the mean of squares
 * @param weightDecay on matrices
 * @param layerRateDecay factor of the rate from one layer to the next below
 * @param moduleRates factor of the rate by part of the model
 * @param maxGradNorm gradients are scaled down to this norm; 0 for no clipping
 * @param labelSmoothing share of a label spread over all
 * @param classWeights weight of each class, in their order, or {@code balanced}
 * @param focalGamma exponent of the focal loss; 0 for cross-entropy
 * @param zLoss factor of the squared log-sum-exp of the logits
 * @param klPenalty factor of the distance that a language model keeps from its base
 * @param dropout of the model, in place of what its configuration says; -1 for that
 * @param neftuneAlpha noise on embeddings while training
 * @param emaDecay decay of the mean of weights that is evaluated and kept; 0 for the weights themselves
 * @param seed of everything random
 * @param evalEverySteps steps between evaluations; 0 for once an epoch
 * @param evalBatchSize sequences of a batch of evaluation
 * @param bestMetric what the best evaluation is chosen by: {@code loss} or another name of {@link HeldOutMetric}
 * @param patience evaluations without improvement after which training stops; 0 for never
 * @param threshold what counts as improvement
 * @param saveEverySteps steps between checkpoints; 0 for once an epoch
 * @param saveTotalLimit checkpoints that are kept; 0 for none at all
 * @param checkpointing whether blocks are recomputed in the backward pass
 * @param activations how what the backward pass needs is kept: {@code f32} as it is, or {@code bf16} rounded, in half the memory
 * @param cacheFrozen whether what frozen layers make of a row is remembered for later epochs: {@code auto} where it does not
 *     change, or {@code off}
 * @param sharePrefixes whether what rows of a batch begin with alike is computed once: {@code auto} where it can be, or
 *     {@code off}
 * @param skipUnreadRows whether the last layer is computed for those rows alone that the head reads
 */
public record TrainConfig(
    @Setting(key = "num_train_epochs", aliases = "epochs", fallback = "3", form = "N", help = "passes over the data")
    double epochs,
    @Setting(key = "max_steps", fallback = "0", form = "N", help = "number of steps, in place of epochs; 0: by epochs")
    int maxSteps,
    @Setting(key = "batch_size", aliases = {"per_device_train_batch_size", "train_batch_size"}, fallback = "32", form = "N",
        help = "sequences of a batch")
    int batchSize,
    @Setting(key = "max_tokens_per_batch", fallback = "0", form = "N", help = "tokens of a batch, 0 for no limit")
    int maxTokensPerBatch,
    @Setting(key = "group_by_length", fallback = "true", form = "true|false", help = "rows of a batch are about equally long")
    boolean groupByLength,
    @Setting(key = "gradient_accumulation_steps", fallback = "1", form = "N", help = "batches that make one step")
    int accumulation,
    @Setting(key = "step_blocks", fallback = "1", form = "N",
        help = "blocks that a step's rows are summed in, which so many processes can share (mpirun)")
    int blocks,
    @Setting(key = "shard_optimizer",
        help = "of several processes (mpirun) each keeps a share of the optimiser's states: less memory, more traffic")
    boolean shardOptimizer,
    @Setting(key = "local_steps", fallback = "0", form = "H",
        help = "steps that each of several processes (mpirun) takes alone between common ones, for slow links; 0: none")
    int localSteps,
    @Setting(key = "outer_learning_rate", fallback = "0.7", form = "X", help = "with local_steps: rate of the common step")
    double outerRate,
    @Setting(key = "outer_momentum", fallback = "0.9", form = "X",
        help = "with local_steps: Nesterov's momentum of the common step")
    double outerMomentum,
    @Setting(key = "learning_rate", aliases = "lr", fallback = "0.00005", form = "X", help = "highest learning rate")
    double learningRate,
    @Setting(key = "warmup_ratio", fallback = "0.1", form = "X", help = "share of the steps in which the rate rises")
    double warmupRatio,
    @Setting(key = "warmup_steps", fallback = "0", form = "N", help = "the same as a number of steps; 0: by the ratio")
    int warmupSteps,
    @Setting(key = "lr_scheduler_type", fallback = "linear", form = "NAME",
        help = "after the warm-up: linear cosine constant polynomial inverse_sqrt one_cycle warmup_stable_decay ...")
    String lrSchedulerType,
    @Setting(key = "lr_scheduler_kwargs", form = "A=1,B=2", help = "arguments of the schedule, such as min_lr_rate=0.1")
    Map<String, String> lrSchedulerArgs,
    @Setting(key = "optim", aliases = "optimizer", fallback = "adamw", form = "NAME",
        help = "adamw adamw_8bit adam sgd adafactor lion muon nadam radam rmsprop adagrad ...")
    String optim,
    @Setting(key = "optim_args", form = "A=1,B=2", help = "arguments of the optimiser, such as momentum=0.9")
    Map<String, String> optimArgs,
    @Setting(key = "adam_beta1", fallback = "0.9", form = "X", help = "decay of the mean of gradients")
    double adamBeta1,
    @Setting(key = "adam_beta2", fallback = "0.999", form = "X", help = "decay of the mean of squares")
    double adamBeta2,
    @Setting(key = "adam_epsilon", fallback = "1e-8", form = "X", help = "added to the root of the mean of squares")
    double adamEpsilon,
    @Setting(key = "weight_decay", fallback = "0.01", form = "X", help = "decay of matrices, none on biases and norms")
    double weightDecay,
    @Setting(key = "layer_lr_decay", fallback = "1", form = "X", help = "factor of the rate from a layer to the one below")
    double layerRateDecay,
    @Setting(key = "module_lr", form = "PART=X,...", help = "factor of the rate of parts, such as classifier=10")
    Map<String, Double> moduleRates,
    @Setting(key = "max_grad_norm", fallback = "1.0", form = "X", help = "gradients are scaled down to this; 0: never")
    double maxGradNorm,
    @Setting(key = "label_smoothing_factor", aliases = "label_smoothing", fallback = "0", form = "X",
        help = "share of a label that is spread over all")
    double labelSmoothing,
    @Setting(key = "class_weights", form = "W,W,...|balanced", help = "weight of each class in the loss")
    List<String> classWeights,
    @Setting(key = "focal_gamma", fallback = "0", form = "X", help = "exponent of the focal loss; 0 for cross-entropy")
    double focalGamma,
    @Setting(key = "z_loss", fallback = "0", form = "X", help = "factor of the squared log-sum-exp of the logits")
    double zLoss,
    @Setting(key = "kl_penalty", fallback = "0", form = "X",
        help = "to generate, with an adapter: factor of KL(base || model), which keeps answers near the base's")
    double klPenalty,
    @Setting(key = "dropout", fallback = "-1", form = "X",
        help = "dropout of the model, everywhere, in place of its own; -1: its own")
    double dropout,
    @Setting(key = "neftune_noise_alpha", fallback = "0", form = "X", help = "noise on embeddings; 5 is usual, 0 for none")
    double neftuneAlpha,
    @Setting(key = "ema_decay", fallback = "0", form = "X", help = "evaluate and keep a mean of weights; 0.99 or more")
    double emaDecay,
    @Setting(key = "seed", fallback = "42", form = "N", help = "of everything random; the same seed gives the same bits")
    long seed,
    @Setting(key = "eval_steps", fallback = "0", form = "N", help = "steps between evaluations; 0 for once an epoch")
    int evalEverySteps,
    @Setting(key = "eval_batch_size", aliases = "per_device_eval_batch_size", fallback = "32", form = "N",
        help = "sequences of a batch of evaluation")
    int evalBatchSize,
    @Setting(key = "metric_for_best_model", fallback = "loss", form = "NAME", help = "loss, accuracy, macro_f1 ...")
    String bestMetric,
    @Setting(key = "early_stopping_patience", fallback = "0", form = "N",
        help = "evaluations without improvement before stopping; 0: never")
    int patience,
    @Setting(key = "early_stopping_threshold", fallback = "0", form = "X", help = "what counts as improvement")
    double threshold,
    @Setting(key = "save_steps", fallback = "0", form = "N", help = "steps between checkpoints; 0 for once an epoch")
    int saveEverySteps,
    @Setting(key = "save_total_limit", fallback = "2", form = "N", help = "checkpoints kept for --resume; 0: none")
    int saveTotalLimit,
    @Setting(key = "gradient_checkpointing", help = "recompute blocks in the backward pass: less memory, more time")
    boolean checkpointing,
    @Setting(key = "activations", fallback = "f32", form = "f32|bf16",
        help = "what the backward pass needs is kept as it is, or rounded in half the memory (docs/saving.md)")
    String activations,
    @Setting(key = "cache_frozen", fallback = "auto", form = "auto|off",
        help = "auto: what frozen layers without dropout make of a row is computed once, not in every epoch")
    String cacheFrozen,
    @Setting(key = "share_prefixes", fallback = "auto", form = "auto|off",
        help = "auto: compute once what rows of a batch begin with alike, such as a system prompt; the same but for rounding")
    String sharePrefixes,
    @Setting(key = "skip_unread_rows", fallback = "true", form = "true|false",
        help = "compute the last layer only for the tokens that the head reads: less work, the same but for rounding")
    boolean skipUnreadRows) {
  /** Reads and writes these settings by key. */
  public static final Settings<TrainConfig> SETTINGS = Settings.of(TrainConfig.class);

  public TrainConfig {
    lrSchedulerArgs = Map.copyOf(lrSchedulerArgs);
    optimArgs = Map.copyOf(optimArgs);
    moduleRates = new LinkedHashMap<>(moduleRates); // in the order given: the first that fits counts
    classWeights = List.copyOf(classWeights);
    require(epochs > 0 && epochs <= 1e6, "num_train_epochs", epochs, "above 0");
    require(maxSteps >= 0, "max_steps", maxSteps, "0 (the epochs decide) or more");
    atLeast(1, "batch_size", batchSize);
    atLeast(0, "max_tokens_per_batch", maxTokensPerBatch);
    atLeast(1, "gradient_accumulation_steps", accumulation);
    atLeast(1, "step_blocks", blocks);
    require((long) batchSize * accumulation >= blocks, "step_blocks", blocks, "at most batch_size * gradient_accumulation_steps, "
        + (long) batchSize * accumulation);
    atLeast(0, "local_steps", localSteps);
    require(outerRate > 0 && outerRate < 1e3, "outer_learning_rate", outerRate, "above 0");
    require(outerMomentum >= 0 && outerMomentum < 1, "outer_momentum", outerMomentum, "from 0 to below 1");
    require(localSteps == 0 || !shardOptimizer, "shard_optimizer", shardOptimizer,
        "false with local_steps, where each process has an optimiser of its own");
    require(localSteps == 0 || emaDecay == 0, "ema_decay", emaDecay,
        "0 with local_steps, where weights differ between common steps");
    require(learningRate > 0 && learningRate < 1e3, "learning_rate", learningRate, "above 0");
    require(warmupRatio >= 0 && warmupRatio < 1, "warmup_ratio", warmupRatio, "from 0 to below 1");
    atLeast(0, "warmup_steps", warmupSteps);
    require(weightDecay >= 0 && weightDecay < 1e3, "weight_decay", weightDecay, "0 or more");
    require(adamBeta1 >= 0 && adamBeta1 < 1, "adam_beta1", adamBeta1, "from 0 to below 1");
    require(adamBeta2 >= 0 && adamBeta2 < 1, "adam_beta2", adamBeta2, "from 0 to below 1");
    require(adamEpsilon > 0, "adam_epsilon", adamEpsilon, "above 0");
    require(layerRateDecay > 0 && layerRateDecay <= 1, "layer_lr_decay", layerRateDecay, "above 0 and at most 1");
    require(moduleRates.values().stream().allMatch(x -> x >= 0), "module_lr", moduleRates, "0 or more for every part");
    require(maxGradNorm >= 0, "max_grad_norm", maxGradNorm, "0 or more");
    require(labelSmoothing >= 0 && labelSmoothing < 1, "label_smoothing_factor", labelSmoothing, "from 0 to below 1");
    require(focalGamma >= 0, "focal_gamma", focalGamma, "0 or more");
    require(focalGamma == 0 || labelSmoothing == 0 && zLoss == 0, "focal_gamma", focalGamma,
        "0 where label_smoothing_factor or z_loss is set");
    require(zLoss >= 0, "z_loss", zLoss, "0 or more");
    require(klPenalty >= 0, "kl_penalty", klPenalty, "0 or more");
    require(dropout == -1 || dropout >= 0 && dropout < 1, "dropout", dropout, "from 0 to below 1, or -1 for the model's own");
    require(neftuneAlpha >= 0, "neftune_noise_alpha", neftuneAlpha, "0 or more");
    require(emaDecay >= 0 && emaDecay < 1, "ema_decay", emaDecay, "from 0 to below 1");
    atLeast(0, "eval_steps", evalEverySteps);
    atLeast(1, "eval_batch_size", evalBatchSize);
    atLeast(0, "early_stopping_patience", patience);
    require(threshold >= 0, "early_stopping_threshold", threshold, "0 or more");
    atLeast(0, "save_steps", saveEverySteps);
    atLeast(0, "save_total_limit", saveTotalLimit);
    require(List.of("f32", "bf16").contains(activations), "activations", activations, "f32 or bf16");
    require(List.of("auto", "off").contains(cacheFrozen), "cache_frozen", cacheFrozen, "auto or off");
    require(List.of("auto", "off").contains(sharePrefixes), "share_prefixes", sharePrefixes, "auto or off");
    schedule(lrSchedulerType, 0, 2, learningRate, lrSchedulerArgs); // an unknown name fails here, not when training begins
    UpdateRule.named(optim, adamBeta1, adamBeta2, adamEpsilon, optimArgs);
    HeldOutMetric.named(bestMetric);
  }

  /**
   * Settings by key, defaults elsewhere.
   *
   * @throws IllegalArgumentException for a key that is not known, naming the nearest, or a value out of range
   */
  public static TrainConfig of(Map<String, ?> values) {
    return SETTINGS.read(values);
  }

  /** The defaults: 3 epochs of 32 sequences, linear decay after 10 % warm-up, early stopping off. */
  public static TrainConfig defaults(double learningRate) {
    return of(Map.of("learning_rate", learningRate));
  }

  /** These settings with another value for a key. */
  public TrainConfig with(String key, Object value) {
    Map<String, Object> values = SETTINGS.write(this);
    values.put(SETTINGS.key(key), value);
    return of(values);
  }

  /** What passes of a run leave out. */
  public Pass.Savings savings() {
    return new Pass.Savings(skipUnreadRows, sharePrefixes.equals("auto"));
  }

  /** Whether what the backward pass needs waits rounded. */
  boolean roundsActivations() {
    return activations.equals("bf16");
  }

  /** What a forward pass that is to be followed by a backward pass runs within; null where all is kept as it is. */
  SavedPrecision precision() {
    return roundsActivations() ? SavedPrecision.bf16() : null;
  }

  /** A pass of a step of a run. */
  Pass pass(long step) {
    return new Pass(true, seed, step, checkpointing).withNoise((float) neftuneAlpha)
        .withModelDropout(dropout < 0 ? Float.NaN : (float) dropout).withSavings(savings());
  }

  /** The schedule of a run of this many steps; the warm-up is rounded to whole steps. */
  Schedule schedule(int steps) {
    int warmup = warmupSteps > 0 ? Math.min(warmupSteps, steps) : (int) Math.round(warmupRatio * steps);
    return schedule(lrSchedulerType, warmup, Math.max(2, steps), learningRate, lrSchedulerArgs);
  }

  private static Schedule schedule(String type, int warmup, int steps, double learningRate, Map<String, String> arguments) {
    String name = type.equals("constant") && warmup > 0 ? "constant_with_warmup" : type;
    return Schedule.named(name, warmup, steps, learningRate, arguments);
  }

  /** How each parameter of a model of this many layers moves. */
  Grouping grouping(int layers) {
    UpdateRule rule = UpdateRule.named(optim, adamBeta1, adamBeta2, adamEpsilon, optimArgs);
    return new Grouping(rule, weightDecay, layerRateDecay, layers, moduleRates);
  }

  private static void atLeast(int least, String key, int value) {
    require(value >= least, key, value, least == 0 ? "0 or more" : "at least " + least);
  }

  private static void require(boolean holds, String key, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(key + " must be " + rule + ", is " + value);
    }
  }
}
