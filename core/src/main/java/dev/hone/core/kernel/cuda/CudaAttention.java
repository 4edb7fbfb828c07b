package dev.hone.core.kernel.cuda;

import dev.hone.core.AttentionSpec;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.AttentionKernels;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.KeyPages;
import dev.hone.core.kernel.cpu.AttentionOperands;
import dev.hone.core.kernel.cuda.KernelLauncher.Grid;
import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Attention in tiles of queries and keys with an online softmax, and rotary embedding. In BF16 the forward pass takes the tensor
 * cores; pages, large heads and the backward pass are F32.
 */
final class CudaAttention extends CudaFamily implements AttentionKernels {
  private static final int TILE = 16; // queries, and keys, of a tile
  private static final int TENSOR_TILE = 64; // queries of a tile on tensor cores
  private static final int TENSOR_THREADS = 128;
  private static final int TENSOR_HEAD = 128; // most numbers of a head that are computed there
  private static final int THREADS = 64; // of a block
  private static final int MAX_HEAD = 256; // numbers of a head
  private static final int DELTA_ROWS = 8; // of a block of deltas

  private final Precision precision;

  CudaAttention(GpuMemory memory, Precision precision) {
    super("attention", memory);
    this.precision = precision;
  }

  /** What a call brings from the host: the bounds of sequences, tiles, and the bias of keys. */
  private final class Call implements AutoCloseable {
    private final AttentionSpec spec;
    private final Room queryOffsets;
    private final Room keyOffsets;
    private final Room bias;
    private final List<Room> rooms = new ArrayList<>();

    Call(AttentionSpec spec) {
      this.spec = spec;
      if (spec.headDim() > MAX_HEAD) {
        throw new IllegalArgumentException("attention: heads of " + spec.headDim() + " numbers are not computed on the device "
            + "cuda, "
            + "which takes up to " + MAX_HEAD + "; --device cpu does");
      }
      queryOffsets = kept(ints(spec.queryOffsets()));
      keyOffsets = spec.keyOffsets() == spec.queryOffsets() ? queryOffsets : kept(ints(spec.keyOffsets()));
      bias = spec.keyBias() == null ? null : kept(floats(spec.keyBias().values()));
    }

    private Room kept(Room room) {
      rooms.add(room);
      return room;
    }

    String entry(String name) {
      int d = spec.headDim();
      return "attention_" + name + "_" + (d <= 64 ? 64 : d <= 128 ? 128 : MAX_HEAD);
    }

    /** Pairs of a sequence and the first query or key of a tile. */
    Room tiles(int[] offsets, int tile) {
      return kept(ints(items(offsets, tile)));
    }

    /** Where the dropout of each sequence draws from; null without dropout. */
    private Room streams() {
      if (spec.random() == null || spec.dropout() == 0) {
        return null;
      }
      int[] halves = new int[2 * spec.sequences()]; // of numbers of 64 bits, the low one first
      for (int s = 0; s < spec.sequences(); s++) {
        long stream = spec.random(s).stream();
        halves[2 * s] = (int) stream;
        halves[2 * s + 1] = (int) (stream >>> 32);
      }
      return kept(ints(halves));
    }

    /** The arguments that end those of all kernels. */
    Object[] behind(int rows, Room items, Object... before) {
      Philox random = spec.random();
      Object[] common = {queryOffsets, keyOffsets, items, rows, spec.heads() / spec.kvHeads(), spec.headDim(), spec.causal(),
          spec.window(), spec.scale(), spec.softCap(), spec.dropout(), random == null ? 0L : random.seed(),
          streams(), bias, spec.keyBias() == null ? 0 : spec.keyBias().length()};
      Object[] all = Arrays.copyOf(before, before.length + common.length);
      System.arraycopy(common, 0, all, before.length, common.length);
      return all;
    }

    @Override
    public void close() {
      rooms.forEach(Room::close);
    }
  }

  private static int[] items(int[] offsets, int tile) {
    int count = 0;
    for (int s = 0; s + 1 < offsets.length; s++) {
      count += (offsets[s + 1] - offsets[s] + tile - 1) / tile;
    }
    int[] items = new int[2 * count];
    int at = 0;
    for (int s = 0; s + 1 < offsets.length; s++) {
      for (int first = 0; first < offsets[s + 1] - offsets[s]; first += tile) {
        items[at++] = s;
        items[at++] = first;
      }
    }
    return items;
  }

  private static int count(int[] offsets, int tile) {
    return items(offsets, tile).length / 2;
  }

  @Override
  public void forward(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp) {
    AttentionOperands.check(spec, q, k, v, out, logSumExp);
    try (Call call = new Call(spec)) {
      forward(call, q, k, v, out, logSumExp, null, null, 1);
    }
  }

  @Override
  public void forward(AttentionSpec spec, Columns q, KeyPages pages, Columns out) {
    AttentionOperands.check(spec, q, pages, out);
    int[] starts = new int[spec.sequences() + 1];
    List<int[]> needed = new ArrayList<>();
    for (int s = 0; s < spec.sequences(); s++) {
      int count = (spec.keyOffsets()[s + 1] - spec.keyOffsets()[s] + pages.size() - 1) / pages.size();
      needed.add(Arrays.copyOf(pages.pages()[s], count));
      starts[s + 1] = starts[s] + count;
    }
    try (Call call = new Call(spec); Room all = ints(needed.stream().flatMapToInt(Arrays::stream).toArray());
        Room from = ints(starts)) {
      forward(call, q, Columns.of(pages.keys()), Columns.of(pages.values()), out, null, all, from, pages.size());
    }
  }

  private void forward(Call call, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp, Room pages, Room starts,
      int pageSize) {
    AttentionSpec spec = call.spec;
    int[] offsets = spec.queryOffsets();
    if (precision == Precision.BF16 && pages == null && spec.headDim() <= TENSOR_HEAD) {
      memory().launcher().launch("attention_tensor", "hone_attention_forward_bf16_" + (spec.headDim() <= 64 ? 64 : TENSOR_HEAD),
          new Grid(count(offsets, TENSOR_TILE), spec.heads(), 1, TENSOR_THREADS, 0), call.behind(q.rows(),
              call.tiles(offsets, TENSOR_TILE), at("q", q), q.stride(), at("k", k), k.stride(), at("v", v), v.stride(),
              at("out", out), out.stride(), logSumExp));
      return;
    }
    Grid grid = new Grid(count(offsets, TILE), spec.heads(), 1, THREADS, shared(2 * TILE, spec.headDim(), TILE * (TILE + 1)));
    Object[] arguments = call.behind(q.rows(), call.tiles(offsets, TILE), at("q", q), q.stride(), at("k", k), k.stride(),
        at("v", v), v.stride(), at("out", out), out.stride(), logSumExp);
    int end = arguments.length;
    arguments = Arrays.copyOf(arguments, end + 3);
    arguments[end] = pages;
    arguments[end + 1] = starts;
    arguments[end + 2] = pageSize;
    launch(call.entry("forward"), grid, arguments);
  }

  /** Bytes of dynamic shared memory: rows of heads, each with a number more, and the weights of tiles. */
  private static int shared(int rows, int d, int weights) {
    return (rows * (d + 1) + weights) * Float.BYTES;
  }

  @Override
  public void store(Columns source, int[] rows, Tensor target) {
    int width = AttentionOperands.checkStore(source, rows, target);
    long n = (long) rows.length * width;
    try (Room room = ints(rows)) {
      memory().launcher().launch("gather", "hone_store_rows", Grid.threads(n, BLOCK), at("source", source), source.stride(), room,
          target, width, n);
    }
  }

  @Override
  public void backward(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp, Columns dOut,
      Columns dq,
      Columns dk, Columns dv) {
    AttentionOperands.checkBackward(spec, q, k, v, out, logSumExp, dOut, dq, dk, dv);
    int rows = q.rows();
    int d = spec.headDim();
    int weights = TILE * (TILE + 1);
    try (Call call = new Call(spec); Room delta = room((long) spec.heads() * rows * Float.BYTES)) {
      launch("attention_delta", new Grid((rows + DELTA_ROWS - 1) / DELTA_ROWS, spec.heads(), 1, BLOCK, 0), at("dOut", dOut),
          dOut.stride(), at("out", out), out.stride(), delta, rows, d);
      launch(call.entry("dq"), new Grid(count(spec.queryOffsets(), TILE), spec.heads(), 1, THREADS, shared(4 * TILE, d, weights)),
          call.behind(rows, call.tiles(spec.queryOffsets(), TILE), at("q", q), q.stride(), at("k", k), k.stride(), at("v", v),
              v.stride(),
              at("dOut", dOut), dOut.stride(), logSumExp, delta, at("dq", dq), dq.stride()));
      launch(call.entry("dkv"), new Grid(count(spec.keyOffsets(), TILE), spec.kvHeads(), 1, THREADS,
          shared(4 * TILE, d, 2 * weights)), call.behind(rows, call.tiles(spec.keyOffsets(), TILE), at("q", q), q.stride(),
              at("k", k), k.stride(), at("v", v), v.stride(),
              at("dOut", dOut), dOut.stride(), logSumExp, delta, at("dk", dk), dk.stride(), at("dv", dv), dv.stride()));
    }
  }

  @Override
  public void rotate(Columns x, int headDim, Tensor cos, Tensor sin, int[] positions, boolean neighbours, boolean inverse,
      Columns y) {
    int half = AttentionOperands.checkRotation(x, headDim, cos, sin, positions, y);
    int heads = x.width() / headDim;
    long n = (long) x.rows() * heads * (headDim - half);
    try (Room room = ints(positions)) {
      launch("rotate", Grid.threads(n, BLOCK), at("x", x), x.stride(), heads, headDim, half, cos, sin, room,
          inverse ? -1f : 1f, neighbours, at("y", y), y.stride(), n);
    }
  }
}
