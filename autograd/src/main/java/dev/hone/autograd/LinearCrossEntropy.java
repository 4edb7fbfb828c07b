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
  private static final int MAX_ROWS = 264; // twice as many were no faster, with 50257 classes
  private static final int TILE = 12; // rows that a matrix product computes together
  private static final long MAX_BYTES = 128L << 20;

  private final Kernels kernels;
  private final Tensor weight;
  private final Tensor bias;
  private final float softCap;
  private final float logitScale;
  private final CrossEntropySettings settings;
  private final float scale;

  private Tensor dHidden; // [M, C], null unless wanted; the others likewise
  private Tensor dWeight; // [V, C]
  private Tensor dBias; // [V]
  private Tensor hits; // [M]
  private Tensor upstream; // [M], factors of the rows' gradients, or null for ones

  private LinearCrossEntropy(Tensor hidden, Tensor weight, Tensor bias, float softCap, float logitScale,
      CrossEntropySettings settings, float scale) {
    this.kernels = Kernels.of("linearCrossEntropy", hidden, weight, bias);
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
    LinearCrossEntropy head = new LinearCrossEntropy(hidden.value(), weight.value(), bias == null ? null : bias.value(), softCap,
        logitScale, settings, scale);
    int[] rows = LossOps.counted(labels);
    head.allocate(rows.length, Variable.needsGradient(hidden), Variable.needsGradient(weight), Variable.needsGradient(bias));
    Tensor losses = hidden.value().emptyLike(rows.length);
    head.forward(hidden.value().reshape(in.rows(), in.columns()), rows, labels, losses);
    Variable loss = Variable.of("linearCrossEntropy", LossOps.sum(losses, scale))
        .pullbacks(Arrays.asList(hidden, weight, bias), (up, targets) -> head.backward(up, in, rows, targets))
        .saves(head.dHidden, head.dWeight, head.dBias);
    return new HeadLoss(loss, losses, head.hits);
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
    Tensor losses = x.emptyLike(rows.length);
    LinearCrossEntropy head = new LinearCrossEntropy(x, table, offset, softCap, logitScale, CrossEntropySettings.PLAIN, 1);
    head.hits = x.emptyLike(rows.length);
    head.forward(x.reshape(in.rows(), in.columns()), rows, labels, losses);
    return Variable.of("linearCrossEntropyPerRow", losses)
        .pullbacks(Arrays.asList(hidden, weight, bias), (up, targets) -> {
          LinearCrossEntropy again = new LinearCrossEntropy(x, table, offset, softCap, logitScale, CrossEntropySettings.PLAIN, 1);
          again.upstream = up;
          again.allocate(rows.length, targets.wants(0), targets.wants(1), targets.wants(2));
          again.forward(x.reshape(in.rows(), in.columns()), rows, labels, x.emptyLike(rows.length));
          again.backward(x.scalarLike(1), in, rows, targets);
        })
        .saves(hidden.value(), weight.value(), bias == null ? null : bias.value());
  }

  private void allocate(int rows, boolean forHidden, boolean forWeight, boolean forBias) {
    hits = weight.emptyLike(rows);
    dHidden = forHidden ? weight.emptyLike(rows, weight.dim(1)) : null;
    dWeight = forWeight ? weight.emptyLike(weight.shape()) : null;
    dBias = forBias ? weight.emptyLike(weight.dim(0)) : null;
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

  private Tensor picked(Tensor hidden, int[] rows) {
    int first = rows[0];
    if (rows[rows.length - 1] - first + 1 == rows.length) { // neighbours: no copy
      return hidden.slice(first, first + rows.length);
    }
    Tensor x = hidden.emptyLike(rows.length, hidden.dim(1));
    kernels.gather().rows(hidden, rows, 1, x);
    return x;
  }

  /**
   * Computes the logits of a chunk, whose first labelled row is number {@code from}, and their losses; returns the gradient by
   * logitScale · x · Wᵀ + bias if it is wanted.
   */
  private Tensor logitsToGradient(Tensor x, int[] labels, int from, Tensor losses) {
    Tensor raw = x.emptyLike(x.dim(0), weight.dim(0));
    kernels.matmul().matmul(x, false, weight, true, false, raw, new Epilogue(logitScale, bias, Activation.NONE, null));
    Tensor logits = raw;
    if (softCap > 0) { // logits = softCap · tanh(raw / softCap); raw becomes what tanh is applied to
      kernels.elementwise().unary(Unary.AFFINE, 1 / softCap, 0, raw, raw);
      logits = raw.emptyLike(raw.shape());
      kernels.elementwise().activation(Activation.TANH, raw, logits);
      kernels.elementwise().unary(Unary.AFFINE, softCap, 0, logits, logits);
    }
    kernels.loss().hits(logits, labels, hits.slice(from, from + labels.length));
    boolean gradient = dHidden != null || dWeight != null || dBias != null;
    kernels.loss().crossEntropy(logits, labels, settings.classWeightsOn(logits.device()), settings.smoothing(),
        settings.zLoss(), gradient, scale, losses);
    if (gradient && upstream != null) {
      kernels.elementwise().binary(Binary.MUL, logits, upstream.slice(from, from + labels.length).reshape(-1, 1), logits);
    }
    if (gradient && softCap > 0) {
      kernels.elementwise().activationBackward(Activation.TANH, raw, logits, false, logits);
    }
    return gradient ? logits : null;
  }

  private void collect(Tensor x, Tensor gradient, int from, int to) {
    boolean accumulate = from > 0;
    if (dHidden != null) {
      kernels.matmul().matmul(gradient, false, weight, false, false, dHidden.slice(from, to), Epilogue.scale(logitScale));
    }
    if (dWeight != null) {
      kernels.matmul().matmul(gradient, true, x, false, accumulate, dWeight, Epilogue.scale(logitScale));
    }
    if (dBias != null) {
      ReduceOps.sumRowsInto(gradient, dBias, accumulate);
    }
  }

  private void backward(Tensor up, Shape in, int[] rows, InputGradients targets) {
    if (targets.wants(0)) {
      kernels.gather().addRows(dHidden, rows, up, targets.sum(0).reshape(in.rows(), in.columns()));
    }
    give(dWeight, up, targets, 1);
    give(dBias, up, targets, 2);
  }

  private void give(Tensor gradient, Tensor up, InputGradients targets, int index) {
    if (targets.wants(index)) {
      kernels.elementwise().scale(up, gradient, false, gradient); // no pass over the largest matrix if it is 1, as mostly
      targets.add(index, gradient);
    }
  }
}
