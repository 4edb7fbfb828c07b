package dev.hone.bench;

import dev.hone.bench.OpsReport.Unit;
import dev.hone.bench.OpsReport.Work;
import dev.hone.core.Activation;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.random.Philox;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Softmax, norms, activations, dropout, cross-entropy and embeddings. Results are allocated in a scope, as in a training
 * step; backward passes take a fixed gradient and give those of every input.
 */
final class RowOps implements OpsFamily {
  private static final Kernels KERNELS = Kernels.active();
  private static final int V = 50257;
  private static final float EPS = 1e-5f;

  @Override
  public void run(OpsReport report) {
    softmax(report, 6144, 512);
    for (int c : new int[] {768, 2048}) {
      layerNorm(report, 512, c);
      rmsNorm(report, 512, c);
    }
    activation(report, "gelu_tanh", Activation.GELU_TANH, 512, 3072);
    activation(report, "gelu_erf", Activation.GELU, 512, 3072);
    gated(report, 512, 3072);
    add(report, 512, 3072);
    dropout(report, 512, 3072);
    crossEntropy(report, 512);
    embedding(report, 512);
    embedding(report, 4096);
  }

  private static void measure(OpsReport report, String name, int rows, int columns, Supplier<Runnable> make) {
    try (Scope _ = Scope.open()) { // operands are activations: they too lie in a scope's memory
      report.report(name, rows + "x" + columns, () -> scoped(make.get()), new Work(Unit.ELEMENT, (double) rows * columns));
    }
  }

  /** The body as one step whose results are given back. */
  private static Runnable scoped(Runnable body) {
    return () -> {
      try (Scope _ = Scope.open()) {
        body.run();
      }
    };
  }

  private static void softmax(OpsReport report, int rows, int c) {
    measure(report, "softmax_fwd", rows, c, () -> {
      Tensor x = random(rows, c);
      return () -> KERNELS.reduce().softmax(x, false, Tensor.empty(rows, c));
    });
    measure(report, "softmax_fwd_bwd", rows, c, () -> {
      Tensor x = random(rows, c);
      Tensor dy = random(rows, c);
      return () -> {
        Tensor y = Tensor.empty(rows, c);
        KERNELS.reduce().softmax(x, false, y);
        KERNELS.reduce().softmaxBackward(y, false, dy, false, Tensor.empty(rows, c));
      };
    });
  }

  private static void layerNorm(OpsReport report, int rows, int c) {
    measure(report, "layer_norm_fwd", rows, c, () -> {
      Tensor x = random(rows, c);
      Tensor w = random(c);
      Tensor b = random(c);
      return () -> KERNELS.norm().layerNorm(x, null, w, b, EPS, null, Tensor.empty(rows, c), null, null);
    });
    measure(report, "layer_norm_fwd_bwd", rows, c, () -> {
      Tensor x = random(rows, c);
      Tensor w = random(c);
      Tensor b = random(c);
      Tensor dy = random(rows, c);
      return () -> {
        Tensor mean = Tensor.empty(rows);
        Tensor rstd = Tensor.empty(rows);
        KERNELS.norm().layerNorm(x, null, w, b, EPS, null, Tensor.empty(rows, c), mean, rstd);
        KERNELS.norm().layerNormBackward(dy, x, w, mean, rstd, false, Tensor.empty(rows, c), Tensor.zeros(c),
            Tensor.zeros(c));
      };
    });
  }

  private static void rmsNorm(OpsReport report, int rows, int c) {
    measure(report, "rms_norm_fwd", rows, c, () -> {
      Tensor x = random(rows, c);
      Tensor w = random(c);
      return () -> KERNELS.norm().rmsNorm(x, null, w, 0, EPS, null, Tensor.empty(rows, c), null);
    });
    measure(report, "rms_norm_fwd_bwd", rows, c, () -> {
      Tensor x = random(rows, c);
      Tensor w = random(c);
      Tensor dy = random(rows, c);
      return () -> {
        Tensor rstd = Tensor.empty(rows);
        KERNELS.norm().rmsNorm(x, null, w, 0, EPS, null, Tensor.empty(rows, c), rstd);
        KERNELS.norm().rmsNormBackward(dy, x, w, 0, rstd, false, Tensor.empty(rows, c), Tensor.zeros(c));
      };
    });
  }

  private static void activation(OpsReport report, String name, Activation activation, int rows, int c) {
    measure(report, name + "_fwd", rows, c, () -> {
      Tensor x = random(rows, c);
      return () -> KERNELS.elementwise().activation(activation, x, Tensor.empty(rows, c));
    });
    measure(report, name + "_fwd_bwd", rows, c, () -> {
      Tensor x = random(rows, c);
      Tensor dy = random(rows, c);
      return () -> {
        KERNELS.elementwise().activation(activation, x, Tensor.empty(rows, c));
        KERNELS.elementwise().activationBackward(activation, x, dy, false, Tensor.empty(rows, c));
      };
    });
  }

  private static void gated(OpsReport report, int rows, int c) {
    measure(report, "silu_mul_fwd", rows, c, () -> {
      Columns gate = Columns.of(random(rows, c));
      Columns up = Columns.of(random(rows, c));
      return () -> KERNELS.elementwise().gated(Activation.SILU, gate, up, Columns.of(Tensor.empty(rows, c)));
    });
    measure(report, "silu_mul_fwd_bwd", rows, c, () -> {
      Columns gate = Columns.of(random(rows, c));
      Columns up = Columns.of(random(rows, c));
      Columns dy = Columns.of(random(rows, c));
      return () -> {
        KERNELS.elementwise().gated(Activation.SILU, gate, up, Columns.of(Tensor.empty(rows, c)));
        KERNELS.elementwise().gatedBackward(Activation.SILU, gate, up, dy, Columns.of(Tensor.empty(rows, c)),
            Columns.of(Tensor.empty(rows, c)));
      };
    });
  }

  private static void add(OpsReport report, int rows, int c) {
    measure(report, "add_fwd_alloc", rows, c, () -> {
      Tensor a = random(rows, c);
      Tensor b = random(rows, c);
      return () -> KERNELS.elementwise().binary(Binary.ADD, a, b, Tensor.empty(rows, c));
    });
  }

  private static void dropout(OpsReport report, int rows, int c) {
    measure(report, "dropout_0.1_fwd", rows, c, () -> {
      Tensor x = random(rows, c);
      Philox random = new Philox(1, 2);
      return () -> KERNELS.elementwise().dropout(0.1f, random, x, false, Tensor.empty(rows, c));
    });
  }

  /** The gradient takes the place of the logits, as it does in training; nothing is copied or filled in between. */
  private static void crossEntropy(OpsReport report, int rows) {
    int[] labels = new Random(1).ints(rows, 0, V).toArray();
    for (boolean gradient : new boolean[] {false, true}) {
      measure(report, gradient ? "cross_entropy_fwd_bwd" : "cross_entropy_fwd", rows, V, () -> {
        Tensor logits = random(rows, V);
        return () -> KERNELS.loss().crossEntropy(logits, labels, null, 0, 0, gradient, 1f / rows, Tensor.empty(rows));
      });
    }
  }

  private static void embedding(OpsReport report, int n) {
    int c = 768;
    int[] ids = new Random(1).ints(n, 0, V).toArray();
    Work work = new Work(Unit.ELEMENT, (double) n * c);
    report.report("embedding_fwd", n + " of " + V + "x" + c, () -> {
      Tensor table = random(V, c);
      return scoped(() -> KERNELS.gather().rows(table, ids, 1, Tensor.empty(n, c)));
    }, work);
    report.report("embedding_fwd_bwd_dense", n + " of " + V + "x" + c, () -> {
      Tensor table = random(V, c);
      Tensor dTable = Tensor.empty(V, c);
      Tensor dy = random(n, c);
      return scoped(() -> {
        KERNELS.gather().rows(table, ids, 1, Tensor.empty(n, c));
        KERNELS.gather().addRows(dy, ids, 1, dTable.fill(0));
      });
    }, work);
  }

  /** Normal numbers. */
  static Tensor random(int... dims) {
    Tensor tensor = Tensor.empty(dims);
    new Philox(7, tensor.size()).fillNormal(tensor.array(), tensor.offset(), tensor.offset() + tensor.shape().length(), 0, 1);
    return tensor;
  }
}
