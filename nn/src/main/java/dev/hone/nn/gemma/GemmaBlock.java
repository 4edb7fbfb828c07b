package dev.hone.nn.gemma;

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

/** One layer: h = x + norm(attention(norm(x))), y = h + norm(feedForward(norm(h))). [N, C] -> [N, C]. */
record GemmaBlock(RmsNorm attentionNorm, RotaryAttention attention, RmsNorm attentionOutNorm, RmsNorm feedForwardNorm,
    GatedFeedForward feedForward, RmsNorm feedForwardOutNorm) implements DecoderBlock {

  static GemmaBlock load(GemmaConfig config, int index, Rotary rotary, Rotary localRotary, Weights weights) {
    String at = GemmaModel.NAMES.block(index);
    int width = config.hiddenSize();
    int window = config.windows().get(index);
    MultiHeadAttention attention = new MultiHeadAttention(index, config.heads(), config.kvHeads(), config.headDim(),
        config.scale(), true, window, config.attentionCap(), config.attentionDropout());
    RotaryAttention.Form form = new RotaryAttention.Form(config.bias(), config.bias(), false, config.headNorm(),
        GemmaModel.OFFSET, config.eps());
    return new GemmaBlock(norm(config, at + "input_layernorm", weights),
        RotaryAttention.load(attention, form, width, window == Integer.MAX_VALUE ? rotary : localRotary, at + "self_attn.",
            weights),
        norm(config, at + "post_attention_layernorm", weights), norm(config, at + "pre_feedforward_layernorm", weights),
        GatedFeedForward.load(width, config.feedForward(), false, false, config.activation(), at + "mlp.", weights),
        norm(config, at + "post_feedforward_layernorm", weights));
  }

  private static RmsNorm norm(GemmaConfig config, String name, Weights weights) {
    return weights.rmsNorm(name, config.hiddenSize(), GemmaModel.OFFSET, config.eps());
  }

  @Override
  public Variable forward(Variable x, TokenBatch batch, Pass pass) {
    Variable normed = attentionNorm.forward(x);
    Variable mixed = attention.forward(normed, batch, pass);
    normed.spent();
    Variable back = attentionOutNorm.forward(mixed);
    mixed.spent();
    Variable h = MathOps.add(x, back);
    back.spent();
    Variable inner = feedForwardNorm.forward(h);
    Variable fed = feedForward.forward(inner, pass);
    inner.spent();
    Variable out = feedForwardOutNorm.forward(fed);
    fed.spent();
    Variable y = MathOps.add(h, out);
    out.spent();
    h.spent();
    return y;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.layer("input_layernorm", attentionNorm);
    visitor.layer("self_attn", attention);
    visitor.layer("post_attention_layernorm", attentionOutNorm);
    visitor.layer("pre_feedforward_layernorm", feedForwardNorm);
    visitor.layer("mlp", feedForward);
    visitor.layer("post_feedforward_layernorm", feedForwardOutNorm);
  }
}
