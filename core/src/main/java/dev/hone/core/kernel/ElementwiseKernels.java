package dev.hone.core.kernel;

import dev.hone.core.Activation;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import java.util.Arrays;

/** Operations that treat every element alone. */
public interface ElementwiseKernels {
  /** Functions of one number; {@code p} and {@code q} are their parameters. */
  enum Unary {
    /** -x. */
    NEG,
    /** |x|; its derivative at 0 is 0. */
    ABS,
    /** e^x. */
    EXP,
    /** Natural logarithm. */
    LOG,
    /** Square root. */
    SQRT,
    /** 1 / √x. */
    RSQRT,
    /** x^p. */
    POW,
    /** x limited to [p, q]; the derivative is 1 within, bounds included, else 0. */
    CLAMP,
    /** p · x + q. */
    AFFINE
  }

  /** Functions of two numbers. */
  enum Binary {
    /** a + b. */
    ADD,
    /** a - b. */
    SUB,
    /** a · b. */
    MUL,
    /** a / b. */
    DIV
  }

  /** y = f(x), same shapes; {@code y} may be {@code x}. */
  void unary(Unary function, float p, float q, Tensor x, Tensor y);

  /** dx (+)= dy · f'(x). */
  void unaryBackward(Unary function, float p, float q, Tensor x, Tensor dy, boolean accumulate, Tensor dx);

  /** y = activation(x), same shapes; {@code y} may be {@code x}. */
  void activation(Activation activation, Tensor x, Tensor y);

  /** dx (+)= dy · activation'(x), with {@code x} the input of the forward pass; {@code dx} may be {@code dy}. */
  void activationBackward(Activation activation, Tensor x, Tensor dy, boolean accumulate, Tensor dx);

  /**
   * y = a ∘ b. The shapes follow NumPy's broadcasting to the shape of {@code y}; equal shapes and a [C] row on either side
   * are fast. {@code y} may be an operand of its own shape.
   */
  void binary(Binary function, Tensor a, Tensor b, Tensor y);

  /** y += scale · x, same shapes. */
  void addScaled(float scale, Tensor x, Tensor y);

  /**
   * y (+)= factor · x with a factor of one element, which a device need not bring to the host: what scales a gradient. Where it
   * is 1 and {@code y} is {@code x}, nothing happens.
   */
  void scale(Tensor factor, Tensor x, boolean accumulate, Tensor y);

  /** Writes uniform random numbers in [low, high): element i is made of {@code random.bits(i)}. */
  void uniform(Philox random, float low, float high, Tensor y);

  /** y = mask ? a : b, all of the same shape; {@code mask[i]} belongs to element i. */
  void where(boolean[] mask, Tensor a, Tensor b, Tensor y);

  /** y = activation(gate) · up, all [N, F]. */
  void gated(Activation activation, Columns gate, Columns up, Columns y);

  /** dGate = dy · up · activation'(gate) and dUp = dy · activation(gate); overwrites both. */
  void gatedBackward(Activation activation, Columns gate, Columns up, Columns dy, Columns dGate, Columns dUp);

  /**
   * y = x / (1 - p) where {@code random.uniform(i) >= p} for element i, else 0. The same call on the gradient is the
   * backward pass: the mask is drawn again, never stored. {@code y} may be {@code x}.
   */
  void dropout(float p, Philox random, Tensor x, boolean accumulate, Tensor y);

  /**
   * {@link #dropout} of some rows of a matrix, which drops what it would drop of them there: element c of row i draws the number
   * of element {@code rows[i] · C + c}. x and y are [M, C]. A device without a kernel for it drops out a matrix that has these
   * rows in their places.
   */
  default void dropoutRows(float p, Philox random, int[] rows, Tensor x, boolean accumulate, Tensor y) {
    if (x.shape().rows() != rows.length) {
      throw new ShapeException("dropout: numbers of " + rows.length + " rows for " + x.shape());
    }
    if (rows.length == 0) {
      return;
    }
    GatherKernels gather = Kernels.of(y).gather();
    Tensor all = x.emptyLike(Arrays.stream(rows).max().orElseThrow() + 1, x.shape().columns()).fill(0);
    gather.addRows(x, rows, 1, all);
    dropout(p, random, all, false, all);
    if (accumulate) {
      Tensor some = y.emptyLike(y.shape());
      gather.rows(all, rows, 1, some);
      addScaled(1, some, y);
    } else {
      gather.rows(all, rows, 1, y);
    }
  }

  /**
   * Dropout of sequences that are drawn apart: rows {@code offsets[s]} to {@code offsets[s+1]} of x draw from {@code
   * random.substream(first + s)}, from element 0 on, so that a sequence's numbers are the same wherever it stands.
   *
   * @param offsets S + 1 bounds of rows of x, from 0 to all of them
   */
  default void dropout(float p, Philox random, int[] offsets, long first, Tensor x, boolean accumulate, Tensor y) {
    if (offsets.length == 0 || offsets[offsets.length - 1] != x.shape().rows()) {
      throw new ShapeException("dropout: sequences end at row " + (offsets.length == 0 ? 0 : offsets[offsets.length - 1])
          + " of " + x.shape());
    }
    for (int s = 0; s + 1 < offsets.length; s++) {
      if (offsets[s] < offsets[s + 1]) {
        dropout(p, random.substream(first + s), x.slice(offsets[s], offsets[s + 1]), accumulate,
            y.slice(offsets[s], offsets[s + 1]));
      }
    }
  }
}
