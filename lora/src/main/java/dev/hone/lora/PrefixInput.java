package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import dev.hone.nn.AttentionPrefix;
import dev.hone.nn.InputAdapter;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.ModelConfig;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import java.util.Arrays;

/**
 * Prefix tuning: keys and values before those of every sequence. In a pass with a cache they are its first entries.
 *
 * @param prefix what attention sees
 * @param layers L
 */
record PrefixInput(AttentionPrefix prefix, int layers) implements InputAdapter {

  static PrefixInput of(ModelConfig model, PrefixConfig config, long seed) {
    int width = model.keyWidth();
    float[] values = Parts.matrix("prefix", "num_virtual_tokens", config.virtualTokens(), 2 * width * model.layers());
    new Philox(seed, Philox.stream(PromptInput.NAME.hashCode(), width)).fillNormal(values, 0, values.length, 0, 1); // as PEFT
    Tensor start = Tensor.of(values, config.virtualTokens(), 2 * width * model.layers());
    return new PrefixInput(new AttentionPrefix(new Parameter("", start, true), width), model.layers());
  }

  @Override
  public int virtualTokens() {
    return prefix.length();
  }

  @Override
  public Input apply(TokenBatch batch, Pass pass) {
    TokenBatch later = shifted(batch, prefix.length());
    if (pass.cache() == null) {
      return new Input(later, pass.withPrefix(prefix), null);
    }
    if (pass.cache().isEmpty()) {
      for (int layer = 0; layer < layers; layer++) {
        pass.cache().append(layer, prefix.keys(layer).value(), prefix.values(layer).value());
      }
    }
    return new Input(later, pass, null);
  }

  /** The batch with all positions moved. */
  static TokenBatch shifted(TokenBatch batch, int by) {
    int[] positions = Arrays.stream(batch.positions()).map(position -> position + by).toArray();
    return new TokenBatch(batch.tokens(), positions, batch.offsets(), batch.types());
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter(PromptInput.NAME, prefix.embeddings());
  }
}
