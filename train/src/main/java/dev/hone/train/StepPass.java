package dev.hone.train;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.SavedPrecision;
import dev.hone.autograd.Variable;
import dev.hone.core.Device;
import dev.hone.core.Scope;
import dev.hone.nn.FrozenStates;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.distributed.BlockSums;
import dev.hone.train.distributed.BlockTree;
import dev.hone.train.distributed.GradientExchange;
import dev.hone.train.distributed.Ranks;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Inference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Forward and backward passes of a step: its rows are cut in blocks, and the gradients of blocks are summed in one
 * {@linkplain BlockTree tree}. Inside a block, gradients add up in place.
 */
final class StepPass {
  /** What a step was: its mean loss and its tokens. */
  record Result(double loss, int tokens, Map<String, Double> figures) {}

  /**
   * Rows that go through the model together.
   *
   * @param first index of the first of them among all rows of the step
   */
  record Piece(int[] rows, int first) {}

  private final PretrainedModel model;
  private final Objective objective;
  private final TrainConfig config;
  private final List<Parameter> parameters;
  private final BlockSums sums;
  private Ranks ranks = Ranks.alone();
  private GradientExchange exchange; // null: this process has all blocks

  StepPass(PretrainedModel model, List<Parameter> parameters, Objective objective, TrainConfig config) {
    this.model = model;
    this.objective = objective;
    this.config = config;
    this.parameters = parameters;
    sums = new BlockSums(parameters);
    Device device = model.backbone().embeddings().weight().value().device();
    if (config.roundsActivations() && device != Device.CPU) {
      throw new IllegalArgumentException("activations must be f32 on the device " + device + ", is " + config.activations()
          + ": only the CPU keeps them in half the memory");
    }
    if (objective.ofWholeBatches() && config.blocks() > config.accumulation()) {
      throw new IllegalArgumentException("step_blocks must be at most gradient_accumulation_steps, " + config.accumulation()
          + ", is " + config.blocks() + ": this loss looks at all rows of a batch together, so that batches cannot be cut");
    }
  }

  /** Computes but a share of the blocks from now on, and sums with those who compute the others. */
  void share(Ranks others) {
    if (others.size() > config.blocks()) {
      throw new IllegalArgumentException("step_blocks must be at least the number of processes, " + others.size() + ", is "
          + config.blocks() + "; --step-blocks " + Integer.highestOneBit(2 * others.size() - 1) + " has a share for each, and "
          + "the same bits with fewer");
    }
    ranks = others;
    exchange = others.size() == 1 ? null : new GradientExchange(others, parameters, config.blocks());
  }

  /**
   * The batches of a step, cut in blocks by rows, or by batches if the loss needs them whole. A block has the pieces of the
   * batches that it reaches over; the blocks of a step with few rows may be empty.
   */
  List<List<Piece>> blocks(List<int[]> batches) {
    boolean whole = objective.ofWholeBatches();
    int count = config.blocks();
    int all = whole ? batches.size() : batches.stream().mapToInt(rows -> rows.length).sum();
    List<List<Piece>> blocks = new ArrayList<>();
    for (int block = 0; block < count; block++) {
      int from = BlockTree.begin(all, block, count);
      int to = BlockTree.begin(all, block + 1, count);
      List<Piece> pieces = new ArrayList<>();
      int at = 0; // in rows or batches
      int first = 0;
      for (int[] rows : batches) {
        int size = whole ? 1 : rows.length;
        int begin = Math.max(from - at, 0);
        int end = Math.min(to - at, size);
        if (begin < end) {
          boolean uncut = whole || begin == 0 && end == rows.length;
          pieces.add(uncut ? new Piece(rows, first) : new Piece(Arrays.copyOfRange(rows, begin, end), first + begin));
        }
        at += size;
        first += rows.length;
      }
      blocks.add(pieces);
    }
    return blocks;
  }

  /** The rows that go through the model together and have the most tokens, of all steps. */
  int[] longest(TrainingSet training, List<List<int[]>> steps) {
    int[] longest = {};
    for (List<int[]> batches : steps) {
      for (List<Piece> pieces : blocks(batches)) {
        for (Piece piece : pieces) {
          longest = longest.length == 0 || training.tokens(piece.rows) > training.tokens(longest) ? piece.rows : longest;
        }
      }
    }
    return longest;
  }

  /**
   * Gradients of the mean loss over all items of a step: losses are summed and divided once.
   *
   * @param savings what passes leave out, counted
   * @param frozen what frozen layers make of rows, or null
   */
  Result run(TrainingSet training, List<int[]> batches, long step, Pass.Savings savings, FrozenStates frozen) {
    Map<int[], TrainingBatch> made = new IdentityHashMap<>(); // what is not cut is made once
    double weight = 0;
    for (int[] rows : batches) {
      weight += objective.weight(made.computeIfAbsent(rows, training::batch));
    }
    if (weight == 0) {
      throw new TrainingException("a step has nothing to learn: all its rows weigh 0");
    }
    List<List<Piece>> blocks = blocks(batches);
    int count = blocks.size();
    int from = BlockTree.begin(count, ranks.rank(), ranks.size());
    int to = BlockTree.begin(count, ranks.rank() + 1, ranks.size());
    double[] losses = new double[to - from];
    List<float[]> answers = new ArrayList<>();
    Pass pass = config.pass(step).withSavings(savings).behind(frozen);
    try {
      for (int block = from; block < to; block++) {
        losses[block - from] = block(block, blocks.get(block), block == to - 1, (float) (1 / weight), pass, answers,
            rows -> made.computeIfAbsent(rows, training::batch));
      }
      if (exchange != null) {
        exchange.finish();
      }
    } catch (RuntimeException | Error e) {
      if (exchange != null) {
        exchange.abandon();
      }
      throw e;
    }
    if (exchange != null) {
      if (savings.work() != null) {
        savings.work().sent(exchange.bytesSent(), exchange.bytesEarly());
      }
      losses = together(losses, r -> BlockTree.begin(count, r + 1, ranks.size()) - BlockTree.begin(count, r, ranks.size()));
      answers = objective.measuresSteps() ? ranks.gatherRows(answers) : answers;
    } else if (count > 1) {
      sums.finish();
    }
    return new Result(BlockTree.sum(losses), batches.stream().mapToInt(training::tokens).sum(),
        objective.measuresSteps() ? objective.figures(answers) : Map.of());
  }

  /** The passes of a block; returns its loss. */
  private double block(int block, List<Piece> pieces, boolean last, float scale, Pass pass, List<float[]> answers,
      Function<int[], TrainingBatch> batches) {
    List<Piece> weighty = config.blocks() == 1 ? pieces // what a cut left alone may have nothing to learn
        : pieces.stream().filter(piece -> objective.weight(batches.apply(piece.rows)) != 0).toList();
    if (exchange != null && last) {
      exchange.begin(sums, block);
    }
    double loss = 0;
    for (Piece piece : weighty) {
      loss += backward(batches.apply(piece.rows), piece.first, scale, pass, answers,
          exchange != null && last && piece == weighty.getLast());
    }
    if (config.blocks() > 1 && !(exchange != null && last)) {
      sums.add(block, last);
    }
    return loss;
  }

  /** What all processes have, in the order of blocks. */
  private double[] together(double[] own, IntUnaryOperator counts) {
    return Arrays.stream(ranks.gather(own, IntStream.range(0, ranks.size()).map(counts).toArray()))
        .flatMapToDouble(Arrays::stream).toArray();
  }

  /** One piece forward and backward; returns its loss. The last one gives gradients to others as it goes back. */
  private double backward(TrainingBatch batch, int first, float scale, Pass pass, List<float[]> answers, boolean shares) {
    try (Scope _ = Scope.open()) {
      Objective.Answer answer;
      try (SavedPrecision _ = config.precision()) {
        answer = objective.answer(model, batch, scale, pass.ofRows(first, batch.size()));
      }
      if (objective.measuresSteps()) {
        answers.addAll(Inference.rows(answer.logits().toFloatArray(), batch.size()));
      }
      if (shares) {
        answer.loss().backward(exchange::whole);
      } else {
        answer.loss().backward();
      }
      return answer.loss().value().item();
    }
  }

  /** Forward and backward on some rows, whatever they weigh, without a step: what does not fit into memory fails. */
  void probe(TrainingSet training, int[] rows) {
    try (Scope _ = Scope.open()) {
      Variable loss;
      try (SavedPrecision _ = config.precision()) {
        loss = objective.answer(model, training.batch(rows), 1, config.pass(-1).ofRows(0, rows.length)).loss();
      }
      loss.backward();
    }
  }
}
