package dev.hone.core.kernel.cpu;

import dev.hone.core.AttentionSpec;

/** Attention in float64 by the book: the whole matrix of probabilities, then its products. */
final class AttentionReference {
  final double[] out;
  final double[] logSumExp;
  double[] dq;
  double[] dk;
  double[] dv;

  private final AttentionSpec spec;
  private final double[] q;
  private final double[] k;
  private final double[] v;

  AttentionReference(AttentionSpec spec, double[] q, double[] k, double[] v) {
    this.spec = spec;
    this.q = q;
    this.k = k;
    this.v = v;
    this.out = new double[q.length];
    this.logSumExp = new double[spec.heads() * rows()];
    for (int head = 0; head < spec.heads(); head++) {
      for (int s = 0; s < spec.sequences(); s++) {
        for (int row = spec.queryOffsets()[s]; row < spec.queryOffsets()[s + 1]; row++) {
          double[] p = probabilities(s, head, row);
          for (int j = 0; j < p.length; j++) {
            double weight = p[j] * keep(s, head, row, j);
            int o = qIndex(row, head);
            int value = kIndex(s, j, head);
            for (int d = 0; d < spec.headDim(); d++) {
              out[o + d] += weight * v[value + d];
            }
          }
        }
      }
    }
  }

  /** Gradients of sum(out · up). */
  AttentionReference backward(double[] up) {
    dq = new double[q.length];
    dk = new double[k.length];
    dv = new double[v.length];
    for (int head = 0; head < spec.heads(); head++) {
      for (int s = 0; s < spec.sequences(); s++) {
        for (int row = spec.queryOffsets()[s]; row < spec.queryOffsets()[s + 1]; row++) {
          rowBackward(s, head, row, up);
        }
      }
    }
    return this;
  }

  private void rowBackward(int s, int head, int row, double[] up) {
    double[] p = probabilities(s, head, row);
    double[] dp = new double[p.length];
    double total = 0;
    for (int j = 0; j < p.length; j++) {
      double keep = keep(s, head, row, j);
      int value = kIndex(s, j, head);
      for (int d = 0; d < spec.headDim(); d++) {
        double u = up[qIndex(row, head) + d];
        dv[value + d] += p[j] * keep * u;
        dp[j] += u * v[value + d] * keep;
      }
      total += p[j] * dp[j];
    }
    for (int j = 0; j < p.length; j++) {
      double slope = 1;
      if (spec.softCap() > 0) {
        double tanh = Math.tanh(product(s, head, row, j) / spec.softCap());
        slope = 1 - tanh * tanh;
      }
      double ds = p[j] * (dp[j] - total) * slope * spec.scale();
      int query = qIndex(row, head);
      int key = kIndex(s, j, head);
      for (int d = 0; d < spec.headDim(); d++) {
        dq[query + d] += ds * k[key + d];
        dk[key + d] += ds * q[query + d];
      }
    }
  }

  private double[] probabilities(int s, int head, int row) {
    int keys = spec.keyOffsets()[s + 1] - spec.keyOffsets()[s];
    int position = row - spec.queryOffsets()[s + 1] + keys; // the last query stands at the last key
    double[] p = new double[keys];
    double max = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < keys; j++) {
      int distance = position - j;
      boolean hidden = spec.causal() ? distance < 0 || distance >= spec.window() : Math.abs(distance) >= spec.window();
      double score = product(s, head, row, j);
      score = spec.softCap() > 0 ? spec.softCap() * Math.tanh(score / spec.softCap()) : score;
      score += spec.keyBias() == null ? 0 : spec.keyBias().values()[spec.keyBias().at(head) + j];
      p[j] = hidden ? Double.NEGATIVE_INFINITY : score;
      max = Math.max(max, p[j]);
    }
    double sum = 0;
    for (int j = 0; j < keys; j++) {
      p[j] = p[j] == Double.NEGATIVE_INFINITY ? 0 : Math.exp(p[j] - max);
      sum += p[j];
    }
    for (int j = 0; j < keys; j++) {
      p[j] = sum == 0 ? 0 : p[j] / sum;
    }
    logSumExp[head * rows() + row] = max + Math.log(sum);
    return p;
  }

  private double product(int s, int head, int row, int j) {
    double sum = 0;
    int query = qIndex(row, head);
    int key = kIndex(s, j, head);
    for (int d = 0; d < spec.headDim(); d++) {
      sum += q[query + d] * k[key + d];
    }
    return sum * spec.scale();
  }

  private double keep(int s, int head, int row, int j) {
    if (spec.dropout() == 0) {
      return 1;
    }
    int first = spec.queryOffsets()[s];
    long index = ((long) head * (spec.queryOffsets()[s + 1] - first) + row - first) << 24 | j;
    return spec.random(s).uniform(index) < spec.dropout() ? 0 : 1 / (1.0 - spec.dropout());
  }

  private int rows() {
    return spec.queryOffsets()[spec.sequences()];
  }

  private int qIndex(int row, int head) {
    return (row * spec.heads() + head) * spec.headDim();
  }

  private int kIndex(int s, int j, int head) {
    int kvHead = head / (spec.heads() / spec.kvHeads());
    return ((spec.keyOffsets()[s] + j) * spec.kvHeads() + kvHead) * spec.headDim();
  }
}
