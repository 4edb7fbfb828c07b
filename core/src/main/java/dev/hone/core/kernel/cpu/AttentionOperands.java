package dev.hone.core.kernel.cpu;

import dev.hone.core.AttentionSpec;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.KeyPages;
import java.util.Arrays;

/** What attention of any device relies on. */
public final class AttentionOperands {
  private static final int MAX_DROPOUT_KEYS = 1 << 24;

  private AttentionOperands() {}

  /** Checks a forward pass. */
  public static void check(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp) {
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

  /** Checks a forward pass over keys in pages. */
  public static void check(AttentionSpec spec, Columns q, KeyPages pages, Columns out) {
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

  /** Checks a backward pass. */
  public static void checkBackward(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp,
      Columns dOut, Columns dq, Columns dk, Columns dv) {
    if (logSumExp == null) {
      throw new IllegalArgumentException("attention: the backward pass needs the logSumExp of the forward pass");
    }
    check(spec, q, k, v, out, logSumExp);
    checkLike("dOut", dOut, "q", q);
    checkLike("dq", dq, "q", q);
    checkLike("dk", dk, "k", k);
    checkLike("dv", dv, "v", v);
  }

  /** Checks rows and where they are put; returns their width. */
  public static int checkStore(Columns source, int[] rows, Tensor target) {
    int width = source.width();
    if (rows.length != source.rows() || target.shape().columns() != width) {
      throw new ShapeException("store: " + source.rows() + " rows of " + width + " into " + rows.length + " rows of "
          + target.shape());
    }
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] < 0 || rows[i] >= target.shape().rows()) {
        throw new IndexOutOfBoundsException("store: row " + rows[i] + " of " + target.shape());
      }
    }
    return width;
  }

  /** Checks a rotation; returns the number of pairs of a head that turn. */
  public static int checkRotation(Columns x, int headDim, Tensor cos, Tensor sin, int[] positions, Columns y) {
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
    return half;
  }
}
