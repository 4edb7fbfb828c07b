package dev.hone.nn;

import dev.hone.autograd.Variable;
import dev.hone.core.AttentionSpec;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.AttentionKernels;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.Kernels;
import java.util.Arrays;
import java.util.List;

/**
 * The keys and values of the tokens that a decoder has seen, so that the next token costs one row of work. Not thread-safe:
 * one cache belongs to one generation.
 *
 * <p>Implementation note: every sequence has its own arrays in every layer, with room for as many tokens as were asked for.
 * Should a sequence outgrow them, only the arrays of that sequence are copied, one layer at a time, into ones half as large
 * again; the memory of a sequence that is done goes at once.
 */
public final class KvCache {
  private static final AttentionKernels KERNELS = Kernels.active().attention();

  private final Rows[][] layers; // [layer][sequence]
  private int sequences;

  /**
   * An empty cache.
   *
   * @param layers L
   * @param sequences S
   * @param reserve tokens that each sequence gets room for at first, at least 1
   */
  public KvCache(int layers, int sequences, int reserve) {
    this.sequences = sequences;
    this.layers = new Rows[layers][sequences];
    for (Rows[] layer : this.layers) {
      Arrays.setAll(layer, s -> new Rows(Math.max(1, reserve)));
    }
  }

  private KvCache(Rows[][] layers) {
    this.sequences = layers[0].length;
    this.layers = layers;
  }

  /**
   * Sequences of several caches side by side, in which they stay: what a pass appends here they have, too. So texts go on
   * together that did not begin together.
   *
   * @param caches at least one, of the same number of layers
   */
  public static KvCache together(List<KvCache> caches) {
    Rows[][] layers = new Rows[caches.getFirst().layers.length][];
    Arrays.setAll(layers, l -> caches.stream().flatMap(cache -> Arrays.stream(cache.layers[l])).toArray(Rows[]::new));
    return new KvCache(layers);
  }

  /** Keys and values of one sequence in one layer. */
  private static final class Rows {
    private final int reserve;
    private float[] keys = {};
    private float[] values = {};
    private int length;

    Rows(int reserve) {
      this.reserve = reserve;
    }

    void append(Columns k, Columns v, int from, int to) {
      int width = k.width();
      int needed = Math.multiplyExact(length + to - from, width);
      if (needed > keys.length) {
        int rows = keys.length / width;
        int room = Math.max(needed, Math.multiplyExact(rows == 0 ? reserve : rows + rows / 2, width));
        keys = Arrays.copyOf(keys, room);
        values = Arrays.copyOf(values, room);
      }
      copy(k, from, to, keys);
      copy(v, from, to, values);
      length += to - from;
    }

    private void copy(Columns source, int from, int to, float[] target) {
      int width = source.width();
      for (int row = from; row < to; row++) {
        System.arraycopy(source.array(), source.offset() + row * source.stride(), target, (length + row - from) * width, width);
      }
    }
  }

  /** Number of sequences, S. */
  public int sequences() {
    return sequences;
  }

  /** Number of tokens that a sequence has. */
  public int length(int sequence) {
    return layers[0][sequence].length;
  }

  /** Whether no sequence has any tokens yet. */
  public boolean isEmpty() {
    return sequences == 0 || layers[0][0].length == 0;
  }

  /** Puts the same keys and values, [P, G · D] each, into every sequence of a layer. */
  public void append(int layer, Tensor keys, Tensor values) {
    for (Rows rows : layers[layer]) {
      rows.append(Columns.of(keys), Columns.of(values), 0, keys.dim(0));
    }
  }

  /** Bytes that the keys and values take. */
  public long bytes() {
    long floats = 0;
    for (Rows[] layer : layers) {
      for (Rows rows : layer) {
        floats += rows.keys.length + (long) rows.values.length;
      }
    }
    return floats * Float.BYTES;
  }

  /** Keeps these sequences, in this order, and forgets the others. */
  public void keep(int[] kept) {
    for (int l = 0; l < layers.length; l++) {
      Rows[] before = layers[l];
      layers[l] = Arrays.stream(kept).mapToObj(s -> before[s]).toArray(Rows[]::new);
    }
    sequences = kept.length;
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
    if (spec.sequences() != sequences) {
      throw new IllegalArgumentException("KvCache: a batch of " + spec.sequences() + " sequences continues " + sequences);
    }
    Tensor out = Tensor.empty(q.rows(), q.width());
    for (int s = 0; s < sequences; s++) {
      int from = spec.queryOffsets()[s];
      int to = spec.queryOffsets()[s + 1];
      if (from == to) {
        continue;
      }
      Rows rows = layers[layer][s];
      rows.append(k, v, from, to);
      AttentionSpec one = new AttentionSpec(new int[] {0, to - from}, new int[] {0, rows.length}, spec.heads(),
          spec.kvHeads(), spec.headDim(), spec.scale(), spec.causal(), spec.window(), spec.softCap(), 0, null);
      KERNELS.forward(one, part(q, from, to), all(rows.keys, rows.length, k.width()),
          all(rows.values, rows.length, k.width()), Columns.of(out.slice(from, to)), null);
    }
    return Variable.constant(out);
  }

  private static Columns part(Columns columns, int from, int to) {
    return new Columns(columns.tensor().slice(from, to), columns.from(), columns.width());
  }

  private static Columns all(float[] array, int length, int width) {
    return Columns.of(Tensor.of(array, array.length / width, width).slice(0, length));
  }
}
