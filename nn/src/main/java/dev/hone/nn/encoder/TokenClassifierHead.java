package dev.hone.nn.encoder;

import dev.hone.autograd.Variable;
import dev.hone.nn.Head;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;

/**
 * Logits of labels for every token: classifier(dropout(hidden)). [N, C] -> [N, labels].
 *
 * @param classifier the layer that files call {@code classifier}
 * @param dropout before it
 */
public record TokenClassifierHead(Linear classifier, float dropout) implements Head {
  private static final long SITE = Pass.site("head", 0);

  @Override
  public Variable forward(Variable hidden, TokenBatch batch, Pass pass) {
    return classifier.forward(pass.dropout(hidden, dropout, SITE), pass);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.layer("classifier", classifier);
  }
}
