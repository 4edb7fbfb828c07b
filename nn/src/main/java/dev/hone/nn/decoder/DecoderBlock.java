package dev.hone.nn.decoder;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Norm;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.DecoderNames.BlockNames;

/**
 * One layer of a decoder: attention to what came before, and a feed-forward layer. [N, C] -> [N, C].
 *
 * @param attentionNorm before attention, or null
 * @param attentionOutputNorm behind it, before the sum, or null
 * @param feedForwardNorm before the feed-forward layer; null if there is none, or if both read the same normalised state
 * @param feedForwardOutputNorm behind it, before the sum, or null
 * @param order how the two follow each other
 * @param residualScale what is multiplied before the sums
 * @param dropout of what attention and feed-forward layer add
 */
record DecoderBlock(int index, BlockNames names, Norm attentionNorm, DecoderAttention attention, Norm attentionOutputNorm,
    Norm feedForwardNorm, DecoderFeedForward feedForward, Norm feedForwardOutputNorm, BlockOrder order, float residualScale,
    float dropout) implements Layer {

  /**
   * The layer's result.
   *
   * @param rows those that are asked for, or null for all
   */
  Variable forward(Variable x, int[] rows, TokenBatch batch, Pass pass) {
    return switch (order) {
      case IN_TURN -> inTurn(x, rows, batch, pass);
      case PARALLEL -> parallel(x, rows, batch, pass);
      case NORM_OF_SUM -> normOfSum(x, rows, batch, pass);
    };
  }

  boolean dropsOut(Pass pass) {
    return pass.dropout(dropout) > 0 || pass.dropout(attention.attention().dropout()) > 0;
  }

  /** Whether what comes later changes how a token is turned. */
  boolean turnsByLength() {
    return attention.rotary() != null && attention.rotary().rope().reach() != Integer.MAX_VALUE;
  }

  private Variable inTurn(Variable x, int[] rows, TokenBatch batch, Pass pass) {
    Variable mixed = attended(normed(attentionNorm, x), rows, batch, pass);
    Variable h = MathOps.add(picked(x, rows), mixed);
    return MathOps.add(h, fed(normed(feedForwardNorm, h), pass.only(rows)));
  }

  private Variable parallel(Variable x, int[] rows, TokenBatch batch, Pass pass) {
    Variable normed = normed(attentionNorm, x);
    Variable mixed = attended(normed, rows, batch, pass);
    Variable residual = picked(x, rows);
    Variable h = MathOps.add(residual, mixed);
    Variable inner = feedForwardNorm == null ? picked(normed, rows) : feedForwardNorm.forward(residual);
    return MathOps.add(h, fed(inner, pass.only(rows)));
  }

  private Variable normOfSum(Variable x, int[] rows, TokenBatch batch, Pass pass) {
    Variable h = attentionNorm.forward(MathOps.add(picked(x, rows), attended(x, rows, batch, pass)));
    return feedForwardNorm.forward(MathOps.add(h, fed(h, pass.only(rows))));
  }

  private static Variable picked(Variable x, int[] rows) {
    return rows == null ? x : GatherOps.rows(x, rows);
  }

  private Variable attended(Variable x, int[] rows, TokenBatch batch, Pass pass) {
    Variable mixed = pass.only(rows).dropout(attention.forward(x, rows, batch, pass), dropout, Pass.site("attention", index));
    return behind(attentionOutputNorm, mixed);
  }

  private Variable fed(Variable x, Pass pass) {
    Variable fed = pass.dropout(feedForward.forward(x, pass), dropout, Pass.site("feedForward", index));
    return behind(feedForwardOutputNorm, fed);
  }

  private Variable behind(Norm norm, Variable x) {
    Variable normed = normed(norm, x);
    return residualScale == 1 ? normed : MathOps.mul(normed, residualScale);
  }

  private static Variable normed(Norm norm, Variable x) {
    return norm == null ? x : norm.forward(x);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    norm(visitor, names.attentionNorm(), attentionNorm);
    visitor.layer(names.attention(), attention);
    norm(visitor, names.attentionOutputNorm(), attentionOutputNorm);
    norm(visitor, names.feedForwardNorm(), feedForwardNorm);
    if (names.feedForward().isEmpty()) {
      feedForward.visit(visitor);
    } else {
      visitor.layer(names.feedForward(), feedForward);
    }
    norm(visitor, names.feedForwardOutputNorm(), feedForwardOutputNorm);
  }

  private static void norm(LayerVisitor visitor, String name, Norm norm) {
    if (norm != null) {
      visitor.layer(name, norm);
    }
  }
}
