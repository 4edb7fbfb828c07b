package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * LoRA in a model: everything else is frozen, the low-rank matrices and the modules to save are trainable.
 *
 * {@snippet :
 * LoraAdapter adapter = LoraAdapter.attach(model, LoraConfig.of(8, 16), seed);
 * // train adapter.parameters()
 * AdapterFiles.save(adapter, directory, "bert-base-uncased");
 * adapter.merge(); // or: adapter.detach()
 * }
 */
public final class LoraAdapter {
  private final PretrainedModel model;
  private final LoraConfig config;
  private final Map<String, LoraLinear> layers;
  private final Map<String, Parameter> saved;

  private LoraAdapter(PretrainedModel model, LoraConfig config, Map<String, LoraLinear> layers,
      Map<String, Parameter> saved) {
    this.model = model;
    this.config = config;
    this.layers = layers;
    this.saved = saved;
  }

  /**
   * Freezes the model and puts a new adapter into it. A classifier's head is always trained and saved, whether named or not.
   *
   * @param seed of the matrices A; B starts at zero, so the model's answers do not change yet
   */
  public static LoraAdapter attach(PretrainedModel model, LoraConfig asked, long seed) {
    LoraConfig config = asked.targetModules().isEmpty()
        ? asked.withTargets(LoraConfig.usualTargets(model.config().modelType())) : asked;
    if (model.task() == Task.SEQUENCE_CLASSIFICATION) {
      Set<String> modules = new LinkedHashSet<>(config.modulesToSave());
      modules.add("classifier"); // PEFT saves these two for every classifier
      modules.add("score");
      config = config.withModulesToSave(modules);
      Set<String> inHead = headPaths(model);
      for (String name : new TreeSet<>(model.newParameters())) {
        if (inHead.contains(name.substring(0, name.lastIndexOf('.'))) && !config.saves(name)) {
          modules.add(moduleOf(name)); // an untrained part of the head is worth nothing if it is not trained and kept
        }
      }
      config = config.withModulesToSave(modules);
    }
    model.setTrainable(false);
    Map<String, LoraLinear> layers = new LinkedHashMap<>();
    Set<String> head = headPaths(model);
    List<String> linears = new ArrayList<>();
    for (Map.Entry<String, Layer> entry : model.layers().entrySet()) {
      if (!(entry.getValue() instanceof Linear linear)) {
        continue;
      }
      String path = entry.getKey();
      linears.add(path);
      if (config.targets(path, head) && !config.saves(path + ".weight")) {
        if (linear.adapter() != null) {
          throw new AdapterException("layer " + path + " has an adapter already; detach or merge that first");
        }
        layers.put(path, LoraLinear.create(path, linear, config.r(), config.scale(), config.dropout(), seed));
      }
    }
    if (layers.isEmpty()) {
      throw new AdapterException("target_modules " + config.targetModules() + " matches no linear layer; there are: "
          + kinds(linears));
    }
    layers.forEach((path, lora) -> ((Linear) model.layers().get(path)).setAdapter(lora));
    Map<String, Parameter> saved = new LinkedHashMap<>();
    LoraConfig settled = config;
    model.baseParameters().forEach((name, parameter) -> {
      if (settled.saves(name)) {
        parameter.setTrainable(true);
        saved.put(name, parameter);
      }
    });
    model.parameters().forEach((name, parameter) -> parameter.rename(name));
    return new LoraAdapter(model, config, layers, saved);
  }

  private static String moduleOf(String parameter) {
    String path = parameter.substring(0, parameter.lastIndexOf('.'));
    return path.substring(path.lastIndexOf('.') + 1).equals("dense") || path.endsWith("out_proj")
        ? path.substring(path.lastIndexOf('.', path.lastIndexOf('.') - 1) + 1) : path.substring(path.lastIndexOf('.') + 1);
  }

  private static Set<String> headPaths(PretrainedModel model) {
    Set<String> paths = new LinkedHashSet<>();
    new LayerVisitor() {
      @Override
      protected void enter(String path, Layer layer) {
        paths.add(path);
      }
    }.layer("", model.head());
    return paths;
  }

  /** The last parts of layer names, once each: what can be named as a target. */
  private static String kinds(List<String> paths) {
    Set<String> kinds = new LinkedHashSet<>();
    paths.forEach(path -> kinds.add(path.substring(path.lastIndexOf('.') + 1)));
    return String.join(", ", kinds);
  }

  /** The adapted model. */
  public PretrainedModel model() {
    return model;
  }

  /** The configuration, with the targets and modules that were settled on. */
  public LoraConfig config() {
    return config;
  }

  /** All trainable parameters by name: the matrices A and B, then the modules to save. */
  public Map<String, Parameter> parameters() {
    Map<String, Parameter> all = new LinkedHashMap<>();
    layers.forEach((path, lora) -> {
      all.put(path + ".lora_A.weight", lora.a());
      all.put(path + ".lora_B.weight", lora.b());
    });
    all.putAll(saved);
    return all;
  }

  /** The targets by PEFT's short names: the last parts of the paths, or what the configuration asked for by pattern. */
  Set<String> targetNames() {
    if (!config.targetModules().equals(List.of(LoraConfig.ALL_LINEAR))) {
      return new TreeSet<>(config.targetModules());
    }
    return new TreeSet<>(layers.keySet()); // full paths: short names could also match the head
  }

  /** Whether the adapted layers store their weights [in, out]. */
  boolean fanInFanOut() {
    Map<String, Layer> all = model.layers();
    return layers.keySet().stream().anyMatch(path -> !((Linear) all.get(path)).isTransposed());
  }

  /** The paths of the adapted layers. */
  public Set<String> targets() {
    return layers.keySet();
  }

  /**
   * Adds the adapter to the weights of its layers, which become F32, and takes it out. The answers stay the same to
   * rounding.
   */
  public void merge() {
    Map<String, Layer> all = model.layers();
    layers.forEach((path, lora) -> lora.mergeInto((Linear) all.get(path)));
    detach();
  }

  /** Takes the adapter out; modules that were trained whole stay as they are. */
  public void detach() {
    Map<String, Layer> all = model.layers();
    layers.keySet().forEach(path -> ((Linear) all.get(path)).setAdapter(null));
  }
}
