package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.F32;
import static dev.hone.core.kernel.vector.AttentionTile.L;
import static dev.hone.core.kernel.vector.Exponential.*;

import dev.hone.core.AttentionSpec;
import dev.hone.core.KeyBias;
import dev.hone.core.kernel.loops.AttentionCall;
import dev.hone.core.kernel.loops.Visibility;
import dev.hone.core.parallel.Scratch;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention of one query to many keys, the step of text generation: K and V are read once, where they lie, for all query heads
 * that share them.
 *
 * <p>Implementation note: the time is that of reading memory, so nothing is packed; lanes run along the head in the products and
 * along the keys in the softmax.
 */
final class AttentionDecode {
  private static final int KEYS = 128; // of a block: its K and V stay in the nearest cache while the heads take turns

  private final AttentionCall call;
  private final int sequence;
  private final int kvHead;
  private final int d;
  private final int width;
  private final float[] queries;
  private final float[] out;
  private final float[] scores = Scratch.floats(2, KEYS);
  private final float[] max;
  private final float[] sum;

  AttentionDecode(AttentionCall call, int sequence, int kvHead) {
    this.call = call;
    this.sequence = sequence;
    this.kvHead = kvHead;
    d = call.spec().headDim();
    width = ScoreBlock.roundUp(d, L);
    int group = call.group();
    queries = Scratch.floats(0, group * width);
    out = Scratch.floats(1, group * width);
    max = Scratch.floats(3, group);
    sum = Scratch.floats(4, group);
  }

  void run() {
    AttentionSpec spec = call.spec();
    Visibility visible = call.visibility(sequence);
    int row = spec.queryOffsets()[sequence];
    int group = call.group();
    int firstHead = kvHead * group;
    float scale = spec.softCap() > 0 ? spec.scale() / spec.softCap() : spec.scale() * LOG2_E;
    HeadRows.scale(call.q().array(), call.index(call.q(), row, firstHead), d, group, d, scale, queries, 0, width);
    Arrays.fill(out, 0, group * width, 0);
    Arrays.fill(max, 0, group, ScoreLoops.LOWEST);
    Arrays.fill(sum, 0, group, 0);
    int end = visible.endKey(0);
    for (int key = visible.firstKey(0); key < end; key += KEYS) {
      for (int i = 0; i < group; i++) {
        block(i, key, Math.min(KEYS, end - key));
      }
    }
    for (int i = 0; i < group; i++) {
      float factor = sum[i] == 0 ? 0 : 1 / sum[i];
      HeadRows.scale(out, i * width, width, 1, d, factor, call.out().array(), call.index(call.out(), row, firstHead + i), 0);
      if (call.logSumExp() != null) {
        call.logSumExp().array()[call.logSumExpIndex(firstHead + i, row)] =
            sum[i] == 0 ? Float.NEGATIVE_INFINITY : max[i] * LN_2 + (float) Math.log(sum[i]);
      }
    }
  }

  /** One head and one block of keys. */
  private void block(int i, int key, int count) {
    int padded = ScoreBlock.roundUp(count, L);
    int run;
    for (int at = 0; at < count; at += run) {
      run = call.run(sequence, key + at, count - at);
      int row = call.keyRow(sequence, key + at);
      products(queries, i * width, call.k().array(), call.index(call.k(), row, kvHead), call.k().stride(), run, d, scores, at);
    }
    float cap = call.spec().softCap();
    if (cap > 0) {
      ScoreLoops.cap(scores, 0, 0, 1, padded, cap * LOG2_E);
    }
    KeyBias bias = call.spec().keyBias();
    if (bias != null) {
      for (int j = 0, at = bias.at(kvHead * call.group() + i) + key; j < count; j++) {
        scores[j] += bias.values()[at + j] * LOG2_E;
      }
    }
    Arrays.fill(scores, count, padded, Float.NEGATIVE_INFINITY);
    float newMax = Math.max(max[i], max(scores, padded));
    float factor = (float) Math.exp((max[i] - newMax) * LN_2);
    max[i] = newMax;
    sum[i] = sum[i] * factor + exponentials(scores, padded, newMax);
    for (int at = 0; at < count; at += run) {
      run = call.run(sequence, key + at, count - at);
      int row = call.keyRow(sequence, key + at);
      addWeighted(scores, at, run, at == 0 ? factor : 1, call.v().array(), call.index(call.v(), row, kvHead), call.v().stride(),
          d, out, i * width);
    }
  }

  /** scores[at + i] = q · k[i, :]. */
  private static void products(float[] q, int qAt, float[] k, int kAt, int ldk, int count, int d, float[] scores, int at) {
    int i = 0;
    for (; i + 4 <= count; i += 4) {
      products4(q, qAt, k, kAt + i * ldk, ldk, d, scores, at + i);
    }
    for (; i < count; i++) {
      scores[at + i] = HeadRows.dot(q, qAt, k, kAt + i * ldk, d);
    }
  }

  private static void products4(float[] q, int qAt, float[] k, int kAt, int ldk, int d, float[] scores, int at) {
    FloatVector sum0 = FloatVector.zero(F32);
    FloatVector sum1 = sum0;
    FloatVector sum2 = sum0;
    FloatVector sum3 = sum0;
    int body = F32.loopBound(d);
    for (int i = 0; i < body; i += L) {
      FloatVector x = FloatVector.fromArray(F32, q, qAt + i);
      sum0 = x.fma(FloatVector.fromArray(F32, k, kAt + i), sum0);
      sum1 = x.fma(FloatVector.fromArray(F32, k, kAt + ldk + i), sum1);
      sum2 = x.fma(FloatVector.fromArray(F32, k, kAt + 2 * ldk + i), sum2);
      sum3 = x.fma(FloatVector.fromArray(F32, k, kAt + 3 * ldk + i), sum3);
    }
    if (L > 8) {
      sum0 = sum0.add(sum0.rearrange(HeadRows.BY_8));
      sum1 = sum1.add(sum1.rearrange(HeadRows.BY_8));
      sum2 = sum2.add(sum2.rearrange(HeadRows.BY_8));
      sum3 = sum3.add(sum3.rearrange(HeadRows.BY_8));
    }
    if (L > 4) {
      sum0 = sum0.add(sum0.rearrange(HeadRows.BY_4));
      sum1 = sum1.add(sum1.rearrange(HeadRows.BY_4));
      sum2 = sum2.add(sum2.rearrange(HeadRows.BY_4));
      sum3 = sum3.add(sum3.rearrange(HeadRows.BY_4));
    }
    sum0 = sum0.add(sum0.rearrange(HeadRows.BY_2));
    sum1 = sum1.add(sum1.rearrange(HeadRows.BY_2));
    sum2 = sum2.add(sum2.rearrange(HeadRows.BY_2));
    sum3 = sum3.add(sum3.rearrange(HeadRows.BY_2));
    sum0 = sum0.add(sum0.rearrange(HeadRows.BY_1));
    sum1 = sum1.add(sum1.rearrange(HeadRows.BY_1));
    sum2 = sum2.add(sum2.rearrange(HeadRows.BY_1));
    sum3 = sum3.add(sum3.rearrange(HeadRows.BY_1));
    scores[at] = sum0.lane(0) + tail(q, qAt, k, kAt, body, d);
    scores[at + 1] = sum1.lane(0) + tail(q, qAt, k, kAt + ldk, body, d);
    scores[at + 2] = sum2.lane(0) + tail(q, qAt, k, kAt + 2 * ldk, body, d);
    scores[at + 3] = sum3.lane(0) + tail(q, qAt, k, kAt + 3 * ldk, body, d);
  }

  private static float tail(float[] q, int qAt, float[] k, int kAt, int from, int d) {
    float sum = 0;
    for (int i = from; i < d; i++) {
      sum += q[qAt + i] * k[kAt + i];
    }
    return sum;
  }

  private static float max(float[] scores, int count) {
    FloatVector max = FloatVector.broadcast(F32, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < count; i += L) {
      FloatVector x = FloatVector.fromArray(F32, scores, i);
      max = max.blend(x, x.compare(VectorOperators.GT, max));
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /** scores = 2^(scores - max); returns their sum. */
  private static float exponentials(float[] scores, int count, float max) {
    FloatVector round = FloatVector.broadcast(F32, ROUND);
    FloatVector c1 = FloatVector.broadcast(F32, C1);
    FloatVector c2 = FloatVector.broadcast(F32, C2);
    FloatVector c3 = FloatVector.broadcast(F32, C3);
    FloatVector c4 = FloatVector.broadcast(F32, C4);
    FloatVector c5 = FloatVector.broadcast(F32, C5);
    FloatVector one = FloatVector.broadcast(F32, 1);
    FloatVector sum = FloatVector.zero(F32);
    for (int i = 0; i < count; i += L) {
      FloatVector x = FloatVector.fromArray(F32, scores, i).sub(max);
      FloatVector t = x.add(round);
      FloatVector r = x.sub(t.sub(round));
      FloatVector p = r.fma(c5, c4).fma(r, c3).fma(r, c2).fma(r, c1).fma(r, one);
      p = p.mul(t.viewAsIntegralLanes().add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS).viewAsFloatingLanes());
      p = p.blend(0, x.compare(VectorOperators.LT, SMALLEST));
      sum = sum.add(p);
      p.intoArray(scores, i);
    }
    if (L > 8) {
      sum = sum.add(sum.rearrange(HeadRows.BY_8));
    }
    if (L > 4) {
      sum = sum.add(sum.rearrange(HeadRows.BY_4));
    }
    sum = sum.add(sum.rearrange(HeadRows.BY_2));
    return sum.add(sum.rearrange(HeadRows.BY_1)).lane(0);
  }

  /** out = factor · out + Σ p[i] · v[i, :]. */
  private static void addWeighted(float[] p, int pAt, int count, float factor, float[] v, int vAt, int ldv, int d, float[] out,
      int outAt) {
    int j = 0;
    for (; j + 4 * L <= d; j += 4 * L) {
      addWeighted4(p, pAt, count, factor, v, vAt + j, ldv, out, outAt + j);
    }
    for (; j + L <= d; j += L) {
      addWeighted1(p, pAt, count, factor, v, vAt + j, ldv, out, outAt + j);
    }
    for (; j < d; j++) {
      float sum = factor * out[outAt + j];
      for (int i = 0; i < count; i++) {
        sum += p[pAt + i] * v[vAt + i * ldv + j];
      }
      out[outAt + j] = sum;
    }
  }

  private static void addWeighted4(float[] p, int pAt, int count, float factor, float[] v, int vAt, int ldv, float[] out,
      int outAt) {
    FloatVector sum0 = FloatVector.fromArray(F32, out, outAt).mul(factor);
    FloatVector sum1 = FloatVector.fromArray(F32, out, outAt + L).mul(factor);
    FloatVector sum2 = FloatVector.fromArray(F32, out, outAt + 2 * L).mul(factor);
    FloatVector sum3 = FloatVector.fromArray(F32, out, outAt + 3 * L).mul(factor);
    for (int i = 0; i < count; i++) {
      FloatVector weight = FloatVector.broadcast(F32, p[pAt + i]);
      sum0 = weight.fma(FloatVector.fromArray(F32, v, vAt + i * ldv), sum0);
      sum1 = weight.fma(FloatVector.fromArray(F32, v, vAt + i * ldv + L), sum1);
      sum2 = weight.fma(FloatVector.fromArray(F32, v, vAt + i * ldv + 2 * L), sum2);
      sum3 = weight.fma(FloatVector.fromArray(F32, v, vAt + i * ldv + 3 * L), sum3);
    }
    sum0.intoArray(out, outAt);
    sum1.intoArray(out, outAt + L);
    sum2.intoArray(out, outAt + 2 * L);
    sum3.intoArray(out, outAt + 3 * L);
  }

  private static void addWeighted1(float[] p, int pAt, int count, float factor, float[] v, int vAt, int ldv, float[] out,
      int outAt) {
    FloatVector sum = FloatVector.fromArray(F32, out, outAt).mul(factor);
    for (int i = 0; i < count; i++) {
      sum = FloatVector.broadcast(F32, p[pAt + i]).fma(FloatVector.fromArray(F32, v, vAt + i * ldv), sum);
    }
    sum.intoArray(out, outAt);
  }
}
