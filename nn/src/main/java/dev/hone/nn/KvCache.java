package dev.hone.nn;

import dev.hone.autograd.Variable;
import dev.hone.core.AttentionSpec;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.AttentionKernels;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.KeyPages;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The keys and values of the tokens that a decoder has seen, so that the next token costs one row of work. They lie in
 * {@linkplain KvPages pages}, of which sequences that begin alike may share some. Not thread-safe: one thread has the pages, and
 * all
 * caches in them.
 */
public final class KvCache {
  private final KvPages pages;
  private Sequence[] sequences;

  /**
   * An empty cache with pages of its own.
   *
   * @param layers L
   * @param sequences S
   * @param reserve tokens that each sequence gets room for at first, at least 1
   */
  public KvCache(int layers, int sequences, int reserve) {
    this(new KvPages(layers, Math.max(1, Math.multiplyExact(sequences, KvPages.needed(Math.max(1, reserve)))), Integer.MAX_VALUE),
        fresh(layers, sequences));
  }

  private KvCache(KvPages pages, Sequence[] sequences) {
    this.pages = pages;
    this.sequences = sequences;
  }

  private static Sequence[] fresh(int layers, int count) {
    return IntStream.range(0, count).mapToObj(_ -> new Sequence(layers)).toArray(Sequence[]::new);
  }

  /**
   * A sequence whose beginning others have computed.
   *
   * @param beginning pages with the keys and values of its first tokens, all full; the cache counts as their user
   */
  public static KvCache beginning(KvPages pages, int[] beginning) {
    pages.share(beginning);
    Sequence sequence = new Sequence(pages.layers());
    sequence.pages = beginning.clone();
    sequence.count = beginning.length;
    Arrays.fill(sequence.lengths, beginning.length * KvPages.SIZE);
    return new KvCache(pages, new Sequence[] {sequence});
  }

  /**
   * Sequences of several caches in the same pages side by side, in which they stay: what a pass appends here they have, too. So
   * texts go on together that did not begin together.
   *
   * @param caches at least one
   */
  public static KvCache together(List<KvCache> caches) {
    List<Sequence> all = new ArrayList<>();
    for (KvCache cache : caches) {
      if (cache.pages != caches.getFirst().pages) {
        throw new IllegalArgumentException("KvCache: caches in different pages cannot go together");
      }
      all.addAll(Arrays.asList(cache.sequences));
    }
    return new KvCache(caches.getFirst().pages, all.toArray(Sequence[]::new));
  }

  /**
   * Sequences of this cache side by side, in which they stay. One that is there several times gets several tokens in a pass, each
   * of which attends to those before it and has the bits of a token that came alone.
   *
   * @param which numbers of sequences
   */
  public KvCache each(int[] which) {
    return new KvCache(pages, IntStream.of(which).mapToObj(s -> sequences[s]).toArray(Sequence[]::new));
  }

  /**
   * Gives a sequence that has no tokens yet those of another, from where each goes on by itself: full pages are shared, the last
   * one is copied.
   */
  public void repeat(int from, int to) {
    Sequence source = sequences[from];
    if (length(to) != 0) {
      throw new IllegalArgumentException("KvCache: sequence " + to + " has " + length(to) + " tokens already");
    }
    int full = IntStream.of(source.lengths).min().orElse(0) / KvPages.SIZE;
    int[] table = source.all();
    pages.share(Arrays.copyOf(table, full));
    for (int i = full; i < table.length; i++) {
      table[i] = pages.copy(table[i]);
    }
    Sequence target = sequences[to];
    target.pages = table;
    target.count = table.length;
    System.arraycopy(source.lengths, 0, target.lengths, 0, source.lengths.length);
    target.invoked = source.invoked;
  }

  /** Keeps the first tokens of a sequence, which it must have, and forgets the others. */
  public void shorten(int sequence, int tokens) {
    if (tokens < 0 || tokens > length(sequence)) {
      throw new IllegalArgumentException("KvCache: the first " + tokens + " of " + length(sequence) + " tokens");
    }
    sequences[sequence].shorten(tokens, pages);
  }

  /** The pages of one sequence, and how many tokens it has in each layer. */
  private static final class Sequence {
    private int[] pages = {};
    private int count;
    private final int[] lengths;
    private boolean invoked;

    Sequence(int layers) {
      lengths = new int[layers];
    }

    /** The rows that the next tokens of a layer get. */
    void extend(int layer, int tokens, KvPages from, int[] rows, int at) {
      int length = lengths[layer];
      int needed = KvPages.needed(length + tokens);
      if (needed > pages.length) {
        pages = Arrays.copyOf(pages, Math.max(needed, pages.length + pages.length / 2));
      }
      while (count < needed) {
        pages[count++] = from.take();
      }
      for (int i = 0; i < tokens; i++) {
        rows[at + i] = pages[(length + i) / KvPages.SIZE] * KvPages.SIZE + (length + i) % KvPages.SIZE;
      }
      lengths[layer] = length + tokens;
    }

    /** Forgets what comes after the first tokens. */
    void shorten(int tokens, KvPages to) {
      int needed = KvPages.needed(tokens);
      to.release(Arrays.copyOfRange(pages, Math.min(needed, count), count));
      count = Math.min(needed, count);
      Arrays.setAll(lengths, layer -> Math.min(lengths[layer], tokens));
    }

    int[] all() {
      return Arrays.copyOf(pages, count);
    }
  }

  /** Number of sequences, S. */
  public int sequences() {
    return sequences.length;
  }

  /** Number of tokens that a sequence has. */
  public int length(int sequence) {
    return sequences[sequence].lengths[0];
  }

  /** Whether an adapter that waits for certain tokens has met them in a sequence. */
  public boolean isInvoked(int sequence) {
    return sequences[sequence].invoked;
  }

  /** Says that a sequence has, or has not, what {@link #isInvoked} asks for. */
  public void setInvoked(int sequence, boolean invoked) {
    sequences[sequence].invoked = invoked;
  }

  /** The pages of a sequence, in the order of its tokens. */
  public int[] pages(int sequence) {
    return sequences[sequence].all();
  }

  /** Whether no sequence has any tokens yet. */
  public boolean isEmpty() {
    return sequences.length == 0 || length(0) == 0;
  }

  /** Puts the same keys and values, [P, G · D] each, into every sequence of a layer. */
  public void append(int layer, Tensor keys, Tensor values) {
    int[] rows = new int[keys.dim(0)];
    for (Sequence sequence : sequences) {
      sequence.extend(layer, rows.length, pages, rows, 0);
      store(layer, Columns.of(keys), Columns.of(values), rows);
    }
  }

  private void store(int layer, Columns keys, Columns values, int[] rows) {
    AttentionKernels kernels = Kernels.of(keys.tensor()).attention();
    kernels.store(keys, rows, pages.keys(layer, keys));
    kernels.store(values, rows, pages.values(layer, values));
  }

  /** Bytes that the keys and values take, with what there is room for. */
  public long bytes() {
    return pages.bytes();
  }

  /** Keeps these sequences, in this order, and forgets the others, whose pages are free. */
  public void keep(int[] kept) {
    Sequence[] before = sequences;
    sequences = IntStream.of(kept).mapToObj(s -> before[s]).toArray(Sequence[]::new);
    List<Sequence> stay = Arrays.asList(sequences);
    Arrays.stream(before).filter(sequence -> !stay.contains(sequence)).forEach(sequence -> pages.release(sequence.all()));
  }

  /**
   * Appends the keys and values of a batch and attends to all that its sequences have.
   *
   * @param spec heads, scale, window; its offsets are those of the batch
   * @param q [N, H · D]
   * @param k [N, G · D]
   * @param v [N, G · D]
   * @return [N, H · D], without gradient
   */
  public Variable attention(int layer, AttentionSpec spec, Variable q, Variable k, Variable v) {
    return attention(layer, spec, Columns.of(q.value()), Columns.of(k.value()), Columns.of(v.value()));
  }

  /** Attention of queries, keys and values that are side by side in one projection, [N, (H + 2G) · D]. */
  public Variable attention(int layer, AttentionSpec spec, Variable qkv) {
    int queries = spec.heads() * spec.headDim();
    int keys = spec.kvHeads() * spec.headDim();
    Tensor x = qkv.value();
    return attention(layer, spec, new Columns(x, 0, queries), new Columns(x, queries, keys),
        new Columns(x, queries + keys, keys));
  }

  private Variable attention(int layer, AttentionSpec spec, Columns q, Columns k, Columns v) {
    if (spec.sequences() != sequences.length) {
      throw new IllegalArgumentException("KvCache: a batch of " + spec.sequences() + " sequences continues " + sequences.length);
    }
    int[] offsets = spec.queryOffsets();
    int[] rows = new int[k.rows()];
    int[] keyOffsets = new int[sequences.length + 1];
    int[][] tables = new int[sequences.length][];
    for (int s = 0; s < sequences.length; s++) {
      sequences[s].extend(layer, offsets[s + 1] - offsets[s], pages, rows, offsets[s]);
      keyOffsets[s + 1] = Math.addExact(keyOffsets[s], sequences[s].lengths[layer]);
      tables[s] = sequences[s].pages;
    }
    store(layer, k, v, rows);
    AttentionSpec cached = spec.between(offsets, keyOffsets);
    Tensor out = q.tensor().emptyLike(q.rows(), q.width());
    KeyPages stored = new KeyPages(pages.keys(layer, k), pages.values(layer, v), tables, KvPages.SIZE);
    Kernels.of(out).attention().forward(cached, q, stored, Columns.of(out));
    return Variable.constant(out);
  }
}
