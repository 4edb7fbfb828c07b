package dev.hone.core.kernel.cpu;

import dev.hone.core.AttentionSpec;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.AttentionKernels;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.KeyPages;
import dev.hone.core.kernel.loops.AttentionCall;
import dev.hone.core.kernel.loops.AttentionLoops;
import dev.hone.core.kernel.loops.SequenceOrder;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** Attention on the CPU: checks the operands and hands out items and runs of rows. */
final class CpuAttention implements AttentionKernels {
  private static final int ROTATE_GRAIN = 1 << 14; // numbers that one block turns
  private static final int MAX_DROPOUT_KEYS = 1 << 24;

  private final AttentionLoops loops;

  CpuAttention(AttentionLoops loops) {
    this.loops = loops;
  }

  @Override
  public void forward(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp) {
    check(spec, q, k, v, out, logSumExp);
    forward(new AttentionCall(spec, q, k, v, out, logSumExp, null, null, null, null));
  }

  @Override
  public void forward(AttentionSpec spec, Columns q, KeyPages pages, Columns out) {
    check(spec, q, pages, out);
    forward(new AttentionCall(spec, q, Columns.of(pages.keys()), Columns.of(pages.values()), out, null, null, null, null, null,
        pages));
  }

  @Override
  public void store(Columns source, int[] rows, Tensor target) {
    int width = source.width();
    if (rows.length != source.rows() || target.shape().columns() != width) {
      throw new ShapeException("store: " + source.rows() + " rows of " + width + " into " + rows.length + " rows of "
          + target.shape());
    }
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] < 0 || rows[i] >= target.shape().rows()) {
        throw new IndexOutOfBoundsException("store: row " + rows[i] + " of " + target.shape());
      }
      System.arraycopy(source.array(), source.offset() + i * source.stride(), target.array(), target.offset() + rows[i] * width,
          width);
    }
  }

  private void forward(AttentionCall call) {
    AttentionSpec spec = call.spec();
    AttentionItems items = AttentionItems.ofQueries(spec);
    Workers.run(items.blocks(), block -> {
      for (int i = items.firstItem(block); i < items.firstItem(block + 1); i++) {
        loops.forward(call, items.sequence(i), items.kvHead(i), items.from(i), items.to(i));
      }
    });
  }

  @Override
  public void backward(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp, Columns dOut,
      Columns dq,
      Columns dk, Columns dv) {
    if (logSumExp == null) {
      throw new IllegalArgumentException("attention: the backward pass needs the logSumExp of the forward pass");
    }
    check(spec, q, k, v, out, logSumExp);
    checkLike("dOut", dOut, "q", q);
    checkLike("dq", dq, "q", q);
    checkLike("dk", dk, "k", k);
    checkLike("dv", dv, "v", v);
    AttentionCall call = new AttentionCall(spec, q, k, v, out, logSumExp, dOut, dq, dk, dv);
    AttentionItems items = AttentionItems.ofKeys(spec);
    AtomicIntegerArray ended = new AtomicIntegerArray(items.count());
    Workers.run(items.blocks(), block -> {
      for (int i = items.firstItem(block); i < items.firstItem(block + 1); i++) {
        SequenceOrder turn = new SequenceOrder(ended, i, items.from(i) == 0);
        try {
          loops.backward(call, items.sequence(i), items.kvHead(i), items.from(i), items.to(i), turn);
        } finally {
          turn.endAll(); // also after a failure, which Workers reports: nobody must wait for us
        }
      }
    });
  }

  @Override
  public void rotate(Columns x, int headDim, Tensor cos, Tensor sin, int[] positions, boolean inverse, Columns y) {
    rotate(x, headDim, cos, sin, positions, inverse, y, false);
  }

  @Override
  public void rotateNeighbours(Columns x, int headDim, Tensor cos, Tensor sin, int[] positions, boolean inverse, Columns y) {
    rotate(x, headDim, cos, sin, positions, inverse, y, true);
  }

  private void rotate(Columns x, int headDim, Tensor cos, Tensor sin, int[] positions, boolean inverse, Columns y,
      boolean neighbours) {
    checkLike("y", y, "x", x);
    int half = cos.shape().columns();
    int table = cos.shape().rows();
    if (!sin.shape().equals(cos.shape())) {
      throw new ShapeException("rotate: cos is " + cos.shape() + ", sin " + sin.shape());
    }
    if (headDim < 1 || x.width() % headDim != 0 || 2 * half > headDim) {
      throw new ShapeException("rotate: rows of " + x.width() + " numbers, heads of " + headDim + ", of which 2 · " + half
          + " turn");
    }
    if (positions.length != x.rows()) {
      throw new ShapeException("rotate: " + positions.length + " positions for " + x.rows() + " rows");
    }
    for (int position : positions) {
      if (position < 0 || position >= table) {
        throw new IndexOutOfBoundsException("rotate: position " + position + ", the table has " + table);
      }
    }
    float sign = inverse ? -1 : 1;
    int heads = x.width() / headDim;
    int grain = Math.max(1, ROTATE_GRAIN / Math.max(1, x.width()));
    Workers.ranges(positions.length, grain, (from, to) -> {
      for (int row = from; row < to; row++) {
        int angle = positions[row] * half;
        if (neighbours) {
          loops.rotateNeighbours(x.array(), x.offset() + row * x.stride(), y.array(), y.offset() + row * y.stride(), heads,
              headDim, half, cos.array(), cos.offset() + angle, sin.array(), sin.offset() + angle, sign);
        } else {
          loops.rotate(x.array(), x.offset() + row * x.stride(), y.array(), y.offset() + row * y.stride(), heads, headDim, half,
              cos.array(), cos.offset() + angle, sin.array(), sin.offset() + angle, sign);
        }
      }
    });
  }

  private static void check(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp) {
    checkOffsets("query", spec.queryOffsets(), q.rows());
    checkOffsets("key", spec.keyOffsets(), k.rows());
    checkWidths(spec, q, k);
    checkLike("v", v, "k", k);
    checkLike("out", out, "q", q);
    if (logSumExp != null && logSumExp.size() != (long) spec.heads() * q.rows()) {
      throw new ShapeException("attention: logSumExp is " + logSumExp.shape() + ", " + spec.heads() + " heads and " + q.rows()
          + " queries need [" + spec.heads() + ", " + q.rows() + "]");
    }
    checkVisibility(spec);
    if (!(spec.dropout() >= 0 && spec.dropout() < 1)) {
      throw new IllegalArgumentException("attention: dropout must be in [0, 1), got " + spec.dropout());
    }
    if (spec.dropout() > 0 && spec.random() == null) {
      throw new IllegalArgumentException("attention: dropout " + spec.dropout() + " without a random stream");
    }
    if (spec.dropout() > 0 && k.rows() >= MAX_DROPOUT_KEYS) {
      throw new IllegalArgumentException("attention: dropout numbers at most " + MAX_DROPOUT_KEYS + " keys, got " + k.rows());
    }
  }

  private static void check(AttentionSpec spec, Columns q, KeyPages pages, Columns out) {
    int keys = 0;
    for (int s = 0; s < spec.sequences(); s++) {
      int count = spec.keyOffsets()[s + 1] - spec.keyOffsets()[s];
      keys = Math.max(keys, count);
      int needed = (count + pages.size() - 1) / pages.size();
      if (s >= pages.pages().length || pages.pages()[s].length < needed) {
        throw new ShapeException("attention: sequence " + s + " has " + count + " keys, which need " + needed + " pages of "
            + pages.size());
      }
      for (int i = 0; i < needed; i++) {
        if (pages.pages()[s][i] < 0 || (pages.pages()[s][i] + 1L) * pages.size() > pages.keys().shape().rows()) {
          throw new IndexOutOfBoundsException("attention: page " + pages.pages()[s][i] + " of " + pages.size()
              + " rows, there are "
              + pages.keys().shape().rows() + " rows");
        }
      }
    }
    if (spec.dropout() > 0) {
      throw new IllegalArgumentException("attention: dropout " + spec.dropout() + " with keys in pages, which have no gradients");
    }
    checkOffsets("query", spec.queryOffsets(), q.rows());
    checkOffsets("key", spec.keyOffsets(), spec.keyOffsets()[spec.sequences()]);
    checkWidths(spec, q, Columns.of(pages.keys()));
    checkLike("out", out, "q", q);
    checkVisibility(spec);
  }

  private static void checkWidths(AttentionSpec spec, Columns q, Columns k) {
    int d = spec.headDim();
    if (d < 1 || q.width() != spec.heads() * d || k.width() != spec.kvHeads() * d) {
      throw new ShapeException("attention: " + spec.heads() + " query heads and " + spec.kvHeads() + " key heads of " + d
          + " need rows of " + spec.heads() * d + " and " + spec.kvHeads() * d + " numbers, q has " + q.width() + ", k "
          + k.width());
    }
  }

  private static void checkVisibility(AttentionSpec spec) {
    if (spec.window() < 1) {
      throw new IllegalArgumentException("attention: the window must be at least 1, got " + spec.window());
    }
    if (!(spec.softCap() >= 0)) {
      throw new IllegalArgumentException("attention: the soft cap must not be negative, got " + spec.softCap());
    }
    if (spec.keyBias() != null) {
      checkBias(spec);
    }
  }

  private static void checkBias(AttentionSpec spec) {
    int length = spec.keyBias().length();
    if (spec.keyBias().values().length != (long) spec.heads() * length) {
      throw new ShapeException("attention: the bias has " + spec.keyBias().values().length + " numbers, " + spec.heads()
          + " heads of " + length + " places need [" + spec.heads() + ", " + length + "]");
    }
    for (int i = 0; i < spec.sequences(); i++) {
      int keys = spec.keyOffsets()[i + 1] - spec.keyOffsets()[i];
      if (keys > length) {
        throw new ShapeException("attention: the bias has " + length + " places, sequence " + i + " has " + keys + " keys");
      }
    }
  }

  private static void checkOffsets(String side, int[] offsets, int rows) {
    boolean ordered = offsets.length > 0 && offsets[0] == 0 && offsets[offsets.length - 1] == rows;
    for (int i = 1; i < offsets.length; i++) {
      ordered &= offsets[i] >= offsets[i - 1];
    }
    if (!ordered) {
      throw new ShapeException("attention: " + side + " offsets " + Arrays.toString(offsets)
          + " must rise from 0 to the number of rows, " + rows);
    }
  }

  private static void checkLike(String name, Columns columns, String modelName, Columns model) {
    if (columns.rows() != model.rows() || columns.width() != model.width()) {
      throw new ShapeException("attention: " + name + " has " + columns.rows() + " rows of " + columns.width() + ", "
          + modelName + " " + model.rows() + " of " + model.width());
    }
  }
}
