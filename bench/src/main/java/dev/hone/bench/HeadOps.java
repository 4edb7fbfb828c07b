package dev.hone.bench;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.bench.OpsReport.Unit;
import dev.hone.bench.OpsReport.Work;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import java.util.Random;

/** The head of a language model with its cross-entropy, and the gradients by the hidden states and by the head if it trains. */
final class HeadOps implements OpsFamily {
  @Override
  public void run(OpsReport report) {
    head(report, false, 512, 768, 50257);
    head(report, true, 512, 768, 50257);
  }

  private static void head(OpsReport report, boolean trained, int rows, int c, int v) {
    int[] labels = new Random(1).ints(rows, 0, v).toArray();
    report.report(trained ? "lm_head_loss_trained" : "lm_head_loss_frozen", rows + "x" + c + "x" + v, () -> {
      Tensor hidden = RowOps.random(rows, c);
      Parameter weight = new Parameter("weight", RowOps.random(v, c), trained);
      return () -> {
        try (Scope _ = Scope.open()) {
          Parameter x = Variable.leaf(hidden);
          LossOps.linearCrossEntropy(x, weight, null, labels, 0, 1, CrossEntropySettings.PLAIN, 1f / rows).loss().backward();
        }
        weight.clearGradient();
      };
    }, new Work(Unit.FLOP, (trained ? 6.0 : 4.0) * rows * c * v));
  }
}
