package dev.hone.train;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.SavedPrecision;
import dev.hone.autograd.Variable;
import dev.hone.core.Device;
import dev.hone.core.Scope;
import dev.hone.lora.RankAllocator;
import dev.hone.nn.CausalHead;
import dev.hone.nn.MemoryEstimate;
import dev.hone.nn.MemoryEstimate.Part;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.train.distributed.BlockTree;
import dev.hone.train.distributed.GradientExchange;
import dev.hone.train.distributed.OptimizerShards;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.optim.UpdateRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * What training is going to need.
 *
 * <p>Implementation note: weights, gradients and the optimiser's state are counted. Activations are measured: a few tokens go
 * forward as they do in training, and what then lives is what every token leaves, whatever the family, the adapter or the
 * frozen layers; it is linear in the tokens, for no score matrix is ever kept.
 */
final class TrainingMemory {
  private static final int TRIAL_TOKENS = 16; // few: the first pass, while code is still being compiled
  /** Of the trial, if the batch has them: the heap does not count what is smaller than its pool gives. */
  private static final int TRIAL_NUMBERS = 4096;
  /** Free blocks between those in use, and gradients on their way. */
  private static final double SLACK = 1.15;
  private static final int HEAD_ROWS = 264; // of logits at a time
  private static final long HEAD_BYTES = 128L << 20;

  private final PretrainedModel model;
  private final TrainConfig config;
  private final Collection<Parameter> trained;
  private final UpdateRule rule;
  private final int processes;
  private final RankAllocator allocator; // null: ranks of adapters stay

  TrainingMemory(PretrainedModel model, Collection<Parameter> trained, TrainConfig config, int processes,
      RankAllocator allocator) {
    this.allocator = allocator;
    this.processes = processes;
    this.model = model;
    this.trained = trained;
    this.config = config;
    this.rule = config.grouping(model.config().layers()).rule();
  }

  /**
   * The estimate.
   *
   * @param tokens of the largest batch
   * @param rows of that batch
   * @param heldOut whether rows are held out, so that the best weights are kept
   */
  MemoryEstimate of(int tokens, TrainingSet training, int[] rows, boolean heldOut) {
    int longest = rows[0];
    for (int row : rows) {
      longest = training.tokens().get(row).length > training.tokens().get(longest).length ? row : longest;
    }
    int[] sample = training.tokens().get(longest);
    long elements = trained.stream().mapToLong(parameter -> parameter.value().size()).sum();
    long gradients = trained.stream().mapToLong(parameter -> gradientElements(parameter, tokens)).sum();
    List<Part> parts = new ArrayList<>(MemoryEstimate.weights(model.parameters().values()));
    parts.add(new Part("gradients", gradients * Float.BYTES, true, "--method lora"));
    int waiting = BlockTree.waiting(config.blocks());
    if (waiting > 0) {
      parts.add(new Part("sums of blocks", waiting * elements * Float.BYTES, true, "a lower --step-blocks"));
    }
    double share = !config.shardOptimizer() ? 1 : OptimizerShards.largest(List.copyOf(trained),
        config.grouping(model.config().layers()), processes);
    parts.add(new Part("optimizer", (long) (share * elements * rule.bytesPerElement()), true,
        "--method lora, --optim adamw_8bit or adafactor" + (processes > 1 && share == 1 ? ", --shard-optimizer" : "")));
    if (processes > 1) {
      parts.add(new Part("gradients on their way", GradientExchange.memory(elements,
          config.localSteps() > 0 ? processes : config.blocks(), processes), false, ""));
    }
    if (config.localSteps() > 0) {
      parts.add(new Part("common steps", (config.outerMomentum() > 0 ? 3 : 2) * elements * Float.BYTES, true, "--local-steps 0"));
    }
    int copies = (heldOut ? 1 : 0) + (config.emaDecay() > 0 ? 1 : 0);
    parts.add(new Part("best weights", copies * elements * Float.BYTES, true, "--val-size 0 keeps the last weights instead"));
    if (allocator != null) {
      parts.add(new Part("scores of ranks", allocator.bytes(), true, "--target-r as --init-r"));
    }
    parts.add(new Part("activations of " + tokens + " tokens", activations(tokens, sample), true,
        "--batch-size, --max-length" + (config.roundsActivations() || device() != Device.CPU ? "" : ", --activations bf16")
            + (config.checkpointing() ? "" : ", --gradient-checkpointing")));
    if (device() != Device.CPU) {
      parts.add(MemoryEstimate.scratch(multiplied()));
    }
    parts.add(new Part("logits", logits(tokens), true, "--batch-size, --max-length"));
    return new MemoryEstimate(parts, device());
  }

  /** The weights of products: all but a table of embeddings that is not the head's, too. */
  private List<Parameter> multiplied() {
    Parameter table = model.backbone().embeddings().weight();
    boolean tied = model.head() instanceof CausalHead head && head.projection().weight() == table;
    return model.parameters().values().stream().filter(parameter -> tied || parameter != table).toList();
  }

  private Device device() {
    return model.backbone().embeddings().weight().value().device();
  }

  /** Elements of a parameter's gradient: of a table of embeddings some rules take only the rows of tokens that occur. */
  private long gradientElements(Parameter parameter, int tokens) {
    boolean table = parameter == model.backbone().embeddings().weight()
        && !(model.head() instanceof CausalHead head && head.projection().weight() == parameter);
    long rows = (long) tokens * config.accumulation();
    return table && rule.takesRows() && 2 * rows <= parameter.shape().dim(0) ? rows * parameter.shape().dim(1)
        : parameter.value().size();
  }

  /** What activations need besides the gradients, which take over their memory as the pass goes back. */
  private long activations(int tokens, int[] sample) {
    int[] few = Arrays.copyOf(sample, Math.min(sample.length, Math.min(tokens, TRIAL_TOKENS)));
    int copies = Math.min(tokens, Math.max(few.length, TRIAL_NUMBERS / model.config().hiddenSize())) / few.length;
    double perToken = live(Collections.nCopies(copies, few)) / copies / few.length;
    boolean rounded = config.roundsActivations(); // all but those of the block that is being computed
    double block = (rounded ? 3.5 : 1.75) * perToken / model.config().layers() * tokens; // with gradients on their way
    double ofInputs = (double) model.config().layers() * model.config().hiddenSize() * (rounded ? 2 : Float.BYTES) * tokens;
    double inFull = rounded ? perToken / model.config().layers() * tokens : 0;
    double all = SLACK * (config.checkpointing() ? ofInputs + block : perToken * tokens + inFull);
    if (config.accumulation() > 1) {
      return (long) all; // gradients of earlier batches are there
    }
    double shared = trained.stream().filter(Parameter::isPooled).mapToLong(p -> gradientElements(p, tokens)).sum()
        * (double) Float.BYTES;
    return (long) Math.max(all - shared, SLACK * block);
  }

  /** Bytes that live after a forward pass without recomputing. */
  private double live(List<int[]> tokens) {
    long before = device().liveBytes();
    try (Scope _ = Scope.open(); SavedPrecision _ = config.precision()) {
      Pass pass = new Pass(true, config.seed(), -1, false);
      Variable hidden = model.hidden(TokenBatch.of(tokens), pass);
      hidden.value(); // the graph hangs on it
      return device().liveBytes() - before;
    }
  }

  /** The logits of a part of the rows, and the gradient of the head's weight that is made on the way. */
  private long logits(int tokens) {
    if (model.task() != Task.CAUSAL_LM || !(model.head() instanceof CausalHead head)) {
      return 0;
    }
    long row = (long) model.config().vocabSize() * Float.BYTES;
    boolean whole = head.projection().adapter() != null || config.klPenalty() > 0;
    long logits = whole ? 3 * row * tokens : Math.min(row * Math.min(tokens, HEAD_ROWS), HEAD_BYTES);
    return logits + (head.projection().weight().requiresGradient() ? head.projection().weight().value().size() * Float.BYTES : 0);
  }
}
