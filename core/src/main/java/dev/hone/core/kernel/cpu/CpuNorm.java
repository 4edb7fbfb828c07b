package dev.hone.core.kernel.cpu;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.NormKernels;
import dev.hone.core.kernel.loops.NormLoops;
import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/**
 * Layer norm and RMS norm, row by row; a row stays in the first-level cache between its loops. RMS norm is layer norm with
 * mean 0, and absent weights are ones, so that one set of loops serves all.
 *
 * <p>Gradients of the weights are summed per block of rows and the blocks in order: at most {@link #MAX_BLOCKS} of them, so
 * that adding them up costs little, and at least {@link #MIN_ROWS} rows each.
 */
public final class CpuNorm implements NormKernels {
  private static final double MIN_SQUARE = 1e-30; // of a norm that something is divided by
  private static final int MAX_BLOCKS = 32;
  private static final int MIN_ROWS = 16;
  private static final int WEIGHT = 0; // slots of Scratch
  private static final int BIAS = 1;
  private static final int PARTIAL = 2;
  private static final int SUMS = 3;

  private final NormLoops loops;

  /** Norms on these loops. */
  public CpuNorm(NormLoops loops) {
    this.loops = loops;
  }

  @Override
  public void layerNorm(Tensor x, Tensor residual, Tensor weight, Tensor bias, float eps, Tensor sum, Tensor y, Tensor mean,
      Tensor rstd) {
    forward("layerNorm", true, x, residual, weight, 0, bias, eps, sum, y, mean, rstd, x.shape().columns());
  }

  @Override
  public void rmsNorm(Tensor x, Tensor residual, Tensor weight, float weightOffset, float eps, Tensor sum, Tensor y,
      Tensor rstd) {
    forward("rmsNorm", false, x, residual, weight, weightOffset, null, eps, sum, y, null, rstd,
        width("rmsNorm", x, weight));
  }

  @Override
  public void layerNormBackward(Tensor dy, Tensor s, Tensor weight, Tensor mean, Tensor rstd, boolean accumulate, Tensor dx,
      Tensor dWeight, Tensor dBias) {
    backward("layerNormBackward", true, dy, s, weight, 0, mean, rstd, accumulate, dx, dWeight, dBias,
        s.shape().columns());
  }

  @Override
  public void rmsNormBackward(Tensor dy, Tensor s, Tensor weight, float weightOffset, Tensor rstd, boolean accumulate,
      Tensor dx, Tensor dWeight) {
    backward("rmsNormBackward", false, dy, s, weight, weightOffset, null, rstd, accumulate, dx, dWeight, null,
        width("rmsNormBackward", s, weight));
  }

  /** Width of the rows that are normalised: that of the weight, which may be one head of several in a row of x. */
  public static int width(String op, Tensor x, Tensor weight) {
    int columns = x.shape().columns();
    if (weight == null) {
      return columns;
    }
    long width = weight.size();
    if (width == 0 || columns % width != 0) {
      throw new ShapeException(op + ": the weight is " + weight.shape() + ", the rows of " + x.shape() + " have " + columns
          + " columns, which is no multiple of it");
    }
    return (int) width;
  }

  /** Checks a forward pass over rows of c numbers; returns how many there are. */
  public static int check(String op, Tensor x, Tensor residual, Tensor weight, Tensor bias, Tensor sum, Tensor y, Tensor mean,
      Tensor rstd, int c) {
    Operands.same(op, "x", x, "y", y);
    if ((residual == null) != (sum == null)) {
      throw new IllegalArgumentException(op + ": residual and sum come together or not at all");
    }
    if (residual != null) {
      Operands.same(op, "x", x, "residual", residual);
      Operands.same(op, "x", x, "sum", sum);
    }
    int rows = c == 0 ? x.shape().rows() : x.shape().length() / c;
    Operands.size(op, "weight", weight, c, "one per column");
    Operands.size(op, "bias", bias, c, "one per column");
    Operands.size(op, "mean", mean, rows, "one per row");
    Operands.size(op, "rstd", rstd, rows, "one per row");
    return rows;
  }

  /** Checks a backward pass over rows of c numbers; returns how many there are. */
  public static int checkBackward(String op, Tensor dy, Tensor s, Tensor weight, Tensor mean, Tensor rstd, Tensor dx,
      Tensor dWeight, Tensor dBias, int c) {
    Operands.same(op, "dy", dy, "s", s);
    if (dx != null) {
      Operands.same(op, "dy", dy, "dx", dx);
    }
    int rows = c == 0 ? s.shape().rows() : s.shape().length() / c;
    Operands.size(op, "weight", weight, c, "one per column");
    Operands.size(op, "mean", mean, rows, "one per row");
    Operands.size(op, "rstd", rstd, rows, "one per row");
    Operands.size(op, "dWeight", dWeight, c, "one per column");
    Operands.size(op, "dBias", dBias, c, "one per column");
    return rows;
  }

  /** Checks the operands of norms of a product of low rank. */
  public static void checkLowRank(int outputs, Tensor b, Tensor t, Tensor g, Tensor numerator, Tensor y) {
    int rank = b.shape().columns();
    Operands.size("lowRankNorms", "b", b, (long) outputs * rank, "[out, R]");
    Operands.size("lowRankNorms", "t", t, (long) outputs * rank, "[R, out]");
    Operands.size("lowRankNorms", "g", g, (long) rank * rank, "[R, R]");
    Operands.size("lowRankNorms", "numerator", numerator, outputs, "[out]");
    Operands.size("lowRankNorms", "y", y, outputs, "[out]");
  }

  private void forward(String op, boolean centred, Tensor x, Tensor residual, Tensor weight, float weightOffset,
      Tensor bias, float eps, Tensor sum, Tensor y, Tensor mean, Tensor rstd, int c) {
    int rows = check(op, x, residual, weight, bias, sum, y, mean, rstd, c);
    float[] xs = x.array();
    int xi = x.offset();
    float[] rs = Operands.array(residual);
    int ri = Operands.offset(residual);
    float[] ss = sum == null ? xs : sum.array();
    int si = sum == null ? xi : sum.offset();
    float[] ys = y.array();
    int yi = y.offset();
    float[] means = Operands.array(mean);
    int mi = Operands.offset(mean);
    float[] rstds = Operands.array(rstd);
    int di = Operands.offset(rstd);
    float[] ws = weights(weight, weightOffset, c);
    int wi = ws == Operands.array(weight) ? weight.offset() : 0;
    float[] bs = bias == null ? zeros(BIAS, c) : bias.array();
    int bi = Operands.offset(bias);
    Workers.ranges(rows, CpuElementwise.rowGrain(c), (from, to) -> {
      for (int row = from; row < to; row++) {
        int s = si + row * c;
        if (rs != null) {
          loops.add(xs, xi + row * c, rs, ri + row * c, ss, s, c);
        }
        float rowMean = centred ? loops.sum(ss, s, c) / c : 0;
        float rowRstd = (float) (1 / Math.sqrt(loops.squares(ss, s, rowMean, c) / c + eps));
        loops.normalize(ss, s, rowMean, rowRstd, ws, wi, bs, bi, ys, yi + row * c, c);
        if (means != null) {
          means[mi + row] = rowMean;
        }
        if (rstds != null) {
          rstds[di + row] = rowRstd;
        }
      }
    });
  }

  private void backward(String op, boolean centred, Tensor dy, Tensor s, Tensor weight, float weightOffset, Tensor mean,
      Tensor rstd, boolean accumulate, Tensor dx, Tensor dWeight, Tensor dBias, int c) {
    int rows = checkBackward(op, dy, s, weight, mean, rstd, dx, dWeight, dBias, c);
    float[] dys = dy.array();
    int dyi = dy.offset();
    float[] ss = s.array();
    int si = s.offset();
    float[] means = Operands.array(mean);
    int mi = Operands.offset(mean);
    float[] rstds = rstd.array();
    int ri = rstd.offset();
    float[] dxs = Operands.array(dx);
    int dxi = Operands.offset(dx);
    float[] ws = weights(weight, weightOffset, c);
    int wi = ws == Operands.array(weight) ? weight.offset() : 0;
    boolean trained = dWeight != null || dBias != null;
    int grain = trained ? Math.max(MIN_ROWS, (rows + MAX_BLOCKS - 1) / MAX_BLOCKS) : CpuElementwise.rowGrain(c);
    int blocks = (rows + grain - 1) / grain;
    float[] partial = trained ? zeros(PARTIAL, blocks * 2 * c) : null;
    Workers.ranges(rows, grain, (from, to) -> {
      float[] sums = Scratch.floats(SUMS, 2);
      int dw = from / grain * 2 * c;
      for (int row = from; row < to; row++) {
        int d = dyi + row * c;
        int x = si + row * c;
        float rowMean = centred ? means[mi + row] : 0;
        float rowRstd = rstds[ri + row];
        if (trained) { // before dx, which may overwrite dy
          loops.weightGradients(dys, d, ss, x, rowMean, rowRstd, partial, dw, partial, dw + c, c);
        }
        if (dxs != null) {
          loops.gradientSums(dys, d, ss, x, rowMean, ws, wi, sums, c);
          float shift = centred ? rowRstd * sums[0] / c : 0;
          float slope = rowRstd * rowRstd * rowRstd * sums[1] / c;
          loops.inputGradient(dys, d, ss, x, rowMean, rowRstd, ws, wi, slope, shift, accumulate, dxs, dxi + row * c, c);
        }
      }
    });
    for (int block = 0; block < blocks; block++) {
      if (dWeight != null) {
        addTo(dWeight, partial, block * 2 * c, c);
      }
      if (dBias != null) {
        addTo(dBias, partial, (block * 2 + 1) * c, c);
      }
    }
  }

  private void addTo(Tensor target, float[] partial, int pi, int c) {
    loops.add(target.array(), target.offset(), partial, pi, target.array(), target.offset(), c);
  }

  /** The weights with their offset: the tensor's own array if there is none. */
  private static float[] weights(Tensor weight, float offset, int c) {
    if (weight != null && offset == 0) {
      return weight.array();
    }
    float[] weights = Scratch.floats(WEIGHT, c);
    for (int i = 0; i < c; i++) {
      weights[i] = weight == null ? 1 : weight.array()[weight.offset() + i] + offset;
    }
    return weights;
  }

  private static float[] zeros(int slot, int length) {
    float[] zeros = Scratch.floats(slot, length);
    Arrays.fill(zeros, 0, length, 0);
    return zeros;
  }

  @Override
  public void lowRankNorms(double[] squares, Tensor b, Tensor t, Tensor g, double scale, Tensor numerator, Tensor y) {
    int outputs = squares.length;
    int rank = b.shape().columns();
    checkLowRank(outputs, b, t, g, numerator, y);
    float[] up = b.array();
    float[] ts = t.array();
    float[] gs = g.array();
    float[] ns = Operands.array(numerator);
    float[] ys = y.array();
    for (int o = 0; o < outputs; o++) {
      int row = b.offset() + o * rank;
      double linear = 0;
      double quadratic = 0;
      for (int r = 0; r < rank; r++) {
        double own = up[row + r];
        linear += own * ts[t.offset() + r * outputs + o];
        double inner = 0;
        for (int q = 0; q < rank; q++) {
          inner += (double) gs[g.offset() + r * rank + q] * up[row + q];
        }
        quadratic += own * inner;
      }
      double norm = Math.sqrt(Math.max(MIN_SQUARE, squares[o] + 2 * scale * linear + scale * scale * quadratic));
      ys[y.offset() + o] = (float) (ns == null ? norm : ns[numerator.offset() + o] / norm);
    }
  }
}
