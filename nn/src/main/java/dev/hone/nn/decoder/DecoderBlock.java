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
    Variable normed = normed(attentionNorm, x);
    Variable mixed = attended(normed, rows, batch, pass);
    spent(normed, x);
    Variable h = sum(picked(x, rows), mixed);
    Variable inner = normed(feedForwardNorm, h);
    Variable fed = fed(inner, pass.only(rows));
    spent(inner, h);
    Variable y = sum(h, fed);
    h.spent();
    return y;
  }

  private Variable parallel(Variable x, int[] rows, TokenBatch batch, Pass pass) {
    Variable normed = normed(attentionNorm, x);
    Variable mixed = attended(normed, rows, batch, pass);
    Variable residual = picked(x, rows);
    Variable h = sum(residual, mixed);
    Variable inner = feedForwardNorm == null ? picked(normed, rows) : feedForwardNorm.forward(residual);
    Variable fed = fed(inner, pass.only(rows));
    if (inner != normed) {
      inner.spent();
    }
    spent(normed, x);
    Variable y = sum(h, fed);
    h.spent();
    return y;
  }

  private Variable normOfSum(Variable x, int[] rows, TokenBatch batch, Pass pass) {
    Variable s = sum(picked(x, rows), attended(x, rows, batch, pass));
    Variable h = attentionNorm.forward(s);
    s.spent();
    Variable t = sum(h, fed(h, pass.only(rows)));
    h.spent();
    Variable y = feedForwardNorm.forward(t);
    t.spent();
    return y;
  }

  private static Variable picked(Variable x, int[] rows) {
    return rows == null ? x : GatherOps.rows(x, rows);
  }

  private Variable attended(Variable x, int[] rows, TokenBatch batch, Pass pass) {
    Variable mixed = pass.only(rows).droppedOut(attention.forward(x, rows, batch, pass), dropout, Pass.site("attention", index));
    return behind(attentionOutputNorm, mixed);
  }

  private Variable fed(Variable x, Pass pass) {
    Variable fed = pass.droppedOut(feedForward.forward(x, pass), dropout, Pass.site("feedForward", index));
    return behind(feedForwardOutputNorm, fed);
  }

  private Variable behind(Norm norm, Variable x) {
    Variable normed = normed(norm, x);
    spent(x, normed);
    if (residualScale == 1) {
      return normed;
    }
    Variable scaled = MathOps.mul(normed, residualScale);
    normed.spent();
    return scaled;
  }

  private static Variable normed(Norm norm, Variable x) {
    return norm == null ? x : norm.forward(x);
  }

  /** x + y, where nothing else uses y. */
  private static Variable sum(Variable x, Variable y) {
    Variable sum = MathOps.add(x, y);
    y.spent();
    return sum;
  }

  /** Lets go of a value unless it is the one that goes on. */
  private static void spent(Variable value, Variable unless) {
    if (value != unless) {
      value.spent();
    }
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
