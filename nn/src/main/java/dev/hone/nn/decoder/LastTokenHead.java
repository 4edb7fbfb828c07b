package dev.hone.nn.decoder;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.family.Weights;

/**
 * Classification on the last token that is not padding. [N, C] -> [S, labels].
 *
 * @param score the classifier, without bias
 * @param padding the id that is passed over at the end of a sequence, or -1
 */
public record LastTokenHead(Linear score, int padding) implements Head {
  /** The head of a file, or a new one. */
  public static LastTokenHead load(int width, int padding, Labels labels, Weights weights) {
    return new LastTokenHead(weights.headLinear("score", width, labels.size(), false), padding);
  }

  @Override
  public Variable forward(Variable hidden, TokenBatch batch, Pass pass) {
    return forwardRead(GatherOps.rows(hidden, reads(batch)), batch, pass);
  }

  @Override
  public Variable forwardRead(Variable read, TokenBatch batch, Pass pass) {
    return score.forward(read, pass.rows(reads(batch)));
  }

  /** A sequence of nothing but padding gives its first row. */
  @Override
  public int[] reads(TokenBatch batch) {
    int[] rows = new int[batch.sequences()];
    for (int s = 0; s < rows.length; s++) {
      int row = batch.offsets()[s + 1] - 1;
      while (row > batch.offsets()[s] && batch.tokens()[row] == padding) {
        row--;
      }
      rows[s] = row;
    }
    return rows;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.layer("score", score);
  }
}
