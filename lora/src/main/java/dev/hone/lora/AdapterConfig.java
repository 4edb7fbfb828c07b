package dev.hone.lora;

import java.util.Collection;
import java.util.List;

/** A parameter-efficient method and its settings. {@link Adapter#attach} puts it into a model. */
public sealed interface AdapterConfig permits LoraConfig, Ia3Config, PromptConfig, PrefixConfig, BottleneckConfig,
    SubsetConfig, LnTuningConfig, OftConfig, TokensConfig, VeraConfig, LohaConfig, AdaLoraConfig {
  /** PEFT's {@code peft_type}, or ours where PEFT does not have the method. */
  String peftType();

  /** Parts that are trained whole and stored with the adapter, such as {@code classifier}. */
  List<String> modulesToSave();

  /** This method with other parts trained whole. */
  AdapterConfig withModulesToSave(Collection<String> modules);

  /** What a parameter is called in files. */
  default String fileName(String name) {
    return "base_model.model." + name;
  }

  /**
   * Whether a part is trained whole, alone or within a larger one. PEFT's rule: what is named is the end of a path, also within a
   * word, so that {@code norm} means {@code input_layernorm}, and {@code classifier} means {@code pre_classifier}, too.
   *
   * @param path of the part, as files name it
   */
  default boolean saves(String path) {
    for (int end = path.length(); end > 0; end = path.lastIndexOf('.', end - 1)) {
      String part = path.substring(0, end);
      if (modulesToSave().stream().anyMatch(part::endsWith)) {
        return true;
      }
    }
    return false;
  }

  /** Whether PEFT leaves a part out of the targets because it is trained whole: a name stands in its path as a word. */
  default boolean exempts(String path) {
    String dotted = "." + path + ".";
    return modulesToSave().stream().anyMatch(module -> dotted.contains("." + module + "."));
  }
}
