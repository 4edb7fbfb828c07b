package dev.hone.autograd;

import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.ReduceKernels;
import java.util.Arrays;

/**
 * Sums, means, maxima and what is made of them. Axes may be negative, none at all means every axis; {@code keepAxes} leaves
 * a reduced axis with size 1 instead of dropping it.
 */
public final class ReduceOps {
  private ReduceOps() {}

  /** Σ x over the axes. */
  public static Variable sum(Variable x, boolean keepAxes, int... axes) {
    return scaledSum("sum", x, keepAxes, Axes.of(x.shape(), axes), 1);
  }

  /** Mean of x over the axes. */
  public static Variable mean(Variable x, boolean keepAxes, int... axes) {
    Axes which = Axes.of(x.shape(), axes);
    return scaledSum("mean", x, keepAxes, which, 1f / which.count());
  }

  private static Variable scaledSum(String op, Variable x, boolean keepAxes, Axes axes, float scale) {
    Tensor y = sum(x.value(), axes, scale).reshape(axes.result(keepAxes));
    return Variable.of(op, y).pullback(x, up -> MathOps.spread(up.reshape(axes.kept()), scale, axes.shape())).saves();
  }

  /**
   * Variance of x over the axes.
   *
   * @param unbiased whether to divide by n - 1 instead of n
   */
  public static Variable variance(Variable x, boolean unbiased, boolean keepAxes, int... axes) {
    Axes which = Axes.of(x.shape(), axes);
    Variable centred = MathOps.sub(x, mean(x, true, axes));
    float scale = 1f / (unbiased ? which.count() - 1 : which.count());
    return scaledSum("variance", MathOps.mul(centred, centred), keepAxes, which, scale);
  }

  /** Largest x over the axes. The gradient goes to the first of equal ones. */
  public static Variable max(Variable x, boolean keepAxes, int... axes) {
    Axes which = Axes.of(x.shape(), axes);
    int[] run = which.lastRunBelow(x.shape().rank());
    boolean together = which.lastRunBelow(run[0])[1] == 0;
    Variable ordered = together ? x : ShapeOps.permute(x, which.reducedLast());
    int length = which.count();
    int inner = together ? x.shape().product(run[1], x.shape().rank()) : 1;
    int outer = (int) (x.shape().size() / Math.max(1, length * inner));
    int[] rows = new int[outer * inner];
    Tensor y = ordered.value().emptyLike(which.result(keepAxes));
    Kernels.of(y).reduce().max(ordered.value(), outer, length, inner, y, rows);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (i / inner * length + rows[i]) * inner + i % inner; // position within x
    }
    return Variable.of("max", y).pullbackInto(ordered, (up, dx, accumulate) -> {
      if (!accumulate) {
        dx.fill(0);
      }
      Kernels.of(up).gather().addRows(up.reshape(rows.length, 1), rows, 1, dx.reshape(-1, 1));
    }).saves();
  }

  /** softmax(x) = e^x / Σ e^x along an axis. */
  public static Variable softmax(Variable x, int axis) {
    return softmax("softmax", x, axis, false);
  }

  /** log softmax(x) = x - log Σ e^x along an axis. */
  public static Variable logSoftmax(Variable x, int axis) {
    return softmax("logSoftmax", x, axis, true);
  }

  private static Variable softmax(String op, Variable x, int axis, boolean logarithm) {
    int last = x.shape().rank() - 1;
    if (x.shape().axis(axis) != last) {
      return ShapeOps.transpose(softmax(op, ShapeOps.transpose(x, axis, last), last, logarithm), axis, last);
    }
    Tensor y = x.value().emptyLike(x.shape());
    ReduceKernels kernels = Kernels.of(y).reduce();
    kernels.softmax(x.value(), logarithm, y);
    return Variable.of(op, y)
        .pullbackInto(x, (up, dx, accumulate) -> kernels.softmaxBackward(y, logarithm, up, accumulate, dx))
        .saves(y)
        .roundable(logarithm ? null : y);
  }

  /** log Σ e^x along an axis. */
  public static Variable logSumExp(Variable x, boolean keepAxes, int axis) {
    int last = x.shape().rank() - 1;
    Shape result = Axes.of(x.shape(), axis).result(keepAxes);
    Variable in = x.shape().axis(axis) == last ? x : ShapeOps.transpose(x, axis, last);
    Tensor rows = in.value();
    Tensor y = rows.emptyLike(rows.shape().with(-1, 1));
    Kernels kernels = Kernels.of(rows);
    kernels.reduce().logSumExp(rows, y.reshape(rows.shape().rows()));
    Variable lse = Variable.of("logSumExp", y).pullback(in, up -> {
      Tensor dx = rows.emptyLike(rows.shape());
      kernels.reduce().softmax(rows, false, dx);
      kernels.elementwise().binary(ElementwiseKernels.Binary.MUL, dx, up, dx);
      return dx;
    }).saves(rows);
    Variable ordered = in == x ? lse : ShapeOps.transpose(lse, axis, last);
    return ShapeOps.reshape(ordered, result.toArray());
  }

  /** Running sums along an axis. */
  public static Variable cumulativeSum(Variable x, int axis) {
    Shape shape = x.shape();
    int at = shape.axis(axis);
    int outer = shape.product(0, at);
    int inner = shape.product(at + 1, shape.rank());
    Tensor y = x.value().emptyLike(shape);
    ReduceKernels kernels = Kernels.of(y).reduce();
    kernels.cumulativeSum(x.value(), outer, shape.dim(at), inner, false, y);
    return Variable.of("cumulativeSum", y).pullback(x, up -> {
      Tensor dx = up.emptyLike(shape); // x_i is in every sum from i on
      kernels.cumulativeSum(up, outer, shape.dim(at), inner, true, dx);
      return dx;
    }).saves();
  }

  /**
   * Mean of the rows of each sequence. [N, C] -> [S, C].
   *
   * @param offsets S + 1 bounds of the sequences, none of which is empty
   */
  public static Variable meanPerSequence(Variable x, int[] offsets) {
    Tensor in = x.value();
    int columns = in.shape().columns();
    Tensor y = in.emptyLike(offsets.length - 1, columns);
    Kernels kernels = Kernels.of(in);
    for (int s = 0; s + 1 < offsets.length; s++) {
      int length = offsets[s + 1] - offsets[s];
      if (length < 1) {
        throw new IllegalArgumentException("meanPerSequence: sequence " + s + " of " + Arrays.toString(offsets) + " is empty");
      }
      kernels.reduce().sum(in.slice(offsets[s], offsets[s + 1]), 1, length, columns, 1f / length, false, y.slice(s, s + 1));
    }
    return Variable.of("meanPerSequence", y).pullbackInto(x, (up, dx, accumulate) -> {
      if (!accumulate) {
        dx.fill(0);
      }
      for (int s = 0; s + 1 < offsets.length; s++) {
        Tensor row = up.slice(s, s + 1);
        float scale = 1f / (offsets[s + 1] - offsets[s]);
        for (int n = offsets[s]; n < offsets[s + 1]; n++) {
          kernels.elementwise().addScaled(scale, row, dx.slice(n, n + 1));
        }
      }
    }).saves();
  }

  /** into (+)= the sum of all rows of x: the gradient of a row that was added to each. [..., C] -> [C]. */
  static void sumRowsInto(Tensor x, Tensor into, boolean accumulate) {
    Kernels.of(x).reduce().sum(x, 1, x.shape().rows(), x.shape().columns(), 1, accumulate, into);
  }

  /** Undoes broadcasting: the sum over all axes that grew on the way from {@code shape}. May return a view of x. */
  static Tensor sumTo(Tensor x, Shape shape) {
    if (x.shape().equals(shape)) {
      return x;
    }
    int added = x.shape().rank() - shape.rank();
    boolean[] grown = new boolean[x.shape().rank()];
    for (int axis = 0; axis < grown.length; axis++) {
      grown[axis] = axis < added || shape.dim(axis - added) == 1 && x.dim(axis) != 1;
    }
    return sum(x, new Axes(x.shape(), grown), 1).reshape(shape);
  }

  /**
   * scale · Σ x over the axes, of {@link Axes#kept()}'s shape. Neighbouring axes are summed in one pass. May return x if
   * nothing has to be done.
   */
  private static Tensor sum(Tensor x, Axes axes, float scale) {
    Shape shape = x.shape();
    Tensor sum = x;
    int[] run = axes.lastRunBelow(shape.rank());
    while (run[1] > 0) {
      int[] next = axes.lastRunBelow(run[0]);
      boolean lastPass = next[1] == 0;
      Shape before = sum.shape();
      int[] dims = before.toArray();
      Arrays.fill(dims, run[0], run[1], 1);
      Tensor less = x.emptyLike(dims);
      Kernels.of(x).reduce().sum(sum, before.product(0, run[0]), before.product(run[0], run[1]),
          before.product(run[1], before.rank()), lastPass ? scale : 1, false, less);
      if (sum != x) {
        sum.release();
      }
      sum = less;
      run = next;
    }
    return sum;
  }
}
