package dev.hone.nn.encoder;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Norm;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;

/**
 * A layer with its norms after the sums, h = norm(x + attention(x)), y = norm(h + feedForward(h)), or before the parts,
 * h = x + attention(norm(x)), y = h + feedForward(norm(h)). [N, C] -> [N, C].
 *
 * @param normFirst whether the norms stand before the parts
 * @param attention up to the projection back
 * @param output the projection back
 * @param attentionNorm the norm of attention; null for none, where the norm is first
 * @param feedForwardNorm the other norm
 * @param attentionDropout of what attention adds, or {@link EncoderFeedForward#NO_DROPOUT}
 * @param feedForwardDropout of what the feed-forward layer adds, or {@link EncoderFeedForward#NO_DROPOUT}
 */
public record EncoderBlock(boolean normFirst, EncoderAttention attention, Named<Linear> output, Named<?
    extends Norm> attentionNorm,
    EncoderFeedForward feedForward, Named<? extends Norm> feedForwardNorm, float attentionDropout, float feedForwardDropout)
    implements EncoderLayer {

  @Override
  public Variable forward(Variable x, int index, TokenBatch batch, Pass pass) {
    return forward(x, null, index, batch, pass);
  }

  @Override
  public Variable forward(Variable all, int[] rows, int index, TokenBatch batch, Pass allRows) {
    Variable in = normFirst && attentionNorm != null ? attentionNorm.layer().forward(all) : all;
    Variable attended = attention.forward(in, rows, index, batch, allRows);
    Variable x = rows == null ? all : GatherOps.rows(all, rows);
    Pass pass = allRows.only(rows);
    Variable mixed = output.layer().forward(attended, pass);
    if (attentionDropout >= 0) {
      mixed = pass.dropout(mixed, attentionDropout, Pass.site("attention", index));
    }
    Variable h = sum(attentionNorm, mixed, x);
    Variable inner = normFirst ? feedForwardNorm.layer().forward(h) : h;
    Variable fed = feedForward.forward(inner, index, pass);
    if (feedForwardDropout >= 0) {
      fed = pass.dropout(fed, feedForwardDropout, Pass.site("feedForward", index));
    }
    return sum(feedForwardNorm, fed, h);
  }

  private Variable sum(Named<? extends Norm> norm, Variable added, Variable x) {
    if (normFirst) {
      return MathOps.add(x, added);
    }
    return norm.layer() instanceof LayerNorm layerNorm ? layerNorm.forward(added, x)
        : norm.layer().forward(MathOps.add(x, added));
  }

  @Override
  public void visit(LayerVisitor visitor) {
    attention.visit(visitor);
    Named.visit(output, visitor);
    Named.visit(attentionNorm, visitor);
    feedForward.visit(visitor);
    Named.visit(feedForwardNorm, visitor);
  }
}
