package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.nn.CausalHead;
import dev.hone.nn.Embedding;
import dev.hone.nn.Layer;
import dev.hone.nn.Linear;
import dev.hone.nn.PretrainedModel;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A head whose projection is the table of embeddings. By PEFT's rules an adapter of one of the two leaves the other one as the
 * base has it, unless {@code ensure_weight_tying} keeps both the same.
 *
 * @param headPath of the projection
 * @param tablePath of the table
 * @param table [V, C], the weight of both
 */
record Tie(String headPath, Linear projection, String tablePath, Parameter table) {
  private static final List<String> KNOWN = List.of("embed_tokens", "lm_head"); // names by which PEFT knows tied tables

  /** The tie of a model, or null if its head has a weight of its own, or it has no such head. */
  static Tie of(PretrainedModel model) {
    if (!(model.head() instanceof CausalHead head) || !head.tied()) {
      return null;
    }
    Parameter table = head.projection().weight();
    String headPath = null;
    String tablePath = null;
    for (Map.Entry<String, Layer> entry : model.layers().entrySet()) {
      if (entry.getValue() == head.projection()) {
        headPath = entry.getKey();
      } else if (entry.getValue() instanceof Embedding embedding && embedding.weight() == table) {
        tablePath = entry.getKey();
      }
    }
    return new Tie(headPath, head.projection(), tablePath, table);
  }

  /** Whether both are trained whole, as one. */
  boolean savedTogether(AdapterConfig config) {
    return config instanceof LoraConfig lora && lora.ensureWeightTying() && lora.modulesToSave().stream().anyMatch(Tie::isKnown);
  }

  /** Whether both have one LoRA, of which the head's is the transposed one. */
  boolean adaptedTogether(AdapterConfig config) {
    if (!(config instanceof LoraConfig lora) || !lora.ensureWeightTying() || savedTogether(config)) {
      return false;
    }
    ModuleNames targets = lora.targets().modules();
    return targets.pattern() ? KNOWN.stream().anyMatch(targets::matches) : targets.names().stream().anyMatch(Tie::isKnown);
  }

  /** Whether one of the two is trained whole, and the other one stays. */
  boolean isCut(AdapterConfig config) {
    return !savedTogether(config) && (config.saves(headPath) || config.saves(tablePath));
  }

  private static boolean isKnown(String module) {
    return KNOWN.contains(module.substring(module.lastIndexOf('.') + 1));
  }

  /** A configuration with the table where both are meant: the head follows. */
  LoraConfig settle(LoraConfig config) {
    boolean saved = savedTogether(config);
    if (!saved && !adaptedTogether(config)) {
      return config;
    }
    if (!isKnown(tablePath)) {
      throw new AdapterException("ensure_weight_tying: PEFT knows tied tables by the names " + String.join(" and ", KNOWN)
          + ", this model's is " + tablePath + "; leave it out, and name in target_modules or modules_to_save what is to change");
    }
    if (saved) {
      return config.withModulesToSave(withTable(config.modulesToSave()));
    }
    ModuleNames targets = config.targets().modules();
    return config.withTargets(config.targets().withModules(targets.pattern()
        ? targets.matches(tablePath) ? targets
            : new ModuleNames(List.of("(?:" + targets.names().getFirst() + "|^" + tablePath.replace(".", "\\.") + "$)"), true)
        : new ModuleNames(withTable(targets.names()), false)));
  }

  private List<String> withTable(List<String> names) {
    Stream<String> others = names.stream().filter(name -> !ModuleNames.ends(headPath, name));
    return Stream.concat(others, names.contains(tablePath) ? Stream.empty() : Stream.of(tablePath)).toList();
  }

  /** Gives the head a weight of its own with the same values, and returns it. */
  Parameter cut() {
    projection.unshare();
    return projection.weight();
  }
}
