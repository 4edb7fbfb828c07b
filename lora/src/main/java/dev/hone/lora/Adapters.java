package dev.hone.lora;

import dev.hone.autograd.Variable;
import dev.hone.core.NearNames;
import dev.hone.nn.Labels;
import dev.hone.nn.Layer;
import dev.hone.nn.Linear;
import dev.hone.nn.LinearAdapter;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Several adapters on one base model, of whose weights there is never a second copy.
 *
 * {@snippet :
 * Adapters adapters = new Adapters(model);
 * adapters.load("legal", Path.of("legal"));
 * adapters.load("medical", Path.of("medical"));
 * Variable logits = adapters.model("legal").forward(batch, Pass.inference()); // chosen per call
 * adapters.activate("medical"); // what model.forward answers with from now on
 * logits = adapters.forward(batch, List.of("legal", "medical"), Pass.inference()); // chosen per sequence
 * }
 *
 * <p>Safe for use by several threads: every adapter has a {@link PretrainedModel#twin twin} of the base, which nothing is put
 * into or taken from again. A pass that has begun goes on with the adapters that it began with, whatever is loaded, activated or
 * removed meanwhile; a call of several passes holds on to {@link #model}.
 */
public final class Adapters {
  private final PretrainedModel model;
  private final PretrainedModel base; // the model without any
  private final Map<String, Adapter> byName = new LinkedHashMap<>();
  private List<String> active = List.of();
  private Routed routed; // null until it is wanted, and whenever adapters come or go

  /** A twin whose layers send each row through the adapter that is chosen for it, by its place in the list. */
  private record Routed(List<String> names, PretrainedModel model) {}

  /**
   * A model whose adapters are still to be loaded.
   *
   * @param model without any adapter; it answers with what is {@linkplain #activate active}
   */
  public Adapters(PretrainedModel model) {
    model.twin(); // throws if there is an adapter
    this.model = model;
    this.base = model.snapshot();
  }

  /** Loads an adapter, which is not active yet. */
  public Adapter load(String name, Path directory) {
    checkLabels(directory);
    return add(name, twin -> AdapterFiles.load(directory, twin), false);
  }

  /**
   * Loads an adapter in the place of another of this name, if there is one. Passes that have begun go on with that; it must not
   * be
   * {@linkplain #active}.
   */
  public Adapter replace(String name, Path directory) {
    checkLabels(directory);
    return add(name, twin -> AdapterFiles.load(directory, twin), true);
  }

  private void checkLabels(Path directory) {
    Labels own = AdapterFiles.labels(directory);
    if (own != null && !own.equals(base.labels())) {
      throw new AdapterException(directory + ": the adapter answers with " + words(own) + ", the others on this base with "
          + words(base.labels()) + "; load it with a base of its own");
    }
  }

  private static String words(Labels labels) {
    return labels == null ? "no labels" : labels.kind().problemType() + " " + String.join(", ", labels.names());
  }

  /** Adds a new, untrained adapter, which is not active yet. */
  public Adapter add(String name, AdapterConfig config, long seed) {
    return add(name, twin -> Adapter.attach(twin, config, seed), false);
  }

  private Adapter add(String name, Function<PretrainedModel, Adapter> maker, boolean again) {
    checkFree(name, again);
    Adapter adapter = maker.apply(base.twin()); // which reads files: calls go on meanwhile
    synchronized (this) {
      checkFree(name, again);
      byName.put(name, adapter);
      routed = null;
    }
    return adapter;
  }

  private synchronized void checkFree(String name, boolean again) {
    if (byName.containsKey(name) && !again) {
      throw new AdapterException("there is an adapter '" + name + "' already; remove it first");
    }
    if (active.contains(name)) {
      throw new AdapterException("adapter '" + name + "' is active; activate another before it is replaced");
    }
  }

  /** The names. */
  public synchronized Set<String> names() {
    return new LinkedHashSet<>(byName.keySet());
  }

  /** An adapter by name. */
  public synchronized Adapter get(String name) {
    Adapter adapter = byName.get(name);
    if (adapter == null) {
      throw new AdapterException("no adapter '" + name + "'; near: " + String.join(", ", NearNames.of(name, byName.keySet())));
    }
    return adapter;
  }

  /** The names of those that are active. */
  public synchronized List<String> active() {
    return active;
  }

  /**
   * Makes these the active ones, which {@code model} answers with from its next pass on: none for the base alone, one, or
   * several of LoRA, whose changes add up.
   */
  public synchronized void activate(String... names) {
    model.show(model(names));
    active = List.of(names);
  }

  /**
   * The base with these adapters: none, one, or several of LoRA, whose changes add up. It stays what it is when others are
   * activated, and when these are removed.
   */
  public synchronized PretrainedModel model(String... names) {
    List<Adapter> chosen = Arrays.stream(names).map(this::get).toList();
    if (names.length == 0) {
      return base;
    }
    if (names.length == 1) {
      return chosen.getFirst().model();
    }
    for (int i = 0; i < names.length; i++) {
      requireSlotsOnly(names[i], chosen.get(i), "be active with others");
      requireLora(names[i], chosen.get(i), "be active with others");
    }
    return shared(List.of(names), pieces -> {
      Map<String, LoraLinear> sum = new LinkedHashMap<>();
      pieces.forEach((name, piece) -> sum.put(name, (LoraLinear) piece));
      return new LoraSum(sum);
    });
  }

  /** A twin with slots that several adapters share, each made from the piece of every adapter that has one there. */
  private PretrainedModel shared(List<String> names, Function<Map<String, LinearPiece>, LinearAdapter> slot) {
    PretrainedModel twin = base.twin();
    Set<String> paths = new LinkedHashSet<>();
    names.forEach(name -> paths.addAll(get(name).parts().linears().keySet()));
    Map<String, Layer> layers = twin.layers();
    for (String path : paths) {
      Map<String, LinearPiece> pieces = new LinkedHashMap<>();
      for (String name : names) {
        LinearPiece piece = get(name).parts().linears().get(path);
        if (piece != null) {
          pieces.put(name, piece);
        }
      }
      ((Linear) layers.get(path)).setAdapter(slot.apply(pieces));
    }
    return twin;
  }

  /**
   * The answers of a batch in which every sequence goes through an adapter of its own, whichever are active.
   *
   * @param names one per sequence of the batch; null or empty for the base alone
   * @param pass what else the pass is
   */
  public Variable forward(TokenBatch batch, List<String> names, Pass pass) {
    if (names.size() != batch.sequences()) {
      throw new IllegalArgumentException("forward: " + names.size() + " names for " + batch.sequences() + " sequences");
    }
    Routed now = routed(names.stream().filter(name -> name != null && !name.isEmpty()).distinct().toList());
    int[] routes = new int[batch.size()];
    for (int s = 0; s < batch.sequences(); s++) {
      Arrays.fill(routes, batch.offsets()[s], batch.offsets()[s + 1], now.names.indexOf(names.get(s))); // -1 is the base
    }
    return now.model.forward(batch, pass.withRoutes(routes));
  }

  /**
   * The way of one sequence through a model that many adapters share, for those who put batches together themselves.
   *
   * @param model the same for all adapters that a batch may mix; others have a model of their own
   * @param number what {@link Pass#withRoutes} wants for every row of the sequence; -1 for the base, or where the model has one
   *     way
   */
  public record Route(PretrainedModel model, int number) {}

  /**
   * The way through the base with an adapter. It stays what it is when others come or go.
   *
   * @param name null for the base alone
   */
  public synchronized Route route(String name) {
    if (name != null && !isSlotsOnly(get(name))) {
      return new Route(get(name).model(), RoutedLinear.BASE);
    }
    if (byName.values().stream().noneMatch(Adapters::isSlotsOnly)) {
      return new Route(base, RoutedLinear.BASE);
    }
    Routed now = routed(List.of());
    return new Route(now.model, name == null ? RoutedLinear.BASE : now.names.indexOf(name));
  }

  private synchronized Routed routed(List<String> used) {
    used.forEach(name -> requireSlotsOnly(name, get(name), "be chosen per sequence"));
    if (routed == null) {
      List<String> all = byName.keySet().stream().filter(name -> isSlotsOnly(byName.get(name))).toList();
      routed = new Routed(all, shared(all, pieces -> new RoutedLinear(all, all.stream().map(pieces::get).toList())));
    }
    return routed;
  }

  /**
   * Adds a LoRA adapter that is a weighted combination of others, as PEFT's {@code add_weighted_adapter}.
   *
   * @param rank for {@link Combination#SVD}; 0 for the largest of the ranks
   */
  public synchronized Adapter combine(String name, List<String> names, double[] weights, Combination how, int rank) {
    if (names.isEmpty() || names.size() != weights.length) {
      throw new IllegalArgumentException("combine: " + names.size() + " adapters, " + weights.length + " weights");
    }
    List<Adapter> sources = names.stream().map(this::get).toList();
    for (int i = 0; i < sources.size(); i++) {
      requireSlotsOnly(names.get(i), sources.get(i), "be combined");
      requireLora(names.get(i), sources.get(i), "be combined");
      if (((LoraConfig) sources.get(i).config()).loraBias()) {
        throw new AdapterException("adapter '" + names.get(i) + "' cannot be combined: it has lora_bias, which is not a product "
            + "of matrices; activate it with the others instead, whose changes then add up");
      }
    }
    Combination.Result result = how.of(sources, weights, rank);
    LoraConfig first = (LoraConfig) sources.getFirst().config();
    boolean alike = sources.stream().allMatch(source -> ((LoraConfig) source.config()).targets().equals(first.targets()));
    List<String> paths = result.a().keySet().stream().map(model::fileName).toList();
    LoraConfig config = result.config(first, alike ? first.targets() : Targets.of(paths), model::fileName);
    Adapter combined = add(name, config, 0);
    combined.parts().linears().forEach((path, piece) -> {
      LoraLinear lora = (LoraLinear) piece;
      lora.a().setValue(result.a().get(path));
      lora.b().setValue(result.b().get(path));
    });
    return combined;
  }

  private static boolean isSlotsOnly(Adapter adapter) {
    return adapter.parts().exchanges().isEmpty() && adapter.parts().input() == null && adapter.parts().embeddings().isEmpty()
        && !standsOnOthers(adapter);
  }

  private static boolean standsOnOthers(Adapter adapter) {
    return adapter.config() instanceof LoraConfig lora && !lora.base().below().isEmpty();
  }

  private static void requireSlotsOnly(String name, Adapter adapter, String what) {
    if (standsOnOthers(adapter)) {
      throw new AdapterException("adapter '" + name + "' cannot " + what + ": it stands on others, which are merged into its "
          + "base; merge it, too (hone merge)");
    }
    if (!isSlotsOnly(adapter)) {
      throw new AdapterException("adapter '" + name + "' cannot " + what + ": it has more than pieces of linear layers ("
          + (adapter.parts().input() instanceof InvocationInput ? "tokens that wake it"
              : adapter.parts().input() != null ? "a prompt or prefix"
              : String.join(", ", adapter.parts().embeddings().isEmpty() ? adapter.parts().exchanges().keySet()
                  : adapter.parts().embeddings().keySet())) + ")");
    }
  }

  private static void requireLora(String name, Adapter adapter, String what) {
    if (!adapter.parts().linears().values().stream().allMatch(LoraLinear.class::isInstance)) {
      throw new AdapterException("adapter '" + name + "' cannot " + what + ": only changes of plain LoRA add up, it is "
          + adapter.config().peftType() + (adapter.config() instanceof LoraConfig lora && lora.dora() ? " with use_dora" : ""));
    }
  }

  /** Forgets an adapter; if it is active, the base alone is active then. */
  public synchronized void remove(String name) {
    get(name);
    if (active.contains(name)) {
      activate();
    }
    byName.remove(name);
    routed = null;
  }
}
