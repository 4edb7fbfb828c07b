package dev.hone.nn.gpt2;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Activation;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.MultiHeadAttention;
import dev.hone.nn.decoder.DecoderBlock;
import dev.hone.nn.load.Weights;

/** One layer: h = x + attention(norm(x)), y = h + down(activation(up(norm(h)))). [N, C] -> [N, C]. */
record Gpt2Block(LayerNorm attentionNorm, MultiHeadAttention attention, Linear projections, Linear attentionOutput,
    LayerNorm feedForwardNorm, Linear up, Linear down, Activation activation, float dropout) implements DecoderBlock {

  static Gpt2Block load(Gpt2Config config, int index, Weights weights) {
    String at = Gpt2Model.NAMES.block(index);
    int width = config.hiddenSize();
    double scale = (config.scaled() ? 1 / Math.sqrt(config.headDim()) : 1) / (config.scaledByLayer() ? index + 1 : 1);
    return new Gpt2Block(weights.layerNorm(at + "ln_1", width, true, config.eps()),
        new MultiHeadAttention(index, config.heads(), config.heads(), config.headDim(), (float) scale, true, Integer.MAX_VALUE, 0,
            config.attentionDropout()),
        weights.conv1d(at + "attn.c_attn", width, 3 * width), weights.conv1d(at + "attn.c_proj", width, width),
        weights.layerNorm(at + "ln_2", width, true, config.eps()),
        weights.conv1d(at + "mlp.c_fc", width, config.feedForward()),
        weights.conv1d(at + "mlp.c_proj", config.feedForward(), width), config.activation(), config.residualDropout());
  }

  @Override
  public Variable forward(Variable x, TokenBatch batch, Pass pass) {
    int index = attention.layer();
    Variable normed = attentionNorm.forward(x);
    Variable qkv = projections.forward(normed, pass);
    normed.spent();
    Variable mixed = attention.forward(qkv, batch, pass);
    qkv.spent();
    Variable back = pass.droppedOut(attentionOutput.forward(mixed, pass), dropout, Pass.site("attention", index));
    mixed.spent();
    Variable h = MathOps.add(x, back);
    back.spent();
    Variable inner = feedForwardNorm.forward(h);
    Variable wide = up.forward(inner, activation, pass);
    inner.spent();
    Variable fed = pass.droppedOut(down.forward(wide, pass), dropout, Pass.site("feedForward", index));
    wide.spent();
    Variable y = MathOps.add(h, fed);
    fed.spent();
    h.spent();
    return y;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.layer("ln_1", attentionNorm);
    visitor.layer("attn.c_attn", projections);
    visitor.layer("attn.c_proj", attentionOutput);
    visitor.layer("ln_2", feedForwardNorm);
    visitor.layer("mlp.c_fc", up);
    visitor.layer("mlp.c_proj", down);
  }
}
