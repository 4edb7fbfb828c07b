package dev.hone.nn.encoder;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.ReduceOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Activation;
import dev.hone.nn.Head;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Norm;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;

/**
 * A classifier of sequences: classifier(dropout(norm(activation(dense(dropout(pooled)))))). [N, C] -> [S, labels].
 *
 * @param pooling what it reads
 * @param firstDropout before the dense layer, or {@link EncoderFeedForward#NO_DROPOUT}
 * @param dense the dense layer
 * @param norm behind its activation, or null
 * @param dropout before the classifier
 */
public record ClassificationHead(Pooling pooling, float firstDropout, Named<Linear> dense, Activation activation,
    Named<? extends Norm> norm, float dropout, Named<Linear> classifier) implements Head {
  /** What a classifier reads. */
  public enum Pooling {
    /** The first token of each sequence. */
    FIRST,
    /** The mean of its tokens. */
    MEAN,
    /** Each token, and the mean of the answers. */
    LATE
  }

  @Override
  public Variable forward(Variable hidden, TokenBatch batch, Pass all) {
    if (pooling == Pooling.LATE) {
      return ReduceOps.meanPerSequence(answers(hidden, all), batch.offsets());
    }
    return pooling == Pooling.MEAN ? answers(ReduceOps.meanPerSequence(hidden, batch.offsets()), all.rows(batch.firstRows()))
        : forwardRead(GatherOps.rows(hidden, batch.firstRows()), batch, all);
  }

  @Override
  public int[] reads(TokenBatch batch) {
    return pooling == Pooling.FIRST ? batch.firstRows() : null;
  }

  @Override
  public Variable forwardRead(Variable read, TokenBatch batch, Pass all) {
    return pooling == Pooling.FIRST ? answers(read, all.rows(batch.firstRows())) : forward(read, batch, all);
  }

  private Variable answers(Variable x, Pass pass) {
    Variable in = firstDropout < 0 ? x : pass.dropout(x, firstDropout, Pass.site("head.first", 0));
    Variable pooled = dense.layer().forward(in, activation, pass);
    Variable normed = norm == null ? pooled : norm.layer().forward(pooled);
    return classifier.layer().forward(pass.dropout(normed, dropout, Pass.site("head", 0)), pass);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    Named.visit(dense, visitor);
    Named.visit(norm, visitor);
    Named.visit(classifier, visitor);
  }
}
