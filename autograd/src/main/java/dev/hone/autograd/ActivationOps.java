package dev.hone.autograd;

import dev.hone.core.Activation;
import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.ElementwiseKernels;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.random.Philox;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Activations, the gated product of feed-forward layers, and dropout. */
public final class ActivationOps {
  private ActivationOps() {}

  /** y = activation(x). Saves x only: computing the derivative again is cheaper than keeping it. */
  public static Variable activation(Activation activation, Variable x) {
    if (activation == Activation.NONE) {
      return x;
    }
    Tensor in = x.value();
    Tensor y = in.emptyLike(in.shape());
    ElementwiseKernels kernels = Kernels.of(in).elementwise();
    kernels.activation(activation, in, y);
    return Variable.of(activation.name().toLowerCase(Locale.ROOT), y)
        .pullbackInto(x, (up, dx, accumulate) -> kernels.activationBackward(activation, in, up, accumulate, dx))
        .saves(x.value())
        .roundable(x.value())
        .recomputedBy(() -> again(activation, in));
  }

  /** activation(x), fresh. */
  static Tensor again(Activation activation, Tensor x) {
    Tensor y = x.emptyLike(x.shape());
    Kernels.of(x).elementwise().activation(activation, x, y);
    return y;
  }

  /** y = activation(gate) · up, as in SwiGLU and GeGLU (Shazeer 2020). [N, F], [N, F] -> [N, F]. */
  public static Variable gated(Activation activation, Variable gate, Variable up) {
    Tensor g = gate.value();
    Tensor u = up.value();
    Tensor y = g.emptyLike(g.shape());
    ElementwiseKernels kernels = Kernels.of("gated", g, u).elementwise();
    kernels.gated(activation, Columns.of(g), Columns.of(u), Columns.of(y));
    return Variable.of("gated", y).pullbacks(List.of(gate, up), (dy, targets) -> {
      Tensor dGate = g.emptyLike(g.shape());
      Tensor dUp = u.emptyLike(u.shape());
      kernels.gatedBackward(activation, Columns.of(g), Columns.of(u), Columns.of(dy), Columns.of(dGate), Columns.of(dUp));
      targets.add(0, dGate);
      targets.add(1, dUp);
    }).saves(gate.value(), up.value()).roundable(gate.value(), up.value())
        .recomputedBy(() -> gated(activation, Columns.of(g), Columns.of(u), y.shape()));
  }

  /** Gated activation of both halves of one projection: columns [0, F) are the gate, [F, 2F) what it gates. [N, 2F] -> [N, F]. */
  public static Variable gated(Activation activation, Variable gateUp) {
    Tensor x = gateUp.value();
    int width = x.shape().columns() / 2;
    Tensor y = x.emptyLike(x.shape().with(-1, width));
    ElementwiseKernels kernels = Kernels.of(x).elementwise();
    kernels.gated(activation, new Columns(x, 0, width), new Columns(x, width, width), Columns.of(y));
    return Variable.of("gated", y).pullback(gateUp, dy -> {
      Tensor dx = x.emptyLike(x.shape());
      kernels.gatedBackward(activation, new Columns(x, 0, width), new Columns(x, width, width), Columns.of(dy),
          new Columns(dx, 0, width), new Columns(dx, width, width));
      return dx;
    }).saves(gateUp.value()).roundable(gateUp.value())
        .recomputedBy(() -> gated(activation, new Columns(x, 0, width), new Columns(x, width, width), y.shape()));
  }

  private static Tensor gated(Activation activation, Columns gate, Columns up, Shape shape) {
    Tensor y = gate.tensor().emptyLike(shape);
    Kernels.of(y).elementwise().gated(activation, gate, up, Columns.of(y));
    return y;
  }

  /**
   * Dropout: y = x / (1 - p) where the random number of the element is at least p, else 0 (Srivastava and others 2014).
   * The backward pass draws the same numbers again, nothing is saved.
   *
   * @param p from 0 (x itself is returned) to below 1
   * @param random a stream of its own for every use
   */
  public static Variable dropout(Variable x, float p, Philox random) {
    if (p == 0) {
      return x;
    }
    if (!(p > 0 && p < 1)) {
      throw new IllegalArgumentException("dropout: p must be from 0 to below 1, got " + p);
    }
    Tensor y = x.value().emptyLike(x.shape());
    ElementwiseKernels kernels = Kernels.of(y).elementwise();
    kernels.dropout(p, random, x.value(), false, y);
    return Variable.of("dropout", y)
        .pullbackInto(x, (up, dx, accumulate) -> kernels.dropout(p, random, up, accumulate, dx))
        .saves();
  }

  /**
   * Dropout of some rows of a matrix, which drops what {@link #dropout(Variable, float, Philox)} of all would drop there.
   * [M, C] -> [M, C].
   *
   * @param rows the numbers of the M rows
   */
  public static Variable dropout(Variable x, float p, Philox random, int[] rows) {
    if (p == 0) {
      return x;
    }
    Tensor y = x.value().emptyLike(x.shape());
    ElementwiseKernels kernels = Kernels.of(y).elementwise();
    kernels.dropoutRows(p, random, rows, x.value(), false, y);
    return Variable.of("dropout", y)
        .pullbackInto(x, (up, dx, accumulate) -> kernels.dropoutRows(p, random, rows, up, accumulate, dx))
        .saves();
  }

  /**
   * Dropout of sequences that are drawn apart: the numbers of a sequence are the same wherever it stands in a batch.
   *
   * @param offsets S + 1 bounds of the sequences, in rows of x
   * @param first number of the first sequence: sequence s draws from {@code random.substream(first + s)}
   */
  public static Variable dropout(Variable x, float p, Philox random, int[] offsets, long first) {
    if (p == 0) {
      return x;
    }
    Tensor y = x.value().emptyLike(x.shape());
    ElementwiseKernels kernels = Kernels.of(y).elementwise();
    kernels.dropout(p, random, offsets, first, x.value(), false, y);
    return Variable.of("dropout", y)
        .pullbackInto(x, (up, dx, accumulate) -> kernels.dropout(p, random, offsets, first, up, accumulate, dx))
        .saves();
  }

  /**
   * Dropout of some rows of sequences that are drawn apart, which drops what dropout of all would drop there. [M, C] -> [M, C].
   *
   * @param offsets S + 1 bounds of the sequences among all rows
   * @param first number of the first sequence
   * @param rows the numbers of the M rows among all, ascending
   */
  public static Variable dropout(Variable x, float p, Philox random, int[] offsets, long first, int[] rows) {
    if (p == 0) {
      return x;
    }
    Tensor y = x.value().emptyLike(x.shape());
    dropout(p, random, offsets, first, rows, x.value(), false, y);
    return Variable.of("dropout", y)
        .pullbackInto(x, (up, dx, accumulate) -> dropout(p, random, offsets, first, rows, up, accumulate, dx))
        .saves();
  }

  private static void dropout(float p, Philox random, int[] offsets, long first, int[] rows, Tensor x, boolean accumulate,
      Tensor y) {
    ElementwiseKernels kernels = Kernels.of(y).elementwise();
    int s = 0;
    for (int from = 0, to; from < rows.length; from = to) {
      while (offsets[s + 1] <= rows[from]) {
        s++;
      }
      int begin = offsets[s];
      int end = offsets[s + 1];
      to = from;
      while (to < rows.length && rows[to] < end) {
        to++;
      }
      int[] places = Arrays.stream(rows, from, to).map(row -> row - begin).toArray();
      kernels.dropoutRows(p, random.substream(first + s), places, x.slice(from, to), accumulate, y.slice(from, to));
    }
  }

  /** Dropout with a mask that is given: y = x / (1 - p) where {@code kept}, else 0. */
  public static Variable dropout(Variable x, float p, Mask kept) {
    return MathOps.where(kept, MathOps.mul(x, 1 / (1 - p)), Variable.constant(x.value().scalarLike(0)));
  }

  /**
   * Noise on embeddings while training: y = x + alpha / √(L · C) · noise, with L the length of the sequence (NEFTune, Jain and
   * others 2023). [N, C] -> [N, C].
   *
   * @param offsets S + 1 bounds of the sequences
   * @param noise [N, C], uniform in [-1, 1]
   */
  public static Variable neftune(Variable x, int[] offsets, float alpha, Tensor noise) {
    if (!noise.shape().equals(x.shape())) {
      throw new ShapeException("neftune: noise " + noise.shape() + " for embeddings " + x.shape());
    }
    Tensor y = x.value().copy();
    ElementwiseKernels kernels = Kernels.of("neftune", y, noise).elementwise();
    for (int s = 0; s + 1 < offsets.length; s++) {
      float size = (offsets[s + 1] - offsets[s]) * (float) x.shape().columns();
      kernels.addScaled(alpha / (float) Math.sqrt(size), noise.slice(offsets[s], offsets[s + 1]),
          y.slice(offsets[s], offsets[s + 1]));
    }
    return Variable.of("neftune", y).pullback(x, up -> up).saves();
  }

  /**
   * Adds NEFTune's noise: sequence s draws from {@code random.substream(first + s)}, where {@code random} is a stream of its own
   * for every step.
   */
  public static Variable neftune(Variable x, int[] offsets, float alpha, Philox random, long first) {
    Tensor noise = x.value().emptyLike(x.shape());
    for (int s = 0; s + 1 < offsets.length; s++) {
      if (offsets[s] < offsets[s + 1]) {
        Kernels.of(noise).elementwise().uniform(random.substream(first + s), -1, 1, noise.slice(offsets[s], offsets[s + 1]));
      }
    }
    Variable y = neftune(x, offsets, alpha, noise);
    noise.release();
    return y;
  }
}
