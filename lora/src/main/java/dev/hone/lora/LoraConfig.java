package dev.hone.lora;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * LoRA (Hu and others 2021) and what grew from it, by PEFT's names.
 *
 * @param r R, the rank
 * @param alpha the adapter's output is multiplied by alpha / r
 * @param dropout on the adapter's input while training, from 0 to below 1
 * @param targets which linear layers and embeddings
 * @param modulesToSave parts that are trained whole and stored with the adapter, such as {@code classifier}
 * @param bias which biases are trained, too
 * @param rankPattern ranks of some layers: ends of their paths, or regular expressions for them; the first that fits counts
 * @param alphaPattern the same for alpha
 * @param rslora whether the output is multiplied by alpha / √r instead (Kalajdzievski 2023)
 * @param dora whether every output's size is trained apart from its direction (Liu and others 2024)
 * @param init how the matrices start
 * @param ensureWeightTying whether a table of embeddings and a head that share their weight go on sharing what is trained of it
 * @param loraBias whether B has a bias, [out], which is multiplied by alpha / r, too
 * @param trainableTokens tokens whose rows of the tables are trained besides
 * @param invocationTokens what wakes the adapter (aLoRA, Greenewald and others 2025): in every sequence it acts from the last
 *     place on where these tokens stand, and nowhere without them; empty for everywhere
 * @param base what is made of the base model first
 */
public record LoraConfig(int r, double alpha, float dropout, Targets targets, List<String> modulesToSave, Bias bias,
    Map<String, Integer> rankPattern, Map<String, Double> alphaPattern, boolean rslora, boolean dora, LoraInit init,
    boolean ensureWeightTying, boolean loraBias, TokenIndices trainableTokens, List<Integer> invocationTokens, Base base)
    implements AdapterConfig {
  /** All linear layers but the head. */
  public static final String ALL_LINEAR = Targets.ALL_LINEAR;
  static final String TYPE = "LORA";

  /**
   * What is made of a base model before an adapter comes into it.
   *
   * @param layers which of its layers stand where, as PEFT's {@code layer_replication}; empty for all of them in their order
   * @param below directories of adapters that are merged into it, one after the other
   */
  public record Base(List<Layers> layers, List<Path> below) {
    /** The base as it is. */
    public static final Base AS_IT_IS = new Base(List.of(), List.of());

    public Base {
      layers = List.copyOf(layers);
      below = List.copyOf(below);
    }
  }

  /**
   * Layers of a base in their order.
   *
   * @param from the first, counted from 0
   * @param to the one behind the last
   */
  public record Layers(int from, int to) {
    public Layers {
      if (from < 0 || to < from) {
        throw new IllegalArgumentException("layer_replication: layers from " + from + " to " + to);
      }
    }
  }

  /** Which biases of the model are trained with the adapter. */
  public enum Bias {
    /** None. */
    NONE,
    /** All of them. */
    ALL,
    /** Those of the layers that have an adapter. */
    LORA_ONLY
  }

  public LoraConfig {
    if (r < 1) {
      throw new IllegalArgumentException("LoraConfig: r must be at least 1, got " + r);
    }
    requireFinite("lora_alpha", alpha);
    alphaPattern.forEach((name, own) -> requireFinite("alpha_pattern of '" + name + "'", own));
    if (!(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException("LoraConfig: dropout must be from 0 to below 1, got " + dropout);
    }
    rankPattern.forEach((name, rank) -> {
      if (rank < 1) {
        throw new IllegalArgumentException("LoraConfig: rank_pattern of '" + name + "' must be at least 1, got " + rank);
      }
    });
    if (dora && init.takesFromBase()) {
      throw new IllegalArgumentException("LoraConfig: use_dora keeps the sizes of the weights, which " + init + " takes apart; "
          + "choose one of them");
    }
    if (loraBias && (dora || init.kind() != LoraInit.Kind.KAIMING && init.kind() != LoraInit.Kind.ZERO)) {
      throw new IllegalArgumentException("LoraConfig: lora_bias is for plain LoRA, not for " + (dora ? "use_dora" : init)
          + "; choose one of them");
    }
    if (!invocationTokens.isEmpty() && (dora || init.takesFromBase())) {
      throw new IllegalArgumentException("LoraConfig: alora_invocation_tokens is for plain LoRA, not for "
          + (dora ? "use_dora" : init) + "; choose one of them");
    }
    invocationTokens = List.copyOf(invocationTokens);
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
  }

  private static void requireFinite(String what, double alpha) {
    if (!Float.isFinite((float) alpha)) {
      throw new IllegalArgumentException("LoraConfig: " + what + " must be finite, also as a float, got " + alpha);
    }
  }

  /** Plain LoRA; no targets mean the family's usual ones. */
  public LoraConfig(int r, double alpha, float dropout, List<String> targetModules, List<String> modulesToSave) {
    this(r, alpha, dropout, Targets.of(targetModules), modulesToSave, Bias.NONE, Map.of(), Map.of(), false, false,
        LoraInit.KAIMING, false, false);
  }

  /** A configuration without trained tokens. */
  public LoraConfig(int r, double alpha, float dropout, Targets targets, List<String> modulesToSave, Bias bias,
      Map<String, Integer> rankPattern, Map<String, Double> alphaPattern, boolean rslora, boolean dora, LoraInit init,
      boolean ensureWeightTying, boolean loraBias) {
    this(r, alpha, dropout, targets, modulesToSave, bias, rankPattern, alphaPattern, rslora, dora, init, ensureWeightTying,
        loraBias, TokenIndices.NONE);
  }

  /** A configuration that acts everywhere, on the base as it is. */
  public LoraConfig(int r, double alpha, float dropout, Targets targets, List<String> modulesToSave, Bias bias,
      Map<String, Integer> rankPattern, Map<String, Double> alphaPattern, boolean rslora, boolean dora, LoraInit init,
      boolean ensureWeightTying, boolean loraBias, TokenIndices trainableTokens) {
    this(r, alpha, dropout, targets, modulesToSave, bias, rankPattern, alphaPattern, rslora, dora, init, ensureWeightTying,
        loraBias, trainableTokens, List.of(), Base.AS_IT_IS);
  }

  /** Rank and alpha, with everything else as usual: no dropout, the family's usual layers, the head saved. */
  public static LoraConfig of(int r, double alpha) {
    return new LoraConfig(r, alpha, 0, List.of(), List.of());
  }

  /** These modules of all layers as targets. */
  public LoraConfig withTargets(List<String> modules) {
    return withTargets(Targets.of(modules));
  }

  /** These targets instead. */
  public LoraConfig withTargets(Targets other) {
    return new LoraConfig(r, alpha, dropout, other, modulesToSave, bias, rankPattern, alphaPattern, rslora, dora, init,
        ensureWeightTying, loraBias, trainableTokens, invocationTokens, base);
  }

  /** These modules trained whole instead. */
  @Override
  public LoraConfig withModulesToSave(Collection<String> modules) {
    return new LoraConfig(r, alpha, dropout, targets, List.copyOf(new LinkedHashSet<>(modules)), bias, rankPattern,
        alphaPattern, rslora, dora, init, ensureWeightTying, loraBias, trainableTokens, invocationTokens, base);
  }

  /** Biases trained, too. */
  public LoraConfig withBias(Bias other) {
    return new LoraConfig(r, alpha, dropout, targets, modulesToSave, other, rankPattern, alphaPattern, rslora, dora, init,
        ensureWeightTying, loraBias, trainableTokens, invocationTokens, base);
  }

  /** Other ranks and alphas for some layers. */
  public LoraConfig withPatterns(Map<String, Integer> ranks, Map<String, Double> alphas) {
    return new LoraConfig(r, alpha, dropout, targets, modulesToSave, bias, ranks, alphas, rslora, dora, init,
        ensureWeightTying, loraBias, trainableTokens, invocationTokens, base);
  }

  /** With alpha / √r or with alpha / r. */
  public LoraConfig withRslora(boolean use) {
    return new LoraConfig(r, alpha, dropout, targets, modulesToSave, bias, rankPattern, alphaPattern, use, dora, init,
        ensureWeightTying, loraBias, trainableTokens, invocationTokens, base);
  }

  /** With or without sizes of their own for the outputs. */
  public LoraConfig withDora(boolean use) {
    return new LoraConfig(r, alpha, dropout, targets, modulesToSave, bias, rankPattern, alphaPattern, rslora, use, init,
        ensureWeightTying, loraBias, trainableTokens, invocationTokens, base);
  }

  /** With another rule by which A and B start. */
  public LoraConfig withInit(LoraInit other) {
    return new LoraConfig(r, alpha, dropout, targets, modulesToSave, bias, rankPattern, alphaPattern, rslora, dora, other,
        ensureWeightTying, loraBias, trainableTokens, invocationTokens, base);
  }

  /** With or without keeping a tied head and its table the same. */
  public LoraConfig withEnsureWeightTying(boolean ensure) {
    return new LoraConfig(r, alpha, dropout, targets, modulesToSave, bias, rankPattern, alphaPattern, rslora, dora, init, ensure,
        loraBias, trainableTokens, invocationTokens, base);
  }

  /** With or without a bias of B. */
  public LoraConfig withLoraBias(boolean use) {
    return new LoraConfig(r, alpha, dropout, targets, modulesToSave, bias, rankPattern, alphaPattern, rslora, dora, init,
        ensureWeightTying, use, trainableTokens, invocationTokens, base);
  }

  /** With the rows of these tokens trained, too. */
  public LoraConfig withTrainableTokens(TokenIndices tokens) {
    return new LoraConfig(r, alpha, dropout, targets, modulesToSave, bias, rankPattern, alphaPattern, rslora, dora, init,
        ensureWeightTying, loraBias, tokens, invocationTokens, base);
  }

  /** Acting only behind these tokens. */
  public LoraConfig withInvocationTokens(List<Integer> tokens) {
    return new LoraConfig(r, alpha, dropout, targets, modulesToSave, bias, rankPattern, alphaPattern, rslora, dora, init,
        ensureWeightTying, loraBias, trainableTokens, tokens, base);
  }

  /** Above stored adapters, which stay as they are: the new one is trained on the base with all of them merged into it. */
  public LoraConfig withBelow(List<Path> adapters) {
    return withBase(new Base(base.layers, adapters));
  }

  /** For a base of which something is made first. */
  LoraConfig withBase(Base other) {
    return new LoraConfig(r, alpha, dropout, targets, modulesToSave, bias, rankPattern, alphaPattern, rslora, dora, init,
        ensureWeightTying, loraBias, trainableTokens, invocationTokens, other);
  }

  /**
   * LoRA+ (Hayou and others 2024): what the learning rate is multiplied by, by part of a parameter's name. B is to learn
   * faster than A; 16 is the authors' usual ratio.
   */
  public static Map<String, Double> rateFactors(double ratio) {
    if (!(ratio > 0)) {
      throw new IllegalArgumentException("loraplus_lr_ratio must be above 0, is " + ratio);
    }
    return Map.of("lora_B", ratio);
  }

  @Override
  public String peftType() {
    return TYPE;
  }

  /** The rank of a layer. */
  public int rank(String path) {
    return pattern(rankPattern, path, r);
  }

  /** What the product of A and B is multiplied by in a layer. */
  public float scale(String path) {
    double own = pattern(alphaPattern, path, alpha);
    return (float) (rslora ? own / Math.sqrt(rank(path)) : own / rank(path));
  }

  static <T> T pattern(Map<String, T> patterns, String path, T otherwise) {
    for (Map.Entry<String, T> entry : patterns.entrySet()) {
      if (PythonRegex.compile("(.*\\.)?(" + entry.getKey() + ")").matcher(path).matches()) {
        return entry.getValue();
      }
    }
    return otherwise;
  }
}
