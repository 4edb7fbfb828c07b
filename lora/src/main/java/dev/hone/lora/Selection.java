package dev.hone.lora;

import dev.hone.core.NearNames;
import dev.hone.nn.Embedding;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Norm;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What a configuration means in a model. Names are matched with the paths that files have, {@link PretrainedModel#fileName};
 * results are paths of the model.
 *
 * @param config with what is not said but follows from the model
 * @param stored whether it is of a file, which may name what its base does not have
 */
record Selection(PretrainedModel model, AdapterConfig config, boolean stored, Tie tie) {
  private static final Set<String> HEADS = Set.of("classifier", "score"); // PEFT saves these two for every classifier

  static Selection of(PretrainedModel model, AdapterConfig asked, boolean stored, Tie tie) {
    AdapterConfig config = tie != null && asked instanceof LoraConfig lora ? tie.settle(lora) : asked;
    config = switch (bare(model, config)) {
      case LoraConfig lora when lora.targets().modules().isEmpty() -> lora.withTargets(usual(model, lora.targets()));
      case Ia3Config ia3 -> ia3.settled(model.config().targets().ia3());
      case VeraConfig vera when vera.targets().modules().isEmpty() -> vera.withTargets(usual(model, vera.targets()));
      case LohaConfig loha when loha.targets().modules().isEmpty() -> loha.withTargets(usual(model, loha.targets()));
      case AdaLoraConfig ada when ada.targets().modules().isEmpty() -> ada.withTargets(usual(model, ada.targets()));
      case LnTuningConfig norms -> norms.settled(model.config().targets().norms());
      case SubsetConfig head when head.part() == SubsetConfig.Part.HEAD -> head.withModulesToSave(
          Stream.concat(head.modulesToSave().stream(), headPaths(model).stream().filter(path -> !path.isEmpty())).toList());
      case AdapterConfig other -> other;
    };
    Selection selection = new Selection(model, config, stored, tie);
    if (!stored) {
      asked.modulesToSave().forEach(selection::requirePart);
    }
    return model.task().hasLabels() ? selection.withHead() : selection;
  }

  private static Targets usual(PretrainedModel model, Targets targets) {
    return targets.withModules(ModuleNames.of(model.config().targets().lora()));
  }

  /** Names of a backbone alone, where files have no prefix. */
  private static AdapterConfig bare(PretrainedModel model, AdapterConfig config) {
    if (model.task() != Task.EMBEDDING) {
      return config;
    }
    AdapterConfig saving = config.withModulesToSave(config.modulesToSave().stream().map(model::fileName).toList());
    return switch (saving) {
      case LoraConfig lora -> lora.withTargets(lora.targets().map(model::fileName));
      case Ia3Config ia3 -> new Ia3Config(ia3.targets().map(model::fileName), ia3.feedforward().map(model::fileName),
          ia3.modulesToSave());
      case VeraConfig vera -> vera.withTargets(vera.targets().map(model::fileName));
      case LohaConfig loha -> loha.withTargets(loha.targets().map(model::fileName));
      case AdaLoraConfig ada -> ada.withTargets(ada.targets().map(model::fileName));
      case OftConfig oft -> new OftConfig(oft.blocks(), oft.size(), oft.blockShare(), oft.terms(), oft.dropout(),
          oft.targets().map(model::fileName), oft.modulesToSave());
      case LnTuningConfig norms -> new LnTuningConfig(norms.targets().map(model::fileName), norms.modulesToSave());
      default -> saving;
    };
  }

  private Selection withHead() {
    Set<String> modules = new LinkedHashSet<>(config.modulesToSave());
    if (!stored) {
      modules.addAll(List.of("classifier", "score"));
    }
    AdapterConfig saving = config.withModulesToSave(modules);
    Set<String> inHead = headPaths(model);
    for (String name : new TreeSet<>(model.newParameters())) {
      if (inHead.contains(moduleOf(name)) && !saving.saves(moduleOf(name))) {
        modules.add(lastOf(moduleOf(name))); // an untrained part of the head is worth nothing if it is not trained and kept
      }
    }
    return new Selection(model, config.withModulesToSave(modules), stored, tie);
  }

  private void requirePart(String module) {
    Set<String> paths = new LinkedHashSet<>();
    model.baseParameters().keySet().forEach(name -> {
      for (String path = moduleOf(name); !path.isEmpty(); path = moduleOf(path)) {
        paths.add(model.fileName(path));
      }
    });
    if (!HEADS.contains(module) && paths.stream().noneMatch(path -> path.endsWith(model.fileName(module)))
        && (tie == null || !ModuleNames.ends(tie.headPath(), module))) {
      Set<String> known = new LinkedHashSet<>();
      paths.forEach(path -> known.add(path.substring(path.lastIndexOf('.') + 1)));
      throw new AdapterException("modules_to_save '" + module + "' is the end of no part's name; near: "
          + String.join(", ", NearNames.of(module, known)));
    }
  }

  /** The part that a parameter, or a smaller part, belongs to. */
  static String moduleOf(String parameter) {
    return parameter.substring(0, Math.max(0, parameter.lastIndexOf('.')));
  }

  private static String lastOf(String path) {
    String last = path.substring(path.lastIndexOf('.') + 1);
    return last.equals("dense") || last.equals("out_proj")
        ? path.substring(path.lastIndexOf('.', path.lastIndexOf('.') - 1) + 1) : last;
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

  /** Whether a part is trained whole. */
  boolean saves(String path) {
    return config.saves(model.fileName(path));
  }

  /** The layers that an adapter goes to: linear ones, and tables if they are named. */
  Map<String, Layer> layers(Targets targets) {
    Set<String> head = headPaths(model);
    Map<String, Layer> chosen = new LinkedHashMap<>();
    Set<String> candidates = new LinkedHashSet<>();
    model.layers().forEach((path, layer) -> {
      boolean table = config instanceof LoraConfig && layer instanceof Embedding;
      if (!table && !(layer instanceof Linear)) {
        return;
      }
      String name = model.fileName(path);
      candidates.add(name);
      if (!targets.include(name, head.contains(path)) || config.exempts(name) || table && targets.allLinear()) {
        return;
      }
      if (config.saves(name) || tie != null && path.equals(tie.headPath()) && tie.savedTogether(config)) {
        throw namedTwice(name);
      }
      if (layer instanceof Linear linear ? linear.adapter() != null : ((Embedding) layer).adapter() != null) {
        throw new AdapterException("layer " + name + " has an adapter already; detach or merge that first");
      }
      chosen.put(path, layer);
    });
    targets.check("target_modules", chosen.keySet(), candidates, !stored);
    return chosen;
  }

  private AdapterException namedTwice(String name) {
    return new AdapterException("layer " + name + " is named by target_modules, and trained whole by modules_to_save "
        + config.modulesToSave() + ", whose names fit ends of words, too; name it in one of them");
  }

  /** The norms whose own parameters are trained. */
  Set<String> norms(Targets targets) {
    Set<String> chosen = new LinkedHashSet<>();
    Set<String> candidates = new LinkedHashSet<>();
    model.layers().forEach((path, layer) -> {
      String name = model.fileName(path);
      if (layer instanceof Norm) {
        candidates.add(name);
      }
      if (!targets.include(name, false) || config.exempts(name)) {
        return;
      }
      if (!(layer instanceof Norm)) {
        throw new AdapterException(config.peftType() + " of " + name + ", which is no norm, is not supported; take it out of "
            + "target_modules, or merge a stored adapter where it was made");
      }
      if (config.saves(name)) {
        throw namedTwice(name);
      }
      chosen.add(path);
    });
    targets.check("target_modules", chosen, candidates, !stored);
    return chosen;
  }
}
