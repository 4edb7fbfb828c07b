package dev.hone.lora;

import dev.hone.core.NearNames;
import dev.hone.nn.Layer;
import dev.hone.nn.Linear;
import dev.hone.nn.LinearAdapter;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Several adapters on one base model, of which there is never a second copy.
 *
 * {@snippet :
 * Adapters adapters = new Adapters(model);
 * adapters.load("legal", Path.of("legal"));
 * adapters.load("medical", Path.of("medical"));
 * adapters.activate("legal");
 * Pass pass = adapters.perSequence(batch, List.of("legal", "medical"), Pass.inference());
 * Variable logits = model.forward(batch, pass);
 * }
 */
public final class Adapters {
  private final PretrainedModel model;
  private final Map<String, Adapter> byName = new LinkedHashMap<>();
  private List<String> active = List.of();
  private List<String> shared = List.of(); // those that share slots, in the order of routes
  private final Map<Linear, LinearAdapter> slots = new LinkedHashMap<>();

  /** None yet; the model has none either. */
  public Adapters(PretrainedModel model) {
    this.model = model;
  }

  /** Loads an adapter, which is not active yet. */
  public Adapter load(String name, Path directory) {
    return add(name, () -> AdapterFiles.load(directory, model));
  }

  /** Adds a new, untrained adapter, which is not active yet. */
  public Adapter add(String name, AdapterConfig config, long seed) {
    return add(name, () -> Adapter.attach(model, config, seed));
  }

  private Adapter add(String name, Supplier<Adapter> maker) {
    if (byName.containsKey(name)) {
      throw new AdapterException("there is an adapter '" + name + "' already; remove it first");
    }
    List<String> before = active;
    deactivate();
    try {
      Adapter adapter = maker.get();
      adapter.detach();
      byName.put(name, adapter);
      return adapter;
    } finally {
      activate(before.toArray(String[]::new));
    }
  }

  /** The names. */
  public Set<String> names() {
    return Collections.unmodifiableSet(byName.keySet());
  }

  /** An adapter by name. */
  public Adapter get(String name) {
    Adapter adapter = byName.get(name);
    if (adapter == null) {
      throw new AdapterException("no adapter '" + name + "'; near: " + String.join(", ", NearNames.of(name, byName.keySet())));
    }
    return adapter;
  }

  /** The names of those that are active. */
  public List<String> active() {
    return active;
  }

  /** Makes these the active ones: none for the base alone, one, or several of LoRA, whose changes add up. */
  public void activate(String... names) {
    List<Adapter> chosen = Arrays.stream(names).map(this::get).toList();
    if (names.length > 1) {
      for (int i = 0; i < names.length; i++) {
        requireSlotsOnly(names[i], chosen.get(i), "be active with others");
        requireLora(names[i], chosen.get(i), "be active with others");
      }
    }
    deactivate();
    if (names.length == 1) {
      chosen.getFirst().reattach();
    } else if (names.length > 1) {
      share(List.of(names), pieces -> {
        Map<String, LoraLinear> sum = new LinkedHashMap<>();
        pieces.forEach((name, piece) -> sum.put(name, (LoraLinear) piece));
        return new LoraSum(sum);
      });
    }
    active = List.of(names);
  }

  /** What stands in a slot that several adapters share, from the piece of each that has one. */
  private interface Sharing {
    LinearAdapter of(Map<String, LinearPiece> pieces);
  }

  private void share(List<String> names, Sharing sharing) {
    Set<String> paths = new LinkedHashSet<>();
    names.forEach(name -> paths.addAll(get(name).parts().linears().keySet()));
    Map<String, Layer> layers = model.layers();
    for (String path : paths) {
      Map<String, LinearPiece> pieces = new LinkedHashMap<>();
      for (String name : names) {
        LinearPiece piece = get(name).parts().linears().get(path);
        if (piece != null) {
          pieces.put(name, piece);
        }
      }
      Linear linear = (Linear) layers.get(path);
      LinearAdapter slot = sharing.of(pieces);
      linear.setAdapter(slot);
      slots.put(linear, slot);
    }
    shared = names;
    model.parameters().forEach((name, parameter) -> parameter.rename(name));
  }

  private void deactivate() {
    if (active.size() == 1) {
      get(active.getFirst()).detach();
    }
    slots.keySet().forEach(linear -> linear.setAdapter(null));
    slots.clear();
    shared = List.of();
    active = List.of();
  }

  /**
   * A pass in which every sequence goes through an adapter of its own. Until others are activated, passes that this method did
   * not make see the base alone.
   *
   * @param names one per sequence of the batch; null or empty for the base alone
   * @param pass what else the pass is
   */
  public Pass perSequence(TokenBatch batch, List<String> names, Pass pass) {
    if (names.size() != batch.sequences()) {
      throw new IllegalArgumentException("perSequence: " + names.size() + " names for " + batch.sequences() + " sequences");
    }
    List<String> used = names.stream().filter(name -> name != null && !name.isEmpty()).distinct().sorted().toList();
    used.forEach(name -> requireSlotsOnly(name, get(name), "be chosen per sequence"));
    if (!active.isEmpty() || !shared.containsAll(used)) {
      deactivate();
      List<String> all = byName.keySet().stream()
          .filter(name -> isSlotsOnly(byName.get(name))).toList(); // all that could be wanted next
      share(all, pieces -> new RoutedLinear(all, all.stream().map(pieces::get).toList()));
    }
    int[] routes = new int[batch.size()];
    for (int s = 0; s < batch.sequences(); s++) {
      Arrays.fill(routes, batch.offsets()[s], batch.offsets()[s + 1], shared.indexOf(names.get(s))); // -1 is the base
    }
    return pass.withRoutes(routes);
  }

  /**
   * Adds a LoRA adapter that is a weighted combination of others, as PEFT's {@code add_weighted_adapter}.
   *
   * @param rank for {@link Combination#SVD}; 0 for the largest of the ranks
   */
  public Adapter combine(String name, List<String> names, double[] weights, Combination how, int rank) {
    if (names.isEmpty() || names.size() != weights.length) {
      throw new IllegalArgumentException("combine: " + names.size() + " adapters, " + weights.length + " weights");
    }
    List<Adapter> sources = names.stream().map(this::get).toList();
    for (int i = 0; i < sources.size(); i++) {
      requireSlotsOnly(names.get(i), sources.get(i), "be combined");
      requireLora(names.get(i), sources.get(i), "be combined");
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
    return adapter.parts().exchanges().isEmpty() && adapter.parts().input() == null && adapter.parts().embeddings().isEmpty();
  }

  private static void requireSlotsOnly(String name, Adapter adapter, String what) {
    if (!isSlotsOnly(adapter)) {
      throw new AdapterException("adapter '" + name + "' cannot " + what + ": it has more than pieces of linear layers ("
          + (adapter.parts().input() != null ? "a prompt or prefix"
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
  public void remove(String name) {
    get(name);
    if (active.contains(name) || shared.contains(name)) {
      deactivate();
    }
    byName.remove(name);
  }
}
