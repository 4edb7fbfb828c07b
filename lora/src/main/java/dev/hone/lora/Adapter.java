package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Device;
import dev.hone.core.Tensor;
import dev.hone.nn.CausalHead;
import dev.hone.nn.Embedding;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.ModelConfig;
import dev.hone.nn.PretrainedModel;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A parameter-efficient method in a model: everything else is frozen and never written.
 *
 * {@snippet :
 * Adapter adapter = Adapter.attach(model, LoraConfig.of(8, 16), seed);
 * // train adapter.parameters()
 * AdapterFiles.save(adapter, directory, "bert-base-uncased");
 * adapter.merge(); // or: adapter.detach()
 * }
 */
public final class Adapter {

  private final PretrainedModel model;
  private final AdapterConfig config;
  private final Parts parts;
  private final Untied untied; // null unless a tied head has a weight of its own as long as the adapter is there
  private final RankAllocator allocator; // null: ranks stay
  private boolean attached;

  /** The two weights of a head that was tied. */
  private record Untied(Linear projection, Parameter table, Parameter own) {}

  private Adapter(PretrainedModel model, AdapterConfig config, Parts parts, Untied untied) {
    this.model = model;
    this.config = config;
    this.parts = parts;
    this.untied = untied;
    this.allocator = allocator();
  }

  private RankAllocator allocator() {
    if (!(config instanceof AdaLoraConfig ada) || ada.budget() == null || !ada.ranks().isEmpty()) {
      return null;
    }
    Map<String, AdaLoraLinear> pieces = new LinkedHashMap<>();
    parts.linears().forEach((path, piece) -> pieces.put(path, (AdaLoraLinear) piece));
    return new RankAllocator(ada.budget(), pieces);
  }

  /**
   * Freezes the model and puts a new adapter into it. A classifier's head is always trained and saved, whether named or not.
   *
   * @param seed of what starts at random; for most methods the model's answers do not change yet
   */
  public static Adapter attach(PretrainedModel model, AdapterConfig config, long seed) {
    return attach(model, config, seed, false);
  }

  /**
   * Attaches an adapter of one's own, or that of a file.
   *
   * @param stored whether the configuration is of a file: it may name targets that the base does not have, and all that is
   *     trained whole
   */
  static Adapter attach(PretrainedModel model, AdapterConfig asked, long seed, boolean stored) {
    if (asked instanceof LoraConfig lora) {
      AdaptersBelow.prepare(model, lora);
    }
    try (PretrainedModel.Exclusive _ = model.change("attach")) {
      return attached(model, asked, seed, stored);
    }
  }

  private static Adapter attached(PretrainedModel model, AdapterConfig asked, long seed, boolean stored) {
    Tie tie = Tie.of(model);
    Selection selection = Selection.of(model, asked, stored, tie);
    AdapterConfig config = selection.config();
    boolean cut = tie != null && tie.isCut(config);
    model.setTrainable(false);
    // PEFT trains a copy of the one that is named, and so do we
    Untied untied = cut ? new Untied(tie.projection(), tie.table(), tie.cut()) : null;
    rename(model);
    Parts parts;
    try {
      parts = make(model, selection, seed);
    } catch (RuntimeException e) {
      if (cut) {
        tie.projection().setWeight(tie.table(), true);
      }
      throw e;
    }
    model.baseParameters().forEach((name, parameter) -> {
      if (selection.saves(Selection.moduleOf(name))) {
        parts.train(name, parameter);
      }
    });
    Device device = model.backbone().embeddings().weight().value().device();
    Adapter adapter = new Adapter(model, config, parts, untied);
    adapter.parameters().values().forEach(parameter -> parameter.moveTo(device));
    adapter.put(true);
    return adapter;
  }

  private static Parts make(PretrainedModel model, Selection selection, long seed) {
    Parts parts = new Parts();
    switch (selection.config()) {
      case LoraConfig lora -> {
        Parts pieces = LoraParts.of(selection, lora, selection.layers(lora.targets()), seed);
        TokenParts.add(selection, lora.trainableTokens(), pieces);
        if (!lora.invocationTokens().isEmpty()) {
          requireNoInput(model);
          LoraParts.awaken(model, lora, pieces);
        }
        return pieces;
      }
      case Ia3Config ia3 -> selection.layers(ia3.targets()).forEach((path, layer) ->
          parts.linears().put(path, Ia3Linear.of((Linear) layer, ia3.feedforward().matches(model.fileName(path)))));
      case BottleneckConfig b -> selection.layers(b.targets(model.config().targets())).forEach((path, layer) ->
          parts.linears().put(path, BottleneckLinear.of(path, (Linear) layer, b, seed)));
      case PromptConfig prompt -> {
        requireNoInput(model);
        PromptInput input = PromptInput.of(model, prompt, seed);
        parts.setInput(input);
        model.layers().forEach((path, layer) -> {
          if (layer == model.backbone().embeddings()) {
            parts.embeddings().put(path, input.rows());
          }
        });
      }
      case PrefixConfig prefix -> {
        requireNoInput(model);
        parts.setInput(PrefixInput.of(model.config(), prefix, seed));
      }
      case SubsetConfig subset -> subset(model, subset, selection, parts);
      case TokensConfig tokens -> TokenParts.add(selection, tokens.tokens(), parts);
      case VeraConfig vera -> {
        Map<String, Layer> chosen = selection.layers(vera.targets());
        int inputs = chosen.values().stream().mapToInt(layer -> ((Linear) layer).inputs()).max().orElse(1);
        int outputs = chosen.values().stream().mapToInt(layer -> ((Linear) layer).outputs()).max().orElse(1);
        VeraProjection projection = new VeraProjection(vera, inputs, outputs);
        chosen.forEach((path, layer) -> parts.linears().put(path, VeraLinear.of((Linear) layer, vera, projection, path)));
        parts.frozen().put(VeraConfig.A, projection.a());
        parts.frozen().put(VeraConfig.B, projection.b());
      }
      case LohaConfig loha -> selection.layers(loha.targets()).forEach((path, layer) ->
          parts.linears().put(path, LohaLinear.of(path, (Linear) layer, loha, model.fileName(path),
              model.config().storesInputsFirst(path + ".weight"), seed)));
      case AdaLoraConfig ada -> selection.layers(ada.targets()).forEach((path, layer) -> {
        int rank = ada.rank(model.fileName(path));
        if (rank > 0) {
          parts.linears().put(path, AdaLoraLinear.of(path, (Linear) layer, ada, rank, seed));
        }
      });
      case OftConfig oft -> selection.layers(oft.targets()).forEach((path, layer) ->
          parts.linears().put(path, new OftLinear((Linear) layer, oft)));
      case LnTuningConfig norms -> {
        Set<String> paths = selection.norms(norms.targets());
        model.baseParameters().forEach((name, parameter) -> {
          String path = Selection.moduleOf(name);
          if (paths.contains(path)) {
            parts.train(path + "." + LnTuningConfig.LAYERS + name.substring(path.length()), parameter);
          }
        });
      }
    }
    return parts;
  }

  private static void requireNoInput(PretrainedModel model) {
    if (model.inputAdapter() != null || model.backbone().embeddings().adapter() != null) {
      throw new AdapterException("the model has a prompt, a prefix or an adapter of its embeddings already; detach that first");
    }
  }

  private static void subset(PretrainedModel model, SubsetConfig config, Selection selection, Parts parts) {
    int first = model.config().layers() - config.layers();
    if (first < 0) {
      throw new AdapterException("last-n: " + config.layers() + " layers of a model that has " + model.config().layers());
    }
    boolean[] reached = {false};
    model.baseParameters().forEach((name, parameter) -> { // in the order of the model: embeddings, layers, norm, head
      int layer = ModelConfig.layerOf(name);
      reached[0] |= layer >= first && layer >= 0;
      if (selection.saves(Selection.moduleOf(name)) || config.part() == SubsetConfig.Part.BITFIT && name.endsWith(".bias")
          || config.part() == SubsetConfig.Part.LAST_N && reached[0]) {
        parts.train(name, parameter);
      }
    });
    if (config.part() == SubsetConfig.Part.BITFIT && parts.exchanges().keySet().stream()
        .allMatch(name -> selection.saves(Selection.moduleOf(name)))) {
      throw new AdapterException("bitfit trains biases, and " + model.config().modelType() + " has none outside its head");
    }
    if (parts.exchanges().isEmpty()) {
      throw new AdapterException("head: a model for " + model.task() + " has no head with weights");
    }
  }

  private static void rename(PretrainedModel model) {
    model.parameters().forEach((name, parameter) -> parameter.rename(name));
  }

  /** The adapted model. */
  public PretrainedModel model() {
    return model;
  }

  /** The configuration, with the targets and modules that were settled on. */
  public AdapterConfig config() {
    return config;
  }

  /** All trainable parameters by name; {@link AdapterConfig#fileName} is what files call them. */
  public Map<String, Parameter> parameters() {
    Map<String, Parameter> all = new LinkedHashMap<>();
    LayerVisitor collector = new LayerVisitor() {
      @Override
      protected void visit(String name, Parameter parameter) {
        all.put(name, parameter);
      }
    };
    parts.linears().forEach(collector::layer);
    parts.embeddings().forEach(collector::layer);
    if (parts.input() != null) {
      collector.layer("", parts.input());
    }
    parts.exchanges().forEach((name, exchange) -> {
      if (exchange.isTrained()) {
        all.put(name, exchange.parameter());
      }
    });
    return all;
  }

  /** What files hold besides the parameters, by their names here: PEFT stores twice what a tied head shares with its table. */
  Map<String, Tensor> copies() {
    Map<String, Tensor> copies = new LinkedHashMap<>();
    parts.linears().forEach((path, piece) -> {
      if (piece instanceof TiedLora tied) {
        copies.put(path + ".lora_A.weight", tied.down());
        copies.put(path + ".lora_B.weight", tied.up());
      }
    });
    Tie tie = Tie.of(model);
    if (tie != null && tie.savedTogether(config)) {
      copies.put(tie.headPath() + ".weight", tie.table().value());
    }
    return copies;
  }

  Parts parts() {
    return parts;
  }

  /**
   * What training adds to the mean loss of a step: for AdaLoRA how far the vectors of its decompositions are from orthonormal
   * ones, times {@code orth_reg_weight}; the mean over all A and B of the Frobenius norms of A · Aᵀ - I and Bᵀ · B - I.
   *
   * @return a number, or null where the method adds nothing
   */
  public Variable penalty() {
    return config instanceof AdaLoraConfig ada && ada.orthogonality() > 0
        ? AdaLoraLinear.penalty(parts.linears().values(), (float) ada.orthogonality()) : null;
  }

  /**
   * What cuts ranks in training, which a training loop tells of every step; {@link dev.hone.lora.AdaLoraConfig.Budget}.
   *
   * @return null where ranks stay: other methods, AdaLoRA without a budget, and ranks that were cut in an earlier run
   */
  public RankAllocator rankAllocator() {
    return allocator;
  }

  /** The paths of the layers that have a piece of the adapter. */
  public Set<String> targets() {
    Set<String> paths = new LinkedHashSet<>(parts.linears().keySet());
    paths.addAll(parts.embeddings().keySet());
    return Collections.unmodifiableSet(paths);
  }

  /** Whether the adapted layers store their weights [in, out]. */
  boolean fanInFanOut() {
    Map<String, Layer> all = model.layers();
    return parts.linears().keySet().stream().anyMatch(path -> !((Linear) all.get(path)).isTransposed());
  }

  /** How many numbers are trained, and how many there are: {@code trainable params: n || all params: m || trainable%: x}. */
  public String summary() {
    return summary(model);
  }

  /** How many numbers of a model are trained in its present state, and how many there are, as {@link #summary()} says it. */
  public static String summary(PretrainedModel model) {
    long trained = 0;
    long all = 0;
    for (Parameter parameter : model.parameters().values()) {
      all += parameter.shape().size();
      trained += parameter.requiresGradient() ? parameter.shape().size() : 0;
    }
    return String.format(Locale.ROOT, "trainable params: %,d || all params: %,d || trainable%%: %.4f", trained, all,
        100.0 * trained / all);
  }

  /**
   * Adds the adapter to the weights of its layers, which become F32, and takes it out. The answers stay the same to
   * rounding, also on a quantised base, whose layers then hold what their codes stood for, and the change: nothing is
   * quantised again. A tied head whose table changes gets a weight of its own, which {@code config.json} then says.
   */
  public void merge() {
    requireMergeable("merge");
    try (PretrainedModel.Exclusive _ = model.change("merge")) {
      untie();
      Map<String, Layer> all = model.layers();
      parts.linears().forEach((path, piece) -> {
        Linear linear = (Linear) all.get(path);
        linear.setAdapter(null);
        if (!piece.followsTable()) {
          piece.mergeInto(linear);
        }
      });
      parts.embeddings().forEach((path, piece) -> {
        Embedding table = (Embedding) all.get(path);
        ((TablePiece) piece).mergeInto(table);
        table.setAdapter(null);
      });
      model.setTrainable(false);
      rename(model);
      attached = false;
    }
  }

  /**
   * What merging changes, weight by weight and made when it is asked for, the adapter still in the model: for who writes a merged
   * model that does not fit in memory. The bits are those of {@link #merge}. A tied head whose table changes has a weight of its
   * own from here on; weights that the adapter trains whole are in the model already, and not among these.
   *
   * @return F32 tensors by the names of the weights that change; whoever asks for one inside a scope has it as long as that
   */
  public Map<String, Supplier<Tensor>> merges() {
    requireMergeable("merges");
    try (PretrainedModel.Exclusive _ = model.change("merges")) {
      untie();
    }
    Map<String, Layer> all = model.layers();
    Map<String, Supplier<Tensor>> merges = new LinkedHashMap<>();
    parts.linears().forEach((path, piece) -> {
      Linear linear = (Linear) all.get(path);
      if (!piece.followsTable()) {
        merges.put(path + ".weight", () -> piece.merged(linear));
        if (piece.mergesBias(linear)) {
          merges.put(path + ".bias", () -> piece.mergedBias(linear));
        }
      }
    });
    parts.embeddings().forEach((path, piece) ->
        merges.put(path + ".weight", () -> ((TablePiece) piece).merged((Embedding) all.get(path))));
    return merges;
  }

  private void requireMergeable(String what) {
    requireAttached(what);
    if (parts.input() != null || config instanceof BottleneckConfig) {
      throw new AdapterException((parts.input() instanceof InvocationInput ? "alora_invocation_tokens" : config.peftType())
          + " cannot be merged: it is not a change of weights; keep the adapter beside its base");
    }
    Map<String, Layer> all = model.layers();
    parts.linears().forEach((path, piece) -> {
      if (piece instanceof LoraLinear lora && !lora.fits((Linear) all.get(path))) {
        throw new AdapterException("lora_bias cannot be merged: " + path + " has no bias of its own to add it to; keep the "
            + "adapter beside its base");
      }
    });
  }

  /** Gives a head with the table of the embeddings a weight of its own where merging makes the two differ. */
  private void untie() {
    Map<String, Layer> all = model.layers();
    boolean follows = parts.linears().values().stream().anyMatch(LinearPiece::followsTable);
    parts.linears().forEach((path, piece) -> {
      if (!piece.followsTable()) {
        ((Linear) all.get(path)).unshare();
      }
    });
    parts.embeddings().keySet().forEach(path -> {
      if (!follows && model.head() instanceof CausalHead head
          && head.projection().weight() == ((Embedding) all.get(path)).weight()) {
        head.projection().unshare();
      }
    });
  }

  /** Takes the adapter out; the model is what it was before, to the bit. The adapter keeps its values. */
  public void detach() {
    requireAttached("detach");
    try (PretrainedModel.Exclusive _ = model.change("detach")) {
      put(false);
    }
  }

  /** Puts a detached adapter back. */
  public void reattach() {
    if (attached) {
      throw new IllegalStateException("reattach: the adapter is in the model already");
    }
    try (PretrainedModel.Exclusive _ = model.change("reattach")) {
      put(true);
    }
  }

  private void requireAttached(String what) {
    if (!attached) {
      throw new IllegalStateException(what + ": the adapter is not in the model");
    }
  }

  private void put(boolean in) {
    slots(in);
    parts.exchanges().values().forEach(exchange -> exchange.put(in));
    if (untied != null) {
      untied.projection.setWeight(in ? untied.own : untied.table, !in);
    }
    rename(model);
    attached = in;
  }

  private void slots(boolean in) {
    Map<String, Layer> all = model.layers();
    parts.linears().forEach((path, piece) -> ((Linear) all.get(path)).setAdapter(in ? piece : null));
    parts.embeddings().forEach((path, piece) -> ((Embedding) all.get(path)).setAdapter(in ? piece : null));
    if (parts.input() != null) {
      model.setInputAdapter(in ? parts.input() : null);
    }
  }

  /** The adapter switched off until this is closed; gradients stay. */
  public interface Off extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Switches the adapter off for a while, so that the model answers as its base does. Only for passes without gradients, and
   * while no other thread uses the model: on and off throw while another one does.
   *
   * {@snippet :
   * try (Adapter.Off _ = adapter.off(); GradMode _ = GradMode.disabled()) {
   *   base = model.forward(batch, Pass.inference());
   * }
   * }
   */
  public Off off() {
    requireAttached("off");
    flip(false);
    return () -> flip(true);
  }

  private void flip(boolean on) {
    try (PretrainedModel.Exclusive _ = model.change("off")) {
      slots(on);
      parts.exchanges().values().forEach(Exchange::swap);
    }
  }
}
