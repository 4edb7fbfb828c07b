package dev.hone.nn;

import dev.hone.autograd.ActivationOps;
import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.GatherOps;
import dev.hone.autograd.HeadLoss;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Activation;
import java.util.stream.IntStream;

/**
 * Logits of the next token: softCap · tanh(scale · hidden · Wᵀ / softCap). [N, C] -> [N, V].
 *
 * @param name of the projection in files
 * @param projection W, [V, C]; of a tied head it is the embedding table, and the head has no parameters of its own
 * @param scale of the product, usually 1; no family has another one and a bias
 * @param softCap 0 for none
 */
public record CausalHead(String name, Linear projection, float scale, float softCap) implements Head {
  /** Whether the projection is the embedding table. */
  public boolean tied() {
    return projection.isShared();
  }

  @Override
  public Variable forward(Variable hidden, TokenBatch batch, Pass pass) {
    return logits(hidden, pass);
  }

  /** Logits of any rows of hidden states: [M, C] -> [M, V]. */
  public Variable logits(Variable hidden, Pass pass) {
    Variable product = projection.forward(hidden, pass);
    Variable raw = scale == 1 ? product : MathOps.mul(product, scale);
    return softCap == 0 ? raw
        : MathOps.mul(ActivationOps.activation(Activation.TANH, MathOps.mul(raw, 1 / softCap)), softCap);
  }

  /**
   * The loss of the next tokens, without logits of rows that have none and without ever holding those of many.
   *
   * @param labels per row of the batch the token that is to come next; negative where nothing is to be learnt
   * @param scale factor of the sum
   */
  public HeadLoss loss(Variable hidden, int[] labels, CrossEntropySettings settings, float scale, Pass pass) {
    if (projection.adapter() == null) {
      return LossOps.linearCrossEntropy(hidden, projection.weight(), projection.bias(), labels, softCap, this.scale, settings,
          scale);
    }
    int[] rows = IntStream.range(0, labels.length).filter(row -> labels[row] >= 0).toArray();
    int[] next = IntStream.of(rows).map(row -> labels[row]).toArray();
    Variable logits = logits(GatherOps.rows(hidden, rows), pass.rows(rows));
    Variable each = LossOps.crossEntropyPerRow(logits.detach(), next, settings);
    return new HeadLoss(LossOps.crossEntropy(logits, next, settings, scale), each.value(), LossOps.hits(logits.value(), next));
  }

  /**
   * The losses of the next tokens one by one, for those whose weights depend on them: minus the log-probabilities. [N, C] -> [M],
   * of the rows that have a label.
   *
   * @param labels as {@link #loss} takes them
   */
  public Variable losses(Variable hidden, int[] labels, Pass pass) {
    if (projection.adapter() == null) {
      return LossOps.linearCrossEntropyPerRow(hidden, projection.weight(), projection.bias(), labels, softCap, scale);
    }
    int[] rows = IntStream.range(0, labels.length).filter(row -> labels[row] >= 0).toArray();
    int[] next = IntStream.of(rows).map(row -> labels[row]).toArray();
    return LossOps.crossEntropyPerRow(logits(GatherOps.rows(hidden, rows), pass.rows(rows)), next, CrossEntropySettings.PLAIN);
  }

  /** Labels that stand at their own tokens, moved to where they are predicted: one row earlier within each sequence. */
  public static int[] shifted(int[] labels, TokenBatch batch) {
    int[] next = new int[labels.length];
    for (int s = 0; s < batch.sequences(); s++) {
      int from = batch.offsets()[s];
      int to = batch.offsets()[s + 1];
      for (int i = from; i < to; i++) {
        next[i] = i + 1 < to ? labels[i + 1] : -1;
      }
    }
    return next;
  }

  /** How many tokens of a batch have something to learn: what the mean loss is taken over. */
  public static int count(int[] labels, TokenBatch batch) {
    return (int) IntStream.of(shifted(labels, batch)).filter(label -> label >= 0).count();
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.layer(name, projection);
  }
}
