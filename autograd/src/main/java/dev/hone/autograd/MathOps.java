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
  private static final ElementwiseKernels KERNELS = Kernels.active().elementwise();

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
          Tensor db = sum.sharesMemory(up) ? Tensor.empty(bs) : sum;
          KERNELS.unary(Unary.NEG, 0, 0, sum, db);
          return db;
        });
  }

  /** a · b. */
  public static Variable mul(Variable a, Variable b) {
    Tensor av = a.value();
    Tensor bv = b.value();
    return Variable.of("mul", binary(Binary.MUL, av, bv))
        .pullback(a, up -> summed(binary(Binary.MUL, up, bv), av.shape()))
        .pullback(b, up -> summed(binary(Binary.MUL, up, av), bv.shape()));
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
          KERNELS.binary(Binary.DIV, slope, bv, slope);
          KERNELS.unary(Unary.NEG, 0, 0, slope, slope);
          return summed(slope, bv.shape());
        });
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
    Tensor y = Tensor.empty(shape);
    KERNELS.where(chosen, left.value(), right.value(), y);
    return Variable.of("where", y)
        .pullback(left, up -> part(chosen, up, true))
        .pullback(right, up -> part(chosen, up, false));
  }

  /** {@code value} where the mask is true, else x; the mask is broadcast to x. */
  public static Variable maskedFill(Variable x, Mask mask, float value) {
    Shape shape = x.shape();
    boolean[] chosen = mask.expand(shape).values();
    Tensor y = Tensor.full(value, shape.toArray());
    KERNELS.where(chosen, y, x.value(), y);
    return Variable.of("maskedFill", y).pullback(x, up -> part(chosen, up, false));
  }

  /** x where the mask is {@code kept}, else 0. */
  private static Tensor part(boolean[] mask, Tensor x, boolean kept) {
    Tensor y = Tensor.zeros(x.shape());
    if (kept) {
      KERNELS.where(mask, x, y, y);
    } else {
      KERNELS.where(mask, y, x, y);
    }
    return y;
  }

  private static Variable unary(Unary function, Variable x) {
    return unary(function.name().toLowerCase(Locale.ROOT), function, 0, 0, x);
  }

  private static Variable unary(String op, Unary function, float p, float q, Variable x) {
    Tensor in = x.value();
    Tensor y = Tensor.empty(in.shape());
    KERNELS.unary(function, p, q, in, y);
    return Variable.of(op, y)
        .pullbackInto(x, (up, dx, accumulate) -> KERNELS.unaryBackward(function, p, q, in, up, accumulate, dx));
  }

  private static Tensor binary(Binary function, Tensor a, Tensor b) {
    Tensor y = Tensor.empty(ShapeOps.broadcast(function.name().toLowerCase(Locale.ROOT), a.shape(), b.shape()));
    KERNELS.binary(function, a, b, y);
    return y;
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
    KERNELS.addScaled(1, x, target);
  }

  /** into (+)= factor · x, of the same shape. */
  static void scaledInto(Tensor x, float factor, boolean accumulate, Tensor into) {
    if (accumulate) {
      KERNELS.addScaled(factor, x, into);
    } else {
      KERNELS.unary(Unary.AFFINE, factor, 0, x, into);
    }
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
    Tensor y = Tensor.empty(shape);
    KERNELS.binary(Binary.MUL, x, Tensor.scalar(factor), y);
    return y;
  }
}
