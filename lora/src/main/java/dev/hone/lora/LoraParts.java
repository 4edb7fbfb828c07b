package dev.hone.lora;

import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import dev.hone.nn.Embedding;
import dev.hone.nn.Layer;
import dev.hone.nn.Linear;
import dev.hone.nn.PretrainedModel;
import java.util.Map;

/** Makes what LoRA puts into a model. */
final class LoraParts {
  private final LoraConfig config;
  private final long seed;
  private final Parts parts = new Parts();

  private LoraParts(LoraConfig config, long seed) {
    this.config = config;
    this.seed = seed;
  }

  /** Pieces for the chosen layers, with the values that training starts from. */
  static Parts of(PretrainedModel model, LoraConfig config, Map<String, Layer> chosen, long seed) {
    LoraParts maker = new LoraParts(config, seed);
    chosen.forEach((path, layer) -> {
      switch (layer) {
        case Linear linear -> maker.add(path, linear);
        case Embedding table -> maker.add(path, table);
        default -> throw new AssertionError(path);
      }
    });
    if (config.bias() != LoraConfig.Bias.NONE) {
      maker.addBiases(model);
    }
    return maker.parts;
  }

  private void add(String path, Linear linear) {
    LoraLinear lora = config.init().kind() == LoraInit.Kind.PISSA ? pissa(path, linear) : fresh(path, linear);
    parts.linears().put(path, config.dora() ? new DoraLinear(lora, linear) : lora);
  }

  private LoraLinear fresh(String path, Linear linear) {
    int rank = config.rank(path);
    float[] a = new float[Math.multiplyExact(rank, linear.inputs())];
    float[] b = new float[Math.multiplyExact(linear.outputs(), rank)];
    Philox random = new Philox(seed, Philox.stream(path.hashCode(), rank));
    switch (config.init().kind()) {
      case GAUSSIAN -> random.fillNormal(a, 0, a.length, 0, 1f / rank);
      case ZERO -> fillUniform(random, b, 1 / Math.sqrt(rank));
      default -> fillUniform(random, a, 1 / Math.sqrt(linear.inputs()));
    }
    return new LoraLinear(Tensor.of(a, rank, linear.inputs()), Tensor.of(b, linear.outputs(), rank), config.scale(path),
        config.dropout(), path);
  }

  private static void fillUniform(Philox random, float[] target, double bound) {
    random.fillUniform(target, 0, target.length, (float) -bound, (float) bound);
  }

  /** A and B from the largest singular values; the base keeps the rest. */
  private LoraLinear pissa(String path, Linear linear) {
    if (linear.weight().value().isQuantized()) {
      throw new AdapterException("pissa: " + path + " is quantised (" + linear.weight().value().dtype() + "), and pissa changes "
          + "the weights of its base; start with another init_lora_weights, or load the base unquantised");
    }
    int rank = config.rank(path);
    int most = Math.min(linear.inputs(), linear.outputs());
    if (rank > most) {
      throw new AdapterException("pissa: " + path + " is " + linear.weight().shape() + ", which has " + most
          + " singular values, fewer than r " + rank);
    }
    double[][] byInput = columns(linear);
    Svd svd = config.init().iterations() == 0 ? Svd.of(byInput)
        : Svd.largest(byInput, rank, config.init().iterations(), new Philox(seed, Philox.stream(path.hashCode(), rank)));
    float scale = config.scale(path);
    float[] a = new float[rank * linear.inputs()];
    float[] b = new float[linear.outputs() * rank];
    for (int r = 0; r < rank; r++) {
      double root = Math.sqrt(svd.s()[r] / scale);
      for (int i = 0; i < linear.inputs(); i++) {
        a[r * linear.inputs() + i] = (float) (root * svd.v()[r][i]);
      }
      for (int o = 0; o < linear.outputs(); o++) {
        b[o * rank + r] = (float) (root * svd.u()[r][o]);
      }
    }
    Tensor down = Tensor.of(a, rank, linear.inputs());
    Tensor up = Tensor.of(b, linear.outputs(), rank);
    Tensor residual = linear.weight().value().copy().keep();
    LoraLinear.addProduct(residual, linear.isTransposed(), down, up, -scale);
    parts.exchanges().put(path + ".weight", new Exchange(linear.weight(), residual, false));
    parts.starts().put(path, new Tensor[] {down.copy().keep(), up.copy().keep()});
    return new LoraLinear(down, up, scale, config.dropout(), path);
  }

  /** The weight as [out, in], its columns as arrays. */
  private static double[][] columns(Linear linear) {
    float[] values = linear.weight().value().toFloatArray();
    double[][] columns = new double[linear.inputs()][linear.outputs()];
    for (int i = 0; i < linear.inputs(); i++) {
      for (int o = 0; o < linear.outputs(); o++) {
        columns[i][o] = values[linear.isTransposed() ? o * linear.inputs() + i : i * linear.outputs() + o];
      }
    }
    return columns;
  }

  private void add(String path, Embedding table) {
    if (config.dora() || config.init().kind() == LoraInit.Kind.PISSA) {
      throw new AdapterException((config.dora() ? "use_dora" : "pissa") + " is for linear layers, " + path + " is an embedding; "
          + "take it out of target_modules");
    }
    int rank = config.rank(path);
    int rows = table.weight().shape().dim(0);
    int width = table.weight().shape().dim(1);
    float[] b = new float[Math.multiplyExact(width, rank)];
    new Philox(seed, Philox.stream(path.hashCode(), rank)).fillNormal(b, 0, b.length, 0, 1); // PEFT's rule for tables
    parts.embeddings().put(path, new LoraEmbedding(Tensor.of(new float[Math.multiplyExact(rank, rows)], rank, rows),
        Tensor.of(b, width, rank), config.scale(path)));
  }

  private void addBiases(PretrainedModel model) {
    model.baseParameters().forEach((name, parameter) -> {
      String layer = name.endsWith(".bias") ? name.substring(0, name.length() - ".bias".length()) : null;
      if (layer == null || config.saves(layer)) {
        return;
      }
      if (parts.linears().containsKey(layer)) {
        parts.train(layer + ".base_layer.bias", parameter);
      } else if (config.bias() == LoraConfig.Bias.ALL) {
        parts.train(name, parameter);
      }
    });
  }
}
