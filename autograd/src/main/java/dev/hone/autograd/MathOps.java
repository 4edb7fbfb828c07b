package dev.hone.autograd;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import dev.hone.core.kernel.Kernels;
import java.util.Locale;

/** Arithmetic on single elements, with NumPy's broadcasting where there are two operands. */
public final class MathOps {
  private MathOps() {}

  /** a + b. */
  public static Variable add(Variable a, Variable b) {
    Shape as = a.shape();
    Shape bs = b.shape();
    return Variable.of("add", binary(Binary.ADD, a.value(), b.value()))
        .pullback(a, up -> ReduceOps.sumTo(up, as))
        .pullback(b, up -> ReduceOps.sumTo(up, bs))
        .saves();
  }

  /** a - b. */
  public static Variable sub(Variable a, Variable b) {
    Shape as = a.shape();
    Shape bs = b.shape();
    return Variable.of("sub", binary(Binary.SUB, a.value(), b.value()))
        .pullback(a, up -> ReduceOps.sumTo(up, as))
        .pullback(b, up -> {
          Tensor sum = ReduceOps.sumTo(up, bs);
          Tensor db = sum.sharesMemory(up) ? up.emptyLike(bs) : sum;
          elements(sum).unary(Unary.NEG, 0, 0, sum, db);
          return db;
        })
        .saves();
  }

  /** a · b. */
  public static Variable mul(Variable a, Variable b) {
    Tensor av = a.value();
    Tensor bv = b.value();
    return Variable.of("mul", binary(Binary.MUL, av, bv))
        .pullback(a, up -> summed(binary(Binary.MUL, up, bv), av.shape()))
        .pullback(b, up -> summed(binary(Binary.MUL, up, av), bv.shape()))
        .saves(Variable.needsGradient(b) ? av : null, Variable.needsGradient(a) ? bv : null)
        .roundable(av, bv);
  }

  /** a / b. */
  public static Variable div(Variable a, Variable b) {
    Tensor av = a.value();
    Tensor bv = b.value();
    Tensor y = binary(Binary.DIV, av, bv);
    return Variable.of("div", y)
        .pullback(a, up -> summed(binary(Binary.DIV, up, bv), av.shape()))
        .pullback(b, up -> { // d(a / b) / db = -y / b
          Tensor slope = binary(Binary.MUL, up, y);
          elements(slope).binary(Binary.DIV, slope, bv, slope);
          elements(slope).unary(Unary.NEG, 0, 0, slope, slope);
          return summed(slope, bv.shape());
        })
        .saves(Variable.needsGradient(b) ? y : null, bv);
  }

  /** x + c. */
  public static Variable add(Variable x, float c) {
    return unary("add", Unary.AFFINE, 1, c, x);
  }

  /** x · factor. */
  public static Variable mul(Variable x, float factor) {
    return unary("mul", Unary.AFFINE, factor, 0, x);
  }

  /** -x. */
  public static Variable neg(Variable x) {
    return unary(Unary.NEG, x);
  }

  /** |x|; the derivative at 0 is 0. */
  public static Variable abs(Variable x) {
    return unary(Unary.ABS, x);
  }

  /** e^x. */
  public static Variable exp(Variable x) {
    return unary(Unary.EXP, x);
  }

  /** Natural logarithm. */
  public static Variable log(Variable x) {
    return unary(Unary.LOG, x);
  }

  /** √x. */
  public static Variable sqrt(Variable x) {
    return unary(Unary.SQRT, x);
  }

  /** 1 / √x. */
  public static Variable rsqrt(Variable x) {
    return unary(Unary.RSQRT, x);
  }

  /** x^exponent. */
  public static Variable pow(Variable x, float exponent) {
    return unary("pow", Unary.POW, exponent, 0, x);
  }

  /** x limited to [min, max]; the derivative is 1 within, bounds included, else 0. */
  public static Variable clamp(Variable x, float min, float max) {
    if (!(min <= max)) {
      throw new IllegalArgumentException("clamp: min " + min + " must not exceed max " + max);
    }
    return unary("clamp", Unary.CLAMP, min, max, x);
  }

  /** a where the mask is true, else b; all three are broadcast. */
  public static Variable where(Mask mask, Variable a, Variable b) {
    Shape shape = ShapeOps.broadcast("where", mask.shape(), ShapeOps.broadcast("where", a.shape(), b.shape()));
    Variable left = ShapeOps.expand(a, shape.toArray());
    Variable right = ShapeOps.expand(b, shape.toArray());
    boolean[] chosen = mask.expand(shape).values();
    Tensor y = left.value().emptyLike(shape);
    Kernels.of("where", left.value(), right.value()).elementwise().where(chosen, left.value(), right.value(), y);
    return Variable.of("where", y)
        .pullback(left, up -> part(chosen, up, true))
        .pullback(right, up -> part(chosen, up, false))
        .saves();
  }

  /** {@code value} where the mask is true, else x; the mask is broadcast to x. */
  public static Variable maskedFill(Variable x, Mask mask, float value) {
    Shape shape = x.shape();
    boolean[] chosen = mask.expand(shape).values();
    Tensor y = x.value().emptyLike(shape).fill(value);
    elements(y).where(chosen, y, x.value(), y);
    return Variable.of("maskedFill", y).pullback(x, up -> part(chosen, up, false)).saves();
  }

  /** x where the mask is {@code kept}, else 0. */
  private static Tensor part(boolean[] mask, Tensor x, boolean kept) {
    Tensor y = x.emptyLike(x.shape()).fill(0);
    if (kept) {
      elements(x).where(mask, x, y, y);
    } else {
      elements(x).where(mask, y, x, y);
    }
    return y;
  }

  private static Variable unary(Unary function, Variable x) {
    return unary(function.name().toLowerCase(Locale.ROOT), function, 0, 0, x);
  }

  private static Variable unary(String op, Unary function, float p, float q, Variable x) {
    Tensor in = x.value();
    Tensor y = in.emptyLike(in.shape());
    ElementwiseKernels kernels = elements(in);
    kernels.unary(function, p, q, in, y);
    boolean straight = function == Unary.AFFINE || function == Unary.NEG; // the slope is the same everywhere
    return Variable.of(op, y)
        .pullbackInto(x, (up, dx, accumulate) -> kernels.unaryBackward(function, p, q, straight ? up : in, up, accumulate, dx))
        .saves(straight ? null : in);
  }

  private static Tensor binary(Binary function, Tensor a, Tensor b) {
    String op = function.name().toLowerCase(Locale.ROOT);
    Tensor y = a.emptyLike(ShapeOps.broadcast(op, a.shape(), b.shape()));
    Kernels.of(op, a, b).elementwise().binary(function, a, b, y);
    return y;
  }

  private static ElementwiseKernels elements(Tensor x) {
    return Kernels.of(x).elementwise();
  }

  /** A fresh tensor summed over the axes that grew from {@code shape}. */
  private static Tensor summed(Tensor fresh, Shape shape) {
    Tensor sum = ReduceOps.sumTo(fresh, shape);
    if (!sum.sharesMemory(fresh)) {
      fresh.release();
    }
    return sum;
  }

  /** target += x, of the same shape. */
  static void addInto(Tensor x, Tensor target) {
    Kernels.of("add", x, target).elementwise().addScaled(1, x, target);
  }

  /** into (+)= factor · x, of the same shape; the factor has one element. */
  static void scaledInto(Tensor x, Tensor factor, boolean accumulate, Tensor into) {
    elements(x).scale(factor, x, accumulate, into);
  }

  /** x · factor as a fresh tensor, broadcast. */
  static Tensor product(Tensor x, Tensor factor) {
    return binary(Binary.MUL, x, factor);
  }

  /** What broadcasting a gradient needs: x repeated to a shape and multiplied. */
  static Tensor spread(Tensor x, float factor, Shape shape) {
    if (!ShapeOps.broadcast("spread", x.shape(), shape).equals(shape)) {
      throw new ShapeException("a gradient " + x.shape() + " does not spread to " + shape);
    }
    Tensor y = x.emptyLike(shape);
    elements(x).binary(Binary.MUL, x, x.scalarLike(factor), y);
    return y;
  }
}
