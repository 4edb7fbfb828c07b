package dev.hone.nn.bert;

import dev.hone.autograd.AttentionOps;
import dev.hone.autograd.Variable;
import dev.hone.core.AttentionSpec;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.Weights;

/**
 * One layer with the norms after the residual sums: h = norm(x + attention(x)), y = norm(h + feedForward(h)).
 * [N, C] -> [N, C].
 */
record BertBlock(BertConfig config, int index, Linear query, Linear key, Linear value, Linear attentionOutput,
    LayerNorm attentionNorm, Linear up, Linear down, LayerNorm outputNorm) implements Layer {

  static BertBlock load(BertConfig config, int index, Weights weights) {
    BertNames names = config.names();
    String at = names.prefix() + names.layer() + index + ".";
    int width = config.hiddenSize();
    return new BertBlock(config, index,
        weights.linear(at + names.query(), width, width, true),
        weights.linear(at + names.key(), width, width, true),
        weights.linear(at + names.value(), width, width, true),
        weights.linear(at + names.attentionOutput(), width, width, true),
        weights.layerNorm(at + names.attentionNorm(), width, true, config.eps()),
        weights.linear(at + names.up(), width, config.feedForward(), true),
        weights.linear(at + names.down(), config.feedForward(), width, true),
        weights.layerNorm(at + names.outputNorm(), width, true, config.eps()));
  }

  Variable forward(Variable x, TokenBatch batch, Pass pass) {
    float dropAttention = pass.dropout(config.attentionDropout());
    AttentionSpec spec = new AttentionSpec(batch.offsets(), batch.offsets(), config.heads(), config.heads(),
        config.headDim(), (float) (1 / Math.sqrt(config.headDim())), config.causal(), Integer.MAX_VALUE, 0, dropAttention,
        dropAttention > 0 ? pass.random(Pass.site("attention.probabilities", index)) : null);
    Variable q = query.forward(x, pass);
    Variable k = key.forward(x, pass);
    Variable v = value.forward(x, pass);
    Variable attended = pass.prefix() == null ? AttentionOps.attention(spec, q, k, v)
        : pass.prefix().attention(spec, index, q, k, v);
    q.spent();
    k.spent();
    v.spent();
    Variable mixed = pass.droppedOut(attentionOutput.forward(attended, pass), config.dropout(), Pass.site("attention", index));
    attended.spent();
    Variable h = attentionNorm.forward(mixed, x);
    mixed.spent();
    Variable wide = up.forward(h, config.activation(), pass);
    Variable fed = pass.droppedOut(down.forward(wide, pass), config.dropout(), Pass.site("feedForward", index));
    wide.spent();
    Variable y = outputNorm.forward(fed, h);
    fed.spent();
    h.spent();
    return y;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    BertNames names = config.names();
    visitor.layer(names.query(), query);
    visitor.layer(names.key(), key);
    visitor.layer(names.value(), value);
    visitor.layer(names.attentionOutput(), attentionOutput);
    visitor.layer(names.attentionNorm(), attentionNorm);
    visitor.layer(names.up(), up);
    visitor.layer(names.down(), down);
    visitor.layer(names.outputNorm(), outputNorm);
  }
}
