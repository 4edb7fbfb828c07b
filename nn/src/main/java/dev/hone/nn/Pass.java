package dev.hone.nn;

import dev.hone.autograd.ActivationOps;
import dev.hone.autograd.Block;
import dev.hone.autograd.GradientCheckpoint;
import dev.hone.autograd.Variable;
import dev.hone.core.random.Philox;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * How a forward pass runs: whether dropout is on and which random numbers it draws, and whether blocks are recomputed in
 * the backward pass.
 *
 * @param training whether dropout is on
 * @param seed the user's seed
 * @param step number of the step: those of a run have their own
 * @param checkpointing whether each block keeps only its input and is computed again in the backward pass
 * @param cache the keys and values of tokens that earlier passes saw, which get those of this batch; null if there are none
 * @param prefix what every sequence sees before its own tokens, or null
 * @param routes which of several adapters each row of the hidden states goes through, or null if all go the same way
 * @param noise size of the noise on embeddings while training (NEFTune's alpha); 0 for none
 * @param modelDropout the probability of dropout in the model, in place of those that its configuration has; NaN for these
 * @param savings what is not computed because nothing depends on it
 * @param numbers which rows of the batch the rows of hidden states are, or null for all: dropout drops of them what it would drop
 *     of all
 * @param tree what the sequences of the batch continue, where sequences that begin alike have that once; else null
 * @param frozen what layers that are not trained make of sequences, which this pass then begins behind; else null
 * @param place where in a step the batch stands
 */
public record Pass(boolean training, long seed, long step, boolean checkpointing, KvCache cache, AttentionPrefix prefix,
    int[] routes, float noise, float modelDropout, Savings savings, int[] numbers, PrefixTree tree,
    FrozenStates frozen, Place place) {
  /**
   * Work that a pass need not do. Results stay what they are but for rounding.
   *
   * @param unreadRows whether the last layer is computed only for the rows that the head reads, but for keys and values
   * @param sharedPrefixes whether what sequences of a batch begin with alike is computed once, see {@link PrefixTree}
   * @param work counts what is computed and what is not, or null
   */
  public record Savings(boolean unreadRows, boolean sharedPrefixes, Work work) {
    /** Everything is computed. */
    public static final Savings NONE = new Savings(false, false);
    /** Everything that can be left out is, uncounted. */
    public static final Savings ALL = new Savings(true, true);

    /** Savings that nobody counts. */
    public Savings(boolean unreadRows, boolean sharedPrefixes) {
      this(unreadRows, sharedPrefixes, null);
    }

    /** These savings, counted. */
    public Savings counted(Work counts) {
      return new Savings(unreadRows, sharedPrefixes, counts);
    }
  }

  /**
   * Where the rows of a batch stand among all rows of a step: what a row draws does not depend on how the step's rows are cut
   * into batches.
   *
   * @param first index of the batch's first row of data in the step
   * @param rows of data in the batch, each of which may be several sequences; 0 if a sequence is a row
   * @param offsets bounds of the batch's sequences, once the pass is {@linkplain Pass#over over} one; else null
   */
  public record Place(int first, int rows, int[] offsets) {
    /** A batch that is a whole step. */
    public static final Place ALONE = new Place(0, 0, null);

    /** The number, in the step, of the first sequence of the batch. */
    public long firstSequence() {
      int sequences = offsets == null ? rows : offsets.length - 1;
      if (rows == 0 || sequences == rows || first == 0) {
        return first;
      }
      return sequences % rows == 0 ? (long) first * (sequences / rows) : Philox.stream(first);
    }
  }

  private static final long NOISE = site("neftune", 0);
  private static final long PARTS = site("parts", 0);
  private static final Pass INFERENCE = new Pass(false, 0, 0, false);

  /** A pass that starts its sequences. */
  public Pass(boolean training, long seed, long step, boolean checkpointing) {
    this(training, seed, step, checkpointing, null, null, null, 0, Float.NaN, Savings.NONE, null, null, null, Place.ALONE);
  }

  /** A pass without dropout that continues the sequences of a cache; only without gradients. */
  public static Pass continuing(KvCache cache) {
    return new Pass(false, 0, 0, false, cache, null, null, 0, Float.NaN, Savings.NONE, null, null, null, Place.ALONE);
  }

  /** A pass without dropout. */
  public static Pass inference() {
    return INFERENCE;
  }

  /** A pass with dropout. */
  public static Pass training(long seed, long step) {
    return new Pass(true, seed, step, false);
  }

  /** This pass with blocks recomputed in the backward pass. */
  public Pass withCheckpointing() {
    return new Pass(training, seed, step, true, cache, prefix, routes, noise, modelDropout, savings, numbers, tree, frozen,
        place);
  }

  /** This pass with keys and values before those of every sequence. */
  public Pass withPrefix(AttentionPrefix other) {
    return new Pass(training, seed, step, checkpointing, cache, other, routes, noise, modelDropout, savings, numbers, tree,
        frozen, place);
  }

  /** This pass with an adapter per row. */
  public Pass withRoutes(int[] other) {
    return new Pass(training, seed, step, checkpointing, cache, prefix, other, noise, modelDropout, savings, numbers, tree,
        frozen, place);
  }

  /** This pass with noise on embeddings, if it trains. */
  public Pass withNoise(float alpha) {
    return new Pass(training, seed, step, checkpointing, cache, prefix, routes, alpha, modelDropout, savings, numbers, tree,
        frozen, place);
  }

  /**
   * This pass with another probability of dropout everywhere in the model, but not in adapters, which have their own.
   *
   * @param p NaN for those of the model's configuration
   */
  public Pass withModelDropout(float p) {
    return new Pass(training, seed, step, checkpointing, cache, prefix, routes, noise, p, savings, numbers, tree, frozen, place);
  }

  /** This pass without what it need not compute. */
  public Pass withSavings(Savings other) {
    return new Pass(training, seed, step, checkpointing, cache, prefix, routes, noise, modelDropout, other, numbers, tree,
        frozen, place);
  }

  /** This pass without any dropout, of adapters as well, and without noise. */
  public Pass withoutDropout() {
    return new Pass(false, seed, step, checkpointing, cache, prefix, routes, noise, modelDropout, savings, numbers, tree,
        frozen, place);
  }

  /** This pass behind layers whose results are known. */
  public Pass behind(FrozenStates other) {
    return new Pass(training, seed, step, checkpointing, cache, prefix, routes, noise, modelDropout, savings, numbers, tree,
        other, place);
  }

  /** This pass through a batch whose sequences continue others. */
  public Pass within(PrefixTree other) {
    return new Pass(training, seed, step, checkpointing, cache, prefix, routes, noise, modelDropout, savings, numbers, other,
        frozen, place);
  }

  /**
   * The pass of a layer that goes on with some rows only: what happens to them is what would happen among all.
   *
   * @param rows of the batch, or null for all
   */
  public Pass only(int[] rows) {
    return rows == null ? this : rows(rows);
  }

  /**
   * The pass of a part of a batch that goes through the model by itself; it draws random numbers of its own.
   *
   * @param number of the part; 0 is this pass
   */
  public Pass part(int number) {
    return number == 0 ? this : new Pass(training, seed, Philox.stream(PARTS, step, number), checkpointing, cache, prefix, routes,
        noise, modelDropout, savings, numbers, tree, frozen, place);
  }

  /** This pass over some of a step's rows of data: {@code count} of them from {@code first} on. */
  public Pass ofRows(int first, int count) {
    return at(numbers, new Place(first, count, place.offsets));
  }

  /** This pass over the sequences of a batch, for what is drawn by sequence. */
  public Pass over(TokenBatch batch) {
    return training ? at(numbers, new Place(place.first, place.rows, batch.offsets())) : this;
  }

  /** This pass for what all sequences of a step share, such as a table of distances: it is drawn once. */
  public Pass shared() {
    return at(null, Place.ALONE);
  }

  private Pass at(int[] rows, Place other) {
    return new Pass(training, seed, step, checkpointing, cache, prefix, routes, noise, modelDropout, savings, rows, tree,
        frozen, other);
  }

  /** The embeddings of the tokens of a batch, with noise if this pass has it. [N, C] -> [N, C]. */
  public Variable noisy(Variable embeddings, TokenBatch batch) {
    return training && noise > 0 ? ActivationOps.neftune(embeddings, batch.offsets(), noise, random(NOISE),
        place.firstSequence()) : embeddings;
  }

  /** What remains of this pass for those who go on with some rows of the hidden states only. */
  public Pass rows(int[] rows) {
    if (!training && routes == null) {
      return this;
    }
    int[] ways = routes == null ? null : Arrays.stream(rows).map(row -> routes[row]).toArray();
    int[] left = numbers == null ? rows : Arrays.stream(rows).map(row -> numbers[row]).toArray();
    return new Pass(training, seed, step, checkpointing, cache, prefix, ways, noise, modelDropout, savings, left, tree,
        frozen, place);
  }

  /**
   * The random numbers of one place in the model.
   *
   * @param site the hash of the place's name: its own for every use of random numbers
   */
  public Philox random(long site) {
    return new Philox(seed, Philox.stream(step, site));
  }

  /** The probability of a dropout that the model's configuration sets to {@code configured}; 0 if this pass does not train. */
  public float dropout(float configured) {
    return !training ? 0 : Float.isNaN(modelDropout) ? configured : modelDropout;
  }

  /** A dropout of the model, whose probability is {@link #dropout(float)}. */
  public Variable dropout(Variable x, float configured, long site) {
    return adapterDropout(x, dropout(configured), site);
  }

  /** A dropout of an adapter: with probability {@code p} if this pass trains. */
  public Variable adapterDropout(Variable x, float p, long site) {
    if (!training || !(p > 0)) {
      return x;
    }
    int[] offsets = place.offsets;
    int count = x.shape().dim(0);
    if (offsets != null && numbers == null && count == offsets[offsets.length - 1]) {
      return ActivationOps.dropout(x, p, random(site), offsets, place.firstSequence());
    }
    if (offsets != null && numbers == null && count == offsets.length - 1) { // a row for each sequence
      return ActivationOps.dropout(x, p, random(site), IntStream.rangeClosed(0, count).toArray(), place.firstSequence());
    }
    if (offsets != null && numbers != null && numbers.length == count && ascending(numbers)) {
      return ActivationOps.dropout(x, p, random(site), offsets, place.firstSequence(), numbers);
    }
    Philox own = place.first == 0 ? random(site) : random(site).substream(-place.first);
    return numbers == null || numbers.length != count ? ActivationOps.dropout(x, p, own)
        : ActivationOps.dropout(x, p, own, numbers);
  }

  private static boolean ascending(int[] rows) {
    return IntStream.range(1, rows.length).allMatch(i -> rows[i - 1] < rows[i]);
  }

  /** A dropout of the model on a value of one sequence of the batch, number {@code sequence}. */
  public Variable dropoutOf(int sequence, Variable x, float configured, long site) {
    float p = dropout(configured);
    return p > 0 ? ActivationOps.dropout(x, p, random(site).substream(place.firstSequence() + sequence)) : x;
  }

  /** The number of a place, from its name and layer. */
  public static long site(String name, int layer) {
    return Philox.stream(name.hashCode(), layer);
  }

  /**
   * Runs one block of a model, whose temporary values go as soon as it is done but for what the backward pass needs; that is
   * computed again then if this pass checkpoints.
   *
   * @param alone whether nobody else uses x
   */
  public Variable block(UnaryOperator<Variable> block, Variable x, boolean alone) {
    UnaryOperator<Variable> part = checkpointing ? in -> GradientCheckpoint.run(block, in) : block;
    return alone ? Block.run(part, x) : Block.run(() -> part.apply(x));
  }
}
