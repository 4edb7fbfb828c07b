package dev.hone.core.kernel.cpu;

import dev.hone.core.Activation;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.ElementwiseKernels;
import dev.hone.core.kernel.loops.ActivationLoops;
import dev.hone.core.kernel.loops.ElementwiseLoops;
import dev.hone.core.parallel.Workers;
import dev.hone.core.random.Philox;
import java.util.Arrays;

/** Element-wise operations: flat runs of {@link #GRAIN} elements, rows where columns of matrices are read in place. */
public final class CpuElementwise implements ElementwiseKernels {
  /** Elements of one block: large against handing it out, small against the second-level cache. A multiple of 4. */
  static final int GRAIN = 1 << 14;

  private final ElementwiseLoops loops;
  private final ActivationLoops activations;

  /** Element-wise kernels on these loops. */
  public CpuElementwise(ElementwiseLoops loops, ActivationLoops activations) {
    this.loops = loops;
    this.activations = activations;
  }

  @Override
  public void unary(Unary function, float p, float q, Tensor x, Tensor y) {
    Operands.same("unary " + function, "x", x, "y", y);
    float[] xs = x.array();
    float[] ys = y.array();
    int xi = x.offset();
    int yi = y.offset();
    Workers.ranges(x.shape().length(), GRAIN,
        (from, to) -> loops.unary(function, p, q, xs, xi + from, ys, yi + from, to - from));
  }

  @Override
  public void unaryBackward(Unary function, float p, float q, Tensor x, Tensor dy, boolean accumulate, Tensor dx) {
    Operands.same("unaryBackward " + function, "x", x, "dy", dy);
    Operands.same("unaryBackward " + function, "x", x, "dx", dx);
    float[] xs = x.array();
    float[] dys = dy.array();
    float[] dxs = dx.array();
    int xi = x.offset();
    int dyi = dy.offset();
    int dxi = dx.offset();
    Workers.ranges(x.shape().length(), GRAIN, (from, to) -> loops.unaryBackward(function, p, q, xs, xi + from, dys,
        dyi + from, accumulate, dxs, dxi + from, to - from));
  }

  @Override
  public void activation(Activation activation, Tensor x, Tensor y) {
    Operands.same("activation " + activation, "x", x, "y", y);
    float[] xs = x.array();
    float[] ys = y.array();
    int xi = x.offset();
    int yi = y.offset();
    Workers.ranges(x.shape().length(), GRAIN,
        (from, to) -> activations.forward(activation, xs, xi + from, ys, yi + from, to - from));
  }

  @Override
  public void activationBackward(Activation activation, Tensor x, Tensor dy, boolean accumulate, Tensor dx) {
    Operands.same("activationBackward " + activation, "x", x, "dy", dy);
    Operands.same("activationBackward " + activation, "x", x, "dx", dx);
    float[] xs = x.array();
    float[] dys = dy.array();
    float[] dxs = dx.array();
    int xi = x.offset();
    int dyi = dy.offset();
    int dxi = dx.offset();
    Workers.ranges(x.shape().length(), GRAIN, (from, to) -> activations.backward(activation, xs, xi + from, dys,
        dyi + from, accumulate, dxs, dxi + from, to - from));
  }

  @Override
  public void binary(Binary function, Tensor a, Tensor b, Tensor y) {
    Broadcast way = Broadcast.of("binary " + function, a.shape(), b.shape(), y.shape());
    float[] as = a.array();
    float[] bs = b.array();
    float[] ys = y.array();
    int ai = a.offset();
    int bi = b.offset();
    int yi = y.offset();
    int run = way.run();
    Workers.ranges(y.shape().length(), GRAIN, (from, to) -> {
      for (int i = from; i < to; ) {
        int within = i % run;
        int n = Math.min(run - within, to - i);
        int left = ai + way.leftStart(i / run);
        int right = bi + way.rightStart(i / run);
        if (way.leftAdvances() && way.rightAdvances()) {
          loops.binary(function, as, left + within, bs, right + within, ys, yi + i, n);
        } else if (way.leftAdvances()) {
          loops.binaryScalarRight(function, as, left + within, bs[right], ys, yi + i, n);
        } else if (way.rightAdvances()) {
          loops.binaryScalarLeft(function, as[left], bs, right + within, ys, yi + i, n);
        } else { // both repeat: only where y has a single element, or more axes than both
          Arrays.fill(ys, yi + i, yi + i + n, as[left]);
          loops.binaryScalarRight(function, ys, yi + i, bs[right], ys, yi + i, n);
        }
        i += n;
      }
    });
  }

  @Override
  public void addScaled(float scale, Tensor x, Tensor y) {
    Operands.same("addScaled", "x", x, "y", y);
    float[] xs = x.array();
    float[] ys = y.array();
    int xi = x.offset();
    int yi = y.offset();
    Workers.ranges(x.shape().length(), GRAIN,
        (from, to) -> loops.addScaled(scale, xs, xi + from, ys, yi + from, to - from));
  }

  @Override
  public void scale(Tensor factor, Tensor x, boolean accumulate, Tensor y) {
    Operands.size("scale", "factor", factor, 1, "one for all");
    float number = factor.array()[factor.offset()];
    if (accumulate) {
      addScaled(number, x, y);
    } else if (number != 1 || x != y) {
      unary(Unary.AFFINE, number, 0, x, y);
    }
  }

  @Override
  public void uniform(Philox random, float low, float high, Tensor y) {
    random.fillUniform(y.array(), y.offset(), y.offset() + y.shape().length(), low, high);
  }

  @Override
  public void where(boolean[] mask, Tensor a, Tensor b, Tensor y) {
    Operands.same("where", "a", a, "b", b);
    Operands.same("where", "a", a, "y", y);
    if (mask.length != y.size()) {
      throw new ShapeException("where: the mask has " + mask.length + " values, y " + y.shape() + " has " + y.size());
    }
    float[] as = a.array();
    float[] bs = b.array();
    float[] ys = y.array();
    int ai = a.offset();
    int bi = b.offset();
    int yi = y.offset();
    Workers.ranges(mask.length, GRAIN, (from, to) -> loops.where(mask, from, as, ai + from, bs, bi + from, ys, yi + from,
        to - from));
  }

  @Override
  public void gated(Activation activation, Columns gate, Columns up, Columns y) {
    check("gated", "up", gate, up);
    check("gated", "y", gate, y);
    float[] gates = gate.array();
    float[] ups = up.array();
    float[] ys = y.array();
    int width = gate.width();
    Workers.ranges(gate.rows(), rowGrain(width), (from, to) -> {
      for (int row = from; row < to; row++) {
        activations.gated(activation, gates, at(gate, row), ups, at(up, row), ys, at(y, row), width);
      }
    });
  }

  @Override
  public void gatedBackward(Activation activation, Columns gate, Columns up, Columns dy, Columns dGate, Columns dUp) {
    check("gatedBackward", "up", gate, up);
    check("gatedBackward", "dy", gate, dy);
    check("gatedBackward", "dGate", gate, dGate);
    check("gatedBackward", "dUp", gate, dUp);
    float[] gates = gate.array();
    float[] ups = up.array();
    float[] dys = dy.array();
    float[] dGates = dGate.array();
    float[] dUps = dUp.array();
    int width = gate.width();
    Workers.ranges(gate.rows(), rowGrain(width), (from, to) -> {
      for (int row = from; row < to; row++) {
        activations.gatedBackward(activation, gates, at(gate, row), ups, at(up, row), dys, at(dy, row), dGates,
            at(dGate, row), dUps, at(dUp, row), width);
      }
    });
  }

  @Override
  public void dropout(float p, Philox random, Tensor x, boolean accumulate, Tensor y) {
    Operands.same("dropout", "x", x, "y", y);
    if (!(p >= 0 && p < 1)) {
      throw new IllegalArgumentException("dropout: p must be in [0, 1), got " + p);
    }
    float scale = 1 / (1 - p);
    float[] xs = x.array();
    float[] ys = y.array();
    int xi = x.offset();
    int yi = y.offset();
    Workers.ranges(x.shape().length(), GRAIN, (from, to) -> loops.dropout(p, scale, random, from, xs, xi + from,
        accumulate, ys, yi + from, to - from));
  }

  @Override
  public void dropoutRows(float p, Philox random, int[] rows, Tensor x, boolean accumulate, Tensor y) {
    Operands.same("dropout", "x", x, "y", y);
    if (!(p >= 0 && p < 1)) {
      throw new IllegalArgumentException("dropout: p must be in [0, 1), got " + p);
    }
    int width = x.shape().columns();
    if (x.shape().rows() != rows.length) {
      throw new ShapeException("dropout: numbers of " + rows.length + " rows for " + x.shape());
    }
    float scale = 1 / (1 - p);
    float[] xs = x.array();
    float[] ys = y.array();
    int xi = x.offset();
    int yi = y.offset();
    Workers.ranges(rows.length, rowGrain(width), (from, to) -> {
      for (int i = from; i < to; i++) {
        long first = (long) rows[i] * width;
        if (first % 4 == 0) {
          loops.dropout(p, scale, random, first, xs, xi + i * width, accumulate, ys, yi + i * width, width);
        } else { // loops begin at blocks of random numbers
          for (int c = 0; c < width; c++) {
            float kept = random.uniform(first + c) < p ? 0 : scale * xs[xi + i * width + c];
            ys[yi + i * width + c] = accumulate ? ys[yi + i * width + c] + kept : kept;
          }
        }
      }
    });
  }

  @Override
  public void dropout(float p, Philox random, int[] offsets, long first, Tensor x, boolean accumulate, Tensor y) {
    Operands.same("dropout", "x", x, "y", y);
    int sequences = offsets.length - 1;
    if (!(p >= 0 && p < 1) || offsets[0] != 0 || offsets[sequences] != x.dim(0)) {
      throw new IllegalArgumentException("dropout: p must be in [0, 1), got " + p + "; sequences must be all " + x.dim(0)
          + " rows, are " + offsets[0] + " to " + offsets[sequences]);
    }
    int n = x.shape().length();
    int width = x.dim(0) == 0 ? 0 : n / x.dim(0);
    int[] parts = new int[sequences + 1]; // of at most GRAIN elements each, so that a long sequence has several threads
    for (int s = 0; s < sequences; s++) {
      parts[s + 1] = parts[s] + Math.ceilDiv((offsets[s + 1] - offsets[s]) * width, GRAIN);
    }
    int all = parts[sequences];
    if (all == 0) {
      return;
    }
    float scale = 1 / (1 - p);
    float[] xs = x.array();
    float[] ys = y.array();
    Workers.ranges(all, Math.max(1, (int) ((long) all * GRAIN / n)), (from, to) -> {
      int s = 0;
      Philox drawn = null;
      for (int part = from; part < to; part++) {
        while (parts[s + 1] <= part) {
          s++;
          drawn = null;
        }
        drawn = drawn == null ? random.substream(first + s) : drawn;
        int begin = (part - parts[s]) * GRAIN;
        int length = Math.min(GRAIN, (offsets[s + 1] - offsets[s]) * width - begin);
        int at = offsets[s] * width + begin;
        loops.dropout(p, scale, drawn, begin, xs, x.offset() + at, accumulate, ys, y.offset() + at, length);
      }
    });
  }

  /** Rows of a block that together have about {@link #GRAIN} elements. */
  static int rowGrain(int width) {
    return Math.max(1, GRAIN / Math.max(1, width));
  }

  private static int at(Columns columns, int row) {
    return columns.offset() + row * columns.stride();
  }

  /** Checks that columns are like those of the gate. */
  public static void check(String op, String name, Columns gate, Columns other) {
    if (gate.rows() != other.rows() || gate.width() != other.width()) {
      throw new ShapeException(op + ": gate is " + gate.rows() + " rows of " + gate.width() + " columns, " + name + " "
          + other.rows() + " of " + other.width() + "; they must be equal");
    }
  }
}
