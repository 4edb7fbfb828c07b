package dev.hone.autograd;

import dev.hone.core.Activation;
import dev.hone.core.Scope;
import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import java.util.Arrays;

/**
 * The head of a language model and its cross-entropy in one operator, a chunk of labelled rows at a time.
 *
 * <p>Implementation note: logits and their gradient are the largest tensors of a training step (rows x vocabulary), and
 * rows without a label need neither. So a chunk's logits are computed, turned into their gradient in place and used up for
 * d hidden and d weight before the next chunk; what is kept is [M, C] and [V, C]. A chunk is bounded in rows, above which
 * products gain nothing, and in bytes; chunks are of about equal size and depend on sizes alone, so results do not change
 * with the number of threads.
 */
final class LinearCrossEntropy {
  private static final Kernels KERNELS = Kernels.active();
  private static final int MAX_ROWS = 264; // twice as many were no faster, with 50257 classes
  private static final int TILE = 12; // rows that a matrix product computes together
  private static final long MAX_BYTES = 128L << 20;

  private final Tensor weight;
  private final Tensor bias;
  private final float softCap;
  private final float logitScale;
  private final CrossEntropySettings settings;
  private final float scale;

  private Tensor dHidden; // [M, C], null unless wanted; the others likewise
  private Tensor dWeight; // [V, C]
  private Tensor dBias; // [V]
  private boolean[] right; // of each labelled row
  private Tensor upstream; // [M], factors of the rows' gradients, or null for ones

  private LinearCrossEntropy(Tensor weight, Tensor bias, float softCap, float logitScale, CrossEntropySettings settings,
      float scale) {
    this.weight = weight;
    this.bias = bias;
    this.softCap = softCap;
    this.logitScale = logitScale;
    this.settings = settings;
    this.scale = scale;
  }

  static HeadLoss apply(Variable hidden, Variable weight, Variable bias, int[] labels, float softCap, float logitScale,
      CrossEntropySettings settings, float scale) {
    Shape in = hidden.shape();
    Shape w = weight.shape();
    if (w.rank() != 2 || in.columns() != w.dim(1)) {
      throw new ShapeException("linearCrossEntropy: the input " + in + " must be [N, C] and the weight " + w + " [V, C] with the "
          + "same C");
    }
    settings.check("linearCrossEntropy", in.rows(), labels, w.dim(0));
    LinearCrossEntropy head = new LinearCrossEntropy(weight.value(), bias == null ? null : bias.value(), softCap, logitScale,
        settings, scale);
    int[] rows = LossOps.counted(labels);
    head.allocate(rows.length, Variable.needsGradient(hidden), Variable.needsGradient(weight), Variable.needsGradient(bias));
    Tensor losses = Tensor.empty(rows.length);
    head.forward(hidden.value().reshape(in.rows(), in.columns()), rows, labels, losses);
    Variable loss = Variable.of("linearCrossEntropy", LossOps.sum(losses, scale))
        .pullbacks(Arrays.asList(hidden, weight, bias), (up, targets) -> head.backward(up.item(), in, rows, targets))
        .saves(head.dHidden, head.dWeight, head.dBias);
    return new HeadLoss(loss, losses, head.right);
  }

  /**
   * The losses of the labelled rows, one by one. Logits are computed once more in the backward pass, a chunk at a time: they
   * would be the largest tensor of the step, and only then is known what each row counts.
   */
  static Variable perRow(Variable hidden, Variable weight, Variable bias, int[] labels, float softCap, float logitScale) {
    Shape in = hidden.shape();
    Shape w = weight.shape();
    if (w.rank() != 2 || in.columns() != w.dim(1)) {
      throw new ShapeException("linearCrossEntropyPerRow: the input " + in + " must be [N, C] and the weight " + w
          + " [V, C] with the same C");
    }
    CrossEntropySettings.PLAIN.check("linearCrossEntropyPerRow", in.rows(), labels, w.dim(0));
    int[] rows = LossOps.counted(labels);
    Tensor x = hidden.value();
    Tensor table = weight.value();
    Tensor offset = bias == null ? null : bias.value();
    Tensor losses = Tensor.empty(rows.length);
    LinearCrossEntropy head = new LinearCrossEntropy(table, offset, softCap, logitScale, CrossEntropySettings.PLAIN, 1);
    head.right = new boolean[rows.length];
    head.forward(x.reshape(in.rows(), in.columns()), rows, labels, losses);
    return Variable.of("linearCrossEntropyPerRow", losses)
        .pullbacks(Arrays.asList(hidden, weight, bias), (up, targets) -> {
          LinearCrossEntropy again = new LinearCrossEntropy(table, offset, softCap, logitScale, CrossEntropySettings.PLAIN, 1);
          again.upstream = up;
          again.allocate(rows.length, targets.wants(0), targets.wants(1), targets.wants(2));
          again.forward(x.reshape(in.rows(), in.columns()), rows, labels, Tensor.empty(rows.length));
          again.backward(1, in, rows, targets);
        })
        .saves(hidden.computed(), weight.computed(), bias == null ? null : bias.computed());
  }

  private void allocate(int rows, boolean forHidden, boolean forWeight, boolean forBias) {
    right = new boolean[rows];
    dHidden = forHidden ? Tensor.empty(rows, weight.dim(1)) : null;
    dWeight = forWeight ? Tensor.empty(weight.shape()) : null;
    dBias = forBias ? Tensor.empty(weight.dim(0)) : null;
    if (rows == 0) { // no chunk will write them
      zero(dWeight);
      zero(dBias);
    }
  }

  private static void zero(Tensor tensor) {
    if (tensor != null) {
      tensor.fill(0);
    }
  }

  private void forward(Tensor hidden, int[] rows, int[] labels, Tensor losses) {
    int chunk = chunkRows(rows.length, weight.dim(0), softCap > 0 ? 2 : 1);
    for (int from = 0; from < rows.length; from += chunk) {
      int to = Math.min(rows.length, from + chunk);
      int[] chosen = Arrays.copyOfRange(rows, from, to);
      try (Scope _ = Scope.open()) {
        Tensor x = picked(hidden, chosen);
        int[] targets = new int[chosen.length];
        Arrays.setAll(targets, i -> labels[chosen[i]]);
        Tensor gradient = logitsToGradient(x, targets, from, losses.slice(from, to));
        collect(x, gradient, from, to);
      }
    }
  }

  /** Rows of a chunk: at most so many that {@code buffers} tensors of logits stay within the bound, in equal parts. */
  static int chunkRows(int rows, int classes, int buffers) {
    long fitting = Math.clamp(MAX_BYTES / (4L * classes * buffers), 1, MAX_ROWS);
    int most = (int) (fitting < TILE ? fitting : fitting / TILE * TILE);
    int chunks = Math.max(1, (rows + most - 1) / most);
    int equal = Math.max(1, (rows + chunks - 1) / chunks);
    return Math.min(most, (equal + TILE - 1) / TILE * TILE);
  }

  private static Tensor picked(Tensor hidden, int[] rows) {
    int first = rows[0];
    if (rows[rows.length - 1] - first + 1 == rows.length) { // neighbours: no copy
      return hidden.slice(first, first + rows.length);
    }
    Tensor x = Tensor.empty(rows.length, hidden.dim(1));
    KERNELS.gather().rows(hidden, rows, 1, x);
    return x;
  }

  /**
   * Computes the logits of a chunk, whose first labelled row is number {@code from}, and their losses; returns the gradient by
   * logitScale · x · Wᵀ + bias if it is wanted.
   */
  private Tensor logitsToGradient(Tensor x, int[] labels, int from, Tensor losses) {
    Tensor raw = Tensor.empty(x.dim(0), weight.dim(0));
    KERNELS.matmul().matmul(x, false, weight, true, false, raw, new Epilogue(logitScale, bias, Activation.NONE, null));
    Tensor logits = raw;
    if (softCap > 0) { // logits = softCap · tanh(raw / softCap); raw becomes what tanh is applied to
      KERNELS.elementwise().unary(Unary.AFFINE, 1 / softCap, 0, raw, raw);
      logits = Tensor.empty(raw.shape());
      KERNELS.elementwise().activation(Activation.TANH, raw, logits);
      KERNELS.elementwise().unary(Unary.AFFINE, softCap, 0, logits, logits);
    }
    judge(logits, labels, from);
    boolean gradient = dHidden != null || dWeight != null || dBias != null;
    KERNELS.loss().crossEntropy(logits, labels, settings.classWeights(), settings.smoothing(), settings.zLoss(), gradient,
        scale, losses);
    if (gradient && upstream != null) {
      KERNELS.elementwise().binary(Binary.MUL, logits, upstream.slice(from, from + labels.length).reshape(-1, 1), logits);
    }
    if (gradient && softCap > 0) {
      KERNELS.elementwise().activationBackward(Activation.TANH, raw, logits, false, logits);
    }
    return gradient ? logits : null;
  }

  private void judge(Tensor logits, int[] labels, int from) {
    int classes = logits.dim(1);
    Tensor largest = Tensor.empty(labels.length);
    KERNELS.reduce().max(logits, labels.length, classes, 1, largest, null);
    for (int i = 0; i < labels.length; i++) {
      right[from + i] = logits.get((long) i * classes + labels[i]) >= largest.get(i);
    }
  }

  private void collect(Tensor x, Tensor gradient, int from, int to) {
    boolean accumulate = from > 0;
    if (dHidden != null) {
      KERNELS.matmul().matmul(gradient, false, weight, false, false, dHidden.slice(from, to), Epilogue.scale(logitScale));
    }
    if (dWeight != null) {
      KERNELS.matmul().matmul(gradient, true, x, false, accumulate, dWeight, Epilogue.scale(logitScale));
    }
    if (dBias != null) {
      ReduceOps.sumRowsInto(gradient, dBias, accumulate);
    }
  }

  private void backward(float up, Shape in, int[] rows, InputGradients targets) {
    if (targets.wants(0)) {
      KERNELS.gather().addRows(dHidden, rows, up, targets.sum(0).reshape(in.rows(), in.columns()));
    }
    give(dWeight, up, targets, 1);
    give(dBias, up, targets, 2);
  }

  private static void give(Tensor gradient, float up, InputGradients targets, int index) {
    if (targets.wants(index)) {
      if (up != 1) { // a pass over the largest matrix
        KERNELS.elementwise().unary(Unary.AFFINE, up, 0, gradient, gradient);
      }
      targets.add(index, gradient);
    }
  }
}
