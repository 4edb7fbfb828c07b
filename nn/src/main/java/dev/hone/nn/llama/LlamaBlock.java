package dev.hone.nn.llama;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Pass;
import dev.hone.nn.RmsNorm;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.MultiHeadAttention;
import dev.hone.nn.decoder.DecoderBlock;
import dev.hone.nn.decoder.GatedFeedForward;
import dev.hone.nn.decoder.Rotary;
import dev.hone.nn.decoder.RotaryAttention;
import dev.hone.nn.load.Weights;

/** One layer: h = x + attention(norm(x)), y = h + feedForward(norm(h)). [N, C] -> [N, C]. */
record LlamaBlock(int index, RmsNorm attentionNorm, RotaryAttention attention, RmsNorm feedForwardNorm,
    GatedFeedForward feedForward, float dropout) implements DecoderBlock {

  static LlamaBlock load(LlamaConfig config, int index, Rotary rotary, Weights weights) {
    String at = LlamaModel.NAMES.block(index);
    int width = config.hiddenSize();
    MultiHeadAttention attention = new MultiHeadAttention(index, config.heads(), config.kvHeads(), config.headDim(),
        (float) (1 / Math.sqrt(config.headDim())), true, config.windows().get(index), 0, config.attentionDropout());
    RotaryAttention.Form form = new RotaryAttention.Form(config.attentionBias(), config.outputBias(), config.fused(),
        config.headNorm(), 0, config.eps());
    return new LlamaBlock(index, weights.rmsNorm(at + "input_layernorm", width, 0, config.eps()),
        RotaryAttention.load(attention, form, width, rotary, at + "self_attn.", weights),
        weights.rmsNorm(at + "post_attention_layernorm", width, 0, config.eps()),
        GatedFeedForward.load(width, config.feedForward(), config.feedForwardBias(), config.fused(), config.activation(),
            at + "mlp.", weights), config.residualDropout());
  }

  @Override
  public Variable forward(Variable x, TokenBatch batch, Pass pass) {
    Variable normed = attentionNorm.forward(x);
    Variable mixed = pass.droppedOut(attention.forward(normed, batch, pass), dropout, Pass.site("attention", index));
    normed.spent();
    Variable h = MathOps.add(x, mixed);
    mixed.spent();
    Variable inner = feedForwardNorm.forward(h);
    Variable fed = pass.droppedOut(feedForward.forward(inner, pass), dropout, Pass.site("feedForward", index));
    inner.spent();
    Variable y = MathOps.add(h, fed);
    fed.spent();
    h.spent();
    return y;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.layer("input_layernorm", attentionNorm);
    visitor.layer("self_attn", attention);
    visitor.layer("post_attention_layernorm", feedForwardNorm);
    visitor.layer("mlp", feedForward);
  }
}
