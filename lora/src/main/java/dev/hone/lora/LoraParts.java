package dev.hone.lora;

import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import dev.hone.nn.CausalHead;
import dev.hone.nn.Embedding;
import dev.hone.nn.Layer;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import java.util.Arrays;
import java.util.Map;

/** Makes what LoRA puts into a model. */
final class LoraParts {
  private static final double MIN_GAP = 1e-4; // of the largest singular value; below, float32 does not tell vectors apart
  private static final double INDEPENDENT = 1e-5; // of a column's length; PEFT decomposes in float32

  private final Selection selection;
  private final PretrainedModel model;
  private final LoraConfig config;
  private final long seed;
  private final Parts parts = new Parts();

  private LoraParts(Selection selection, LoraConfig config, long seed) {
    this.selection = selection;
    this.model = selection.model();
    this.config = config;
    this.seed = seed;
  }

  /** Pieces for the chosen layers, with the values that training starts from. */
  static Parts of(Selection selection, LoraConfig config, Map<String, Layer> chosen, long seed) {
    LoraParts maker = new LoraParts(selection, config, seed);
    Tie tie = selection.tie();
    chosen.forEach((path, layer) -> {
      switch (layer) {
        case Linear linear -> maker.add(path, linear);
        case Embedding table -> maker.add(path, table);
        default -> throw new AssertionError(path);
      }
    });
    if (tie != null && tie.adaptedTogether(config)) {
      maker.addTied(tie);
    }
    if (config.bias() != LoraConfig.Bias.NONE) {
      maker.addBiases();
    }
    return maker.parts;
  }

  private void add(String path, Linear linear) {
    LoraLinear lora = config.init().takesFromBase() ? taken(path, linear) : fresh(path, linear);
    parts.linears().put(path, config.dora() ? new DoraLinear(lora, linear) : lora);
  }

  private LoraLinear fresh(String path, Linear linear) {
    int rank = rank(path);
    float[] a = Parts.matrix("layer " + path, "r", rank, linear.inputs());
    float[] b = Parts.matrix("layer " + path, "r", rank, linear.outputs());
    Philox random = new Philox(seed, Philox.stream(path.hashCode(), rank));
    switch (config.init().kind()) {
      case GAUSSIAN -> random.fillNormal(a, 0, a.length, 0, 1f / rank);
      case ZERO -> fillUniform(random, b, 1 / Math.sqrt(rank));
      default -> fillUniform(random, a, 1 / Math.sqrt(linear.inputs()));
    }
    return new LoraLinear(Tensor.of(a, rank, linear.inputs()), Tensor.of(b, linear.outputs(), rank),
        config.loraBias(), scale(path), config.dropout(), path);
  }

  private static void fillUniform(Philox random, float[] target, double bound) {
    random.fillUniform(target, 0, target.length, (float) -bound, (float) bound);
  }

  /** A and B from the weight; the base keeps the rest. */
  private LoraLinear taken(String path, Linear linear) {
    if (linear.weight().value().isQuantized()) {
      throw new AdapterException(config.init() + ": " + path + " is quantised (" + linear.weight().value().dtype() + "), and "
          + config.init() + " changes the weights of its base; start with another init_lora_weights, or load the base "
          + "unquantised");
    }
    int rank = rank(path);
    int most = Math.min(linear.inputs(), linear.outputs());
    if (rank > most) {
      throw new AdapterException(config.init() + ": " + path + " is " + linear.weight().shape() + ", which has rank " + most
          + " at most, less than r " + rank);
    }
    float scale = scale(path);
    Tensor[] start = config.init().kind() == LoraInit.Kind.PISSA ? pissa(path, linear, rank, scale) : olora(path, linear, rank);
    Tensor residual = linear.weight().value().copy().keep();
    LoraLinear.addProduct(residual, linear.isTransposed(), start[0], start[1], -scale);
    parts.exchanges().put(path + ".weight", new Exchange(linear.weight(), residual, false));
    parts.starts().put(path, new Tensor[] {start[0].copy().keep(), start[1].copy().keep()});
    return new LoraLinear(start[0], start[1], false, scale, config.dropout(), path);
  }

  /** The largest singular values, their roots in both matrices. */
  private Tensor[] pissa(String path, Linear linear, int rank, float scale) {
    double[][] byInput = columns(linear);
    Svd svd = config.init().iterations() == 0 ? Svd.of(byInput)
        : Svd.largest(byInput, rank, config.init().iterations(), new Philox(seed, Philox.stream(path.hashCode(), rank)));
    if (selection.stored() && rank < svd.s().length && svd.s()[rank - 1] - svd.s()[rank] < MIN_GAP * svd.s()[0]) {
      throw new AdapterException("pissa: singular values " + rank + " and " + (rank + 1) + " of " + path + " are too near ("
          + (float) svd.s()[rank - 1] + ", " + (float) svd.s()[rank] + ") to tell what training took from the base; convert the "
          + "adapter where it was made");
    }
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
    return new Tensor[] {Tensor.of(a, rank, linear.inputs()), Tensor.of(b, linear.outputs(), rank)};
  }

  /** The first columns of Q and the first rows of R of the weight's decomposition Q · R. */
  private Tensor[] olora(String path, Linear linear, int rank) {
    if (!linear.isTransposed()) {
      throw new AdapterException("olora: " + path + " stores its weight [in, out], which PEFT does not decompose");
    }
    double[][] byInput = columns(linear);
    double[][] q = Svd.orthonormal(Arrays.copyOf(byInput, rank));
    float[] a = new float[rank * linear.inputs()];
    float[] b = new float[linear.outputs() * rank];
    for (int r = 0; r < rank; r++) {
      if (Math.abs(Svd.dot(q[r], byInput[r])) <= INDEPENDENT * Math.sqrt(Svd.dot(byInput[r], byInput[r]))) {
        throw new AdapterException("olora: column " + r + " of " + path + " depends on those before it, so that nobody can say "
            + "what training took from the base");
      }
      for (int i = 0; i < linear.inputs(); i++) {
        a[r * linear.inputs() + i] = i < r ? 0 : (float) Svd.dot(q[r], byInput[i]); // R is upper triangular
      }
      for (int o = 0; o < linear.outputs(); o++) {
        b[o * rank + r] = (float) q[r][o];
      }
    }
    return new Tensor[] {Tensor.of(a, rank, linear.inputs()), Tensor.of(b, linear.outputs(), rank)};
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
    if (config.init().takesFromBase()) {
      throw new AdapterException(config.init() + " is for linear layers, " + path
          + " is an embedding; take it out of target_modules");
    }
    if (config.loraBias()) {
      throw new AdapterException("lora_bias is for linear layers, " + path + " is an embedding; take it out of target_modules");
    }
    int rank = rank(path);
    int rows = table.weight().shape().dim(0);
    int width = table.weight().shape().dim(1);
    float[] b = Parts.matrix("layer " + path, "r", rank, width);
    new Philox(seed, Philox.stream(path.hashCode(), rank)).fillNormal(b, 0, b.length, 0, 1); // PEFT's rule for tables
    LoraEmbedding lora = new LoraEmbedding(Tensor.of(Parts.matrix("layer " + path, "r", rank, rows), rank, rows),
        Tensor.of(b, width, rank), scale(path));
    parts.embeddings().put(path, config.dora() ? new DoraEmbedding(lora, table) : lora);
  }

  /** The head gets what the table has. */
  private void addTied(Tie tie) {
    if (config.dora()) {
      throw new AdapterException("ensure_weight_tying: use_dora gives " + tie.headPath() + " and " + tie.tablePath()
          + " sizes of their own; choose one of them");
    }
    if (!(parts.embeddings().get(tie.tablePath()) instanceof LoraEmbedding table)) {
      throw new AdapterException("ensure_weight_tying: " + tie.tablePath() + " is excluded, and " + tie.headPath()
          + " follows it");
    }
    parts.linears().put(tie.headPath(),
        new TiedLora(table, scale(tie.headPath()), config.dropout(), Pass.site("lora." + tie.headPath(), 0)));
  }

  /** Makes what was made act only behind the tokens that wake it. */
  static void awaken(PretrainedModel model, LoraConfig config, Parts parts) {
    String head = model.head() instanceof CausalHead causal ? model.layers().entrySet().stream()
        .filter(entry -> entry.getValue() == causal.projection()).map(Map.Entry::getKey).findFirst().orElse(null) : null;
    String other = model.task() != Task.CAUSAL_LM ? "the model is for " + model.task()
        : !parts.embeddings().isEmpty() ? String.join(", ", parts.embeddings().keySet()) + " is a table"
        : parts.linears().containsKey(head) ? head + " is the head" : null;
    if (other != null) {
      throw new AdapterException("alora_invocation_tokens is for linear layers within a language model, and " + other
          + "; leave it out");
    }
    parts.linears().replaceAll((_, piece) -> new InvokedLora((LoraLinear) piece));
    parts.setInput(new InvocationInput(config.invocationTokens()));
  }

  private int rank(String path) {
    return config.rank(model.fileName(path));
  }

  private float scale(String path) {
    return config.scale(model.fileName(path));
  }

  private void addBiases() {
    model.baseParameters().forEach((name, parameter) -> {
      String layer = name.endsWith(".bias") ? name.substring(0, name.length() - ".bias".length()) : null;
      if (layer == null || config.saves(model.fileName(layer))) {
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
