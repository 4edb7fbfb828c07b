package dev.hone.core.kernel.scalar;

import dev.hone.core.AttentionSpec;
import dev.hone.core.kernel.loops.AttentionCall;
import dev.hone.core.kernel.loops.AttentionLoops;
import dev.hone.core.kernel.loops.SequenceOrder;
import dev.hone.core.kernel.loops.Visibility;
import dev.hone.core.parallel.Scratch;
import java.util.Arrays;
import dev.hone.core.random.Philox;

/**
 * Attention one query at a time.
 *
 * <p>Implementation note: with scores s = scale · q · k, capped to c · tanh(s / c), probabilities p = exp(s - lse), dropped
 * ones p' = p · mask / (1 - dropout) and out = p' · v, the gradients are dp = (dOut · v) · mask / (1 - dropout), ds = p · (dp -
 * dOut · out), times 1 - tanh² under a cap, and from there dq = scale · ds · k, dk = scale · ds · q and dv = p' · dOut.
 */
public final class ScalarAttention extends AttentionLoops {
  private static final int SCORES = 0; // slots of Scratch
  private static final int MASK = 1;

  @Override
  public void forward(AttentionCall call, int sequence, int kvHead, int from, int to) {
    AttentionSpec spec = call.spec();
    Visibility visible = call.visibility(sequence);
    int firstRow = spec.queryOffsets()[sequence];
    float[] scores = Scratch.floats(SCORES, visible.keys());
    float[] mask = Scratch.floats(MASK, visible.keys());
    for (int head = kvHead * call.group(); head < (kvHead + 1) * call.group(); head++) {
      for (int query = from; query < to; query++) {
        int first = visible.firstKey(query);
        int end = visible.endKey(query);
        int row = firstRow + query;
        scores(call, sequence, head, row, first, end, scores);
        float max = max(scores, first, end);
        float sum = exponentials(scores, first, end, max);
        if (spec.dropout() > 0) {
          dropoutMask(spec, spec.random(sequence), AttentionCall.dropoutIndex(head, visible.queries(), query), first, end, mask);
          multiply(scores, mask, first, end);
        }
        weightedValues(call, sequence, head, row, first, end, scores, sum == 0 ? 0 : 1 / sum);
        if (call.logSumExp() != null) {
          call.logSumExp().array()[call.logSumExpIndex(head, row)] = (float) (max + Math.log(sum));
        }
      }
    }
  }

  @Override
  public void backward(AttentionCall call, int sequence, int kvHead, int from, int to, SequenceOrder turn) {
    AttentionSpec spec = call.spec();
    Visibility visible = call.visibility(sequence);
    int firstRow = spec.queryOffsets()[sequence];
    int firstKeyRow = spec.keyOffsets()[sequence];
    for (int key = from; key < to; key++) {
      clear(call.dk().array(), call.index(call.dk(), firstKeyRow + key, kvHead), spec.headDim());
      clear(call.dv().array(), call.index(call.dv(), firstKeyRow + key, kvHead), spec.headDim());
    }
    float[] scores = Scratch.floats(SCORES, visible.keys());
    float[] mask = Scratch.floats(MASK, visible.keys());
    int step = 0;
    for (int head = kvHead * call.group(); head < (kvHead + 1) * call.group(); head++) {
      for (int query = visible.queries() - 1; query >= 0; query--, step++) { // from the last, which more keys see
        int first = Math.max(from, visible.firstKey(query));
        int end = Math.min(to, visible.endKey(query));
        int row = firstRow + query;
        if (visible.firstKey(query) < from) {
          turn.await(step);
        } else if (first < end || from == 0 && visible.endKey(query) == 0) { // the first item that sees it, or nobody does
          clear(call.dq().array(), call.index(call.dq(), row, head), spec.headDim());
        }
        scores(call, sequence, head, row, first, end, scores);
        if (spec.dropout() > 0) {
          dropoutMask(spec, spec.random(sequence), AttentionCall.dropoutIndex(head, visible.queries(), query), first, end, mask);
        }
        queryBackward(call, firstKeyRow, head, row, first, end, scores, mask);
        turn.end(step);
      }
    }
  }

  /** Gradients that come from one query. */
  private static void queryBackward(AttentionCall call, int firstKeyRow, int head, int row, int first, int end,
      float[] scores, float[] mask) {
    AttentionSpec spec = call.spec();
    int d = spec.headDim();
    int kvHead = head / call.group();
    float[] dOut = call.dOut().array();
    int dOutAt = call.index(call.dOut(), row, head);
    int dqAt = call.index(call.dq(), row, head);
    float total = dot(dOut, dOutAt, call.out().array(), call.index(call.out(), row, head), d);
    float logSumExp = call.logSumExp().array()[call.logSumExpIndex(head, row)];
    for (int key = first; key < end; key++) {
      float keep = spec.dropout() > 0 ? mask[key] : 1;
      float p = (float) Math.exp(scores[key] - logSumExp);
      int keyRow = firstKeyRow + key;
      float dp = keep * dot(dOut, dOutAt, call.v().array(), call.index(call.v(), keyRow, kvHead), d);
      float ds = p * (dp - total) * spec.scale();
      if (spec.softCap() > 0) {
        float tanh = scores[key] / spec.softCap();
        ds *= 1 - tanh * tanh;
      }
      addScaled(p * keep, dOut, dOutAt, call.dv().array(), call.index(call.dv(), keyRow, kvHead), d);
      addScaled(ds, call.q().array(), call.index(call.q(), row, head), call.dk().array(), call.index(call.dk(), keyRow, kvHead),
          d);
      addScaled(ds, call.k().array(), call.index(call.k(), keyRow, kvHead), call.dq().array(), dqAt, d);
    }
  }

  @Override
  public void rotate(float[] x, int xAt, float[] y, int yAt, int heads, int headDim, int half, float[] cos, int cosAt,
      float[] sin, int sinAt, float sign) {
    for (int start = 0; start < heads * headDim; start += headDim) {
      for (int i = 0; i < half; i++) {
        float a = x[xAt + start + i];
        float b = x[xAt + start + half + i];
        float c = cos[cosAt + i];
        float s = sign * sin[sinAt + i];
        y[yAt + start + i] = a * c - b * s;
        y[yAt + start + half + i] = b * c + a * s;
      }
      if (2 * half < headDim) {
        System.arraycopy(x, xAt + start + 2 * half, y, yAt + start + 2 * half, headDim - 2 * half);
      }
    }
  }

  @Override
  public void rotateNeighbours(float[] x, int xAt, float[] y, int yAt, int heads, int headDim, int half,
      float[] cos, int cosAt, float[] sin, int sinAt, float sign) {
    for (int start = 0; start < heads * headDim; start += headDim) {
      for (int i = 0; i < half; i++) {
        float a = x[xAt + start + 2 * i];
        float b = x[xAt + start + 2 * i + 1];
        float c = cos[cosAt + i];
        float s = sign * sin[sinAt + i];
        y[yAt + start + 2 * i] = a * c - b * s;
        y[yAt + start + 2 * i + 1] = b * c + a * s;
      }
      if (2 * half < headDim) {
        System.arraycopy(x, xAt + start + 2 * half, y, yAt + start + 2 * half, headDim - 2 * half);
      }
    }
  }

  private static void scores(AttentionCall call, int sequence, int head, int row, int first, int end, float[] scores) {
    AttentionSpec spec = call.spec();
    float[] q = call.q().array();
    int qAt = call.index(call.q(), row, head);
    for (int key = first; key < end; key++) {
      int kAt = call.index(call.k(), call.keyRow(sequence, key), head / call.group());
      float score = spec.scale() * dot(q, qAt, call.k().array(), kAt, spec.headDim());
      scores[key] = spec.softCap() > 0 ? (float) (spec.softCap() * Math.tanh(score / spec.softCap())) : score;
      if (spec.keyBias() != null) {
        scores[key] += spec.keyBias().values()[spec.keyBias().at(head) + key];
      }
    }
  }

  private static float max(float[] values, int from, int to) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      max = Math.max(max, values[i]);
    }
    return max;
  }

  /** Replaces scores by exp(score - max); returns the sum. */
  private static float exponentials(float[] scores, int from, int to, float max) {
    float sum = 0;
    for (int i = from; i < to; i++) {
      scores[i] = (float) Math.exp(scores[i] - max);
      sum += scores[i];
    }
    return sum;
  }

  /** 0 for what is dropped, 1 / (1 - dropout) for what stays. */
  private static void dropoutMask(AttentionSpec spec, Philox random, long index, int first, int end, float[] mask) {
    for (int key = first; key < end; key++) {
      mask[key] = random.uniform(index | key) < spec.dropout() ? 0 : 1 / (1 - spec.dropout());
    }
  }

  private static void weightedValues(AttentionCall call, int sequence, int head, int row, int first, int end,
      float[] weights, float factor) {
    AttentionSpec spec = call.spec();
    float[] out = call.out().array();
    int outAt = call.index(call.out(), row, head);
    clear(out, outAt, spec.headDim());
    for (int key = first; key < end; key++) {
      int vAt = call.index(call.v(), call.keyRow(sequence, key), head / call.group());
      addScaled(weights[key] * factor, call.v().array(), vAt, out, outAt, spec.headDim());
    }
  }

  private static void multiply(float[] values, float[] factors, int from, int to) {
    for (int i = from; i < to; i++) {
      values[i] *= factors[i];
    }
  }

  private static float dot(float[] a, int aAt, float[] b, int bAt, int length) {
    float sum = 0;
    for (int i = 0; i < length; i++) {
      sum += a[aAt + i] * b[bAt + i];
    }
    return sum;
  }

  private static void addScaled(float factor, float[] x, int xAt, float[] y, int yAt, int length) {
    for (int i = 0; i < length; i++) {
      y[yAt + i] += factor * x[xAt + i];
    }
  }

  private static void clear(float[] values, int at, int length) {
    Arrays.fill(values, at, at + length, 0);
  }
}
