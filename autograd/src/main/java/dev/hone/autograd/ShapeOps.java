package dev.hone.autograd;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.GatherKernels;
import dev.hone.core.kernel.Kernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Other shapes for the same elements, and elements moved, repeated, joined or cut. Axes may be negative: -1 is the last. */
public final class ShapeOps {
  private ShapeOps() {}

  /** Puts the elements under another shape, one size of which may be -1. A view. */
  public static Variable reshape(Variable x, int... dims) {
    Shape from = x.shape();
    return Variable.of("reshape", x.value().reshape(dims)).pullback(x, up -> up.reshape(from)).saves();
  }

  /** Adds an axis of size 1 before {@code axis}; -1 adds it at the end. A view. */
  public static Variable unsqueeze(Variable x, int axis) {
    int[] dims = x.shape().toArray();
    int at = axis < 0 ? axis + dims.length + 1 : axis;
    int[] more = Arrays.copyOf(dims, dims.length + 1);
    System.arraycopy(dims, at, more, at + 1, dims.length - at);
    more[at] = 1;
    return reshape(x, more);
  }

  /** Swaps two axes. */
  public static Variable transpose(Variable x, int a, int b) {
    int[] order = new int[x.shape().rank()];
    Arrays.setAll(order, i -> i);
    order[x.shape().axis(a)] = x.shape().axis(b);
    order[x.shape().axis(b)] = x.shape().axis(a);
    return permute(x, order);
  }

  /** Axis i of the result is axis {@code order[i]} of x. */
  public static Variable permute(Variable x, int... order) {
    Shape from = x.shape();
    int[] back = new int[order.length];
    int[] dims = new int[order.length];
    int[] forth = new int[order.length];
    boolean[] seen = new boolean[order.length];
    for (int i = 0; i < order.length; i++) {
      int axis = from.axis(order[i]);
      if (seen[axis] || order.length != from.rank()) {
        throw new ShapeException("permute: " + Arrays.toString(order) + " does not name every axis of " + from + " once");
      }
      seen[axis] = true;
      forth[i] = axis;
      back[axis] = i;
      dims[i] = from.dim(axis);
    }
    return Variable.of("permute", permuted(x.value(), forth, Shape.of(dims)))
        .pullback(x, up -> permuted(up, back, from))
        .saves();
  }

  private static Tensor permuted(Tensor x, int[] order, Shape shape) {
    Tensor y = x.emptyLike(shape);
    Kernels.of(x).gather().permute(x, order, y);
    return y;
  }

  /** Repeats axes of size 1, and adds axes in front, to reach a shape. */
  public static Variable expand(Variable x, int... dims) {
    Shape from = x.shape();
    Shape to = Shape.of(dims);
    if (from.equals(to)) {
      return x;
    }
    checkExpands("expand", from, to);
    return Variable.of("expand", MathOps.spread(x.value(), 1, to)).pullback(x, up -> ReduceOps.sumTo(up, from)).saves();
  }

  /** Repeats every slice along an axis: {@code [a, b]} becomes {@code [a, a, b, b]} for 2. */
  public static Variable repeatInterleave(Variable x, int repeats, int axis) {
    Shape shape = x.shape();
    int at = shape.axis(axis);
    int outer = shape.product(0, at);
    int inner = shape.product(at + 1, shape.rank());
    Variable apart = reshape(x, outer, shape.dim(at), 1, inner);
    return reshape(expand(apart, outer, shape.dim(at), repeats, inner), shape.with(at, shape.dim(at) * repeats).toArray());
  }

  /** Joins tensors along an axis; their other sizes are equal. */
  public static Variable cat(int axis, List<Variable> parts) {
    Shape first = parts.getFirst().shape();
    int at = first.axis(axis);
    int length = 0;
    for (Variable part : parts) {
      Shape shape = part.shape();
      if (shape.rank() != first.rank() || !shape.with(at, 0).equals(first.with(at, 0))) {
        throw new ShapeException("cat along axis " + at + ": " + shape + " does not fit " + first
            + "; other sizes must be equal");
      }
      length += shape.dim(at);
    }
    int outer = first.product(0, at);
    int inner = first.product(at + 1, first.rank());
    Tensor y = parts.getFirst().value().emptyLike(first.with(at, length));
    Tensor[] values = parts.stream().map(Variable::value).toArray(Tensor[]::new);
    GatherKernels kernels = Kernels.of("cat", y, values).gather();
    Variable result = Variable.of("cat", y);
    int start = 0;
    for (Variable part : parts) {
      int from = start;
      int count = part.shape().dim(at);
      kernels.copyBlock(part.value(), 0, y, from, count, outer, inner, false);
      result.pullbackInto(part, (up, dx, accumulate) -> kernels.copyBlock(up, from, dx, 0, count, outer, inner, accumulate));
      start += count;
    }
    return result.saves();
  }

  /** Joins tensors of one shape along a new axis, which stands before {@code axis}; -1 puts it at the end. */
  public static Variable stack(int axis, List<Variable> parts) {
    int at = axis < 0 ? axis + parts.getFirst().shape().rank() + 1 : axis;
    return cat(at, parts.stream().map(part -> unsqueeze(part, at)).toList());
  }

  /** Cuts x along an axis into parts of these sizes, which add up to the axis. */
  public static List<Variable> split(Variable x, int axis, int... sizes) {
    if (Arrays.stream(sizes).sum() != x.shape().dim(axis)) {
      throw new ShapeException("split along axis " + axis + ": " + Arrays.toString(sizes) + " do not add up to "
          + x.shape().dim(axis) + " of " + x.shape());
    }
    List<Variable> parts = new ArrayList<>();
    int from = 0;
    for (int size : sizes) {
      parts.add(slice(x, axis, from, from + size));
      from += size;
    }
    return parts;
  }

  /** Indices {@code from} (inclusive) to {@code to} (exclusive) of an axis; a view if no axis before it is larger than 1. */
  public static Variable slice(Variable x, int axis, int from, int to) {
    Shape shape = x.shape();
    int at = shape.axis(axis);
    if (from < 0 || to < from || to > shape.dim(at)) {
      throw new ShapeException("slice: [" + from + ", " + to + ") of axis " + at + " of " + shape);
    }
    int outer = shape.product(0, at);
    int inner = shape.product(at + 1, shape.rank());
    int count = to - from;
    Shape part = shape.with(at, count);
    return Variable.of("slice", outer == 1 ? leading(x.value(), inner, from, to).reshape(part)
        : block(x.value(), from, count, outer, inner, part)).pullbackInto(x, (up, dx, accumulate) -> {
          if (!accumulate) {
            dx.fill(0);
          }
          Kernels.of(up).gather().copyBlock(up, 0, dx, from, count, outer, inner, true);
        }).saves();
  }

  private static Tensor leading(Tensor x, int inner, int from, int to) {
    return inner == 0 ? x : x.reshape((int) (x.size() / inner), inner).slice(from, to);
  }

  private static Tensor block(Tensor x, int from, int count, int outer, int inner, Shape shape) {
    Tensor y = x.emptyLike(shape);
    Kernels.of(x).gather().copyBlock(x, from, y, 0, count, outer, inner, false);
    return y;
  }

  /** Every {@code step}-th index from {@code from} (inclusive) to {@code to} (exclusive) of an axis. */
  public static Variable slice(Variable x, int axis, int from, int to, int step) {
    if (step < 1 || from > to) {
      throw new ShapeException("slice: [" + from + ", " + to + ") in steps of " + step + " of " + x.shape());
    }
    return GatherOps.indexSelect(x, axis, IntStream.range(0, (to - from + step - 1) / step).map(i -> from + i * step).toArray());
  }

  /** Index {@code index} of an axis, without that axis. */
  public static Variable select(Variable x, int axis, int index) {
    int at = x.shape().axis(axis);
    return reshape(slice(x, at, index, index + 1), Axes.of(x.shape(), at).result(false).toArray());
  }

  /** The shape that two shapes meet in: aligned at the end, axes of size 1 grow. */
  static Shape broadcast(String op, Shape a, Shape b) {
    if (a.equals(b)) {
      return a;
    }
    int rank = Math.max(a.rank(), b.rank());
    int[] dims = new int[rank];
    for (int i = 1; i <= rank; i++) {
      int left = i <= a.rank() ? a.dim(-i) : 1;
      int right = i <= b.rank() ? b.dim(-i) : 1;
      if (left != right && left != 1 && right != 1) {
        throw new ShapeException(op + ": " + a + " and " + b + " do not fit: axis -" + i + " is " + left + " and " + right
            + "; sizes must be equal or 1");
      }
      dims[rank - i] = left == 1 ? right : left;
    }
    return Shape.of(dims);
  }

  static void checkExpands(String op, Shape from, Shape to) {
    if (!broadcast(op, from, to).equals(to)) {
      throw new ShapeException(op + ": " + from + " cannot become " + to + ": only axes of size 1 can grow");
    }
  }
}
