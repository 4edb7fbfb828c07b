package dev.hone.lora;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * LN tuning (Zhao and others 2023): weights and biases of norms are trained.
 *
 * @param targets which norms, in any layers; none named for the family's usual ones
 * @param modulesToSave parts that are trained whole and stored with the adapter
 */
public record LnTuningConfig(Targets targets, List<String> modulesToSave) implements AdapterConfig {
  static final String TYPE = "LN_TUNING";
  static final String LAYERS = "ln_tuning_layers"; // what files call the norms with their own values

  public LnTuningConfig {
    if (!targets.layers().isEmpty()) {
      throw new IllegalArgumentException("LnTuningConfig: layers_to_transform is " + targets.layers() + "; PEFT's LN_TUNING does "
          + "not know it: name the norms of these layers, or take a pattern");
    }
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  /** The family's usual norms. */
  public static LnTuningConfig usual() {
    return new LnTuningConfig(Targets.USUAL, List.of());
  }

  @Override
  public LnTuningConfig withModulesToSave(Collection<String> modules) {
    return new LnTuningConfig(targets, List.copyOf(new LinkedHashSet<>(modules)));
  }

  @Override
  public String peftType() {
    return TYPE;
  }

  /** With the targets that PEFT takes for a family, where none are said; families that it does not know have to say. */
  LnTuningConfig settled(String modelType) {
    if (!targets.modules().isEmpty()) {
      return this;
    }
    List<String> modules = switch (modelType) {
      case "llama", "mistral", "gemma" -> List.of("input_layernorm", "post_attention_layernorm", "norm");
      case "gemma2", "gemma3_text" -> List.of("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
          "post_feedforward_layernorm", "norm");
      case "qwen2", "qwen3" -> List.of("post_attention_layernorm");
      case "gpt2" -> List.of("ln_1", "ln_2", "ln_f");
      default -> List.of();
    };
    return new LnTuningConfig(targets.withModules(ModuleNames.of(modules)), modulesToSave);
  }
}
