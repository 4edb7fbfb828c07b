package dev.hone.nn.load;

import dev.hone.core.io.TensorSource;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.RenamedTensors;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tensors of a model some of whose layers stand in it several times, in another order, or not at all; none is copied. */
final class ReplicatedLayers {
  private static final Pattern LAYER = Pattern.compile("^(.*?(?:^|\\.)layers?\\.)(\\d+)(\\..*)$");
  private static final Set<String> FAMILIES = new TreeSet<>(Set.of("llama", "mistral", "qwen2", "qwen3", "bert", "roberta"));

  private ReplicatedLayers() {}

  /**
   * A file whose layers have their places.
   *
   * @param layers the number in the file of each layer
   */
  static TensorSource of(TensorSource source, List<Integer> layers) {
    Map<String, String> stored = new LinkedHashMap<>();
    for (String name : source.names()) {
      Matcher parts = LAYER.matcher(name);
      if (!parts.matches()) {
        stored.put(name, name);
        continue;
      }
      for (int i = 0; i < layers.size(); i++) {
        if (parts.group(2).equals(Integer.toString(layers.get(i)))) {
          stored.put(parts.group(1) + i + parts.group(3), name);
        }
      }
    }
    return RenamedTensors.of(source, stored);
  }

  /** The settings of such a model, if all of its layers are alike. */
  static ConfigReader configure(ConfigReader json, List<Integer> layers) {
    String family = json.text("model_type", "");
    int count = json.size("num_hidden_layers");
    String unlike = !FAMILIES.contains(family) ? "known for " + String.join(", ", FAMILIES) + ", not for " + family
        : json.flag("use_sliding_window", false)
            || json.texts("layer_types").stream().anyMatch(type -> !type.equals("full_attention"))
            ? "the layers of this model are of several kinds" : null;
    if (unlike != null) {
      throw json.fault("layer_replication: " + unlike + "; merge the adapter with PEFT (merge_and_unload) and load that model");
    }
    if (layers.stream().anyMatch(layer -> layer >= count)) {
      throw json.fault("layer_replication: layer " + Collections.max(layers) + " of a model of " + count);
    }
    return json.without("layer_types").with("num_hidden_layers", layers.size());
  }
}
