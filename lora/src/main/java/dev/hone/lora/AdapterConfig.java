package dev.hone.lora;

import java.util.Collection;
import java.util.List;

/** A parameter-efficient method and its settings. {@link Adapter#attach} puts it into a model. */
public sealed interface AdapterConfig permits LoraConfig, Ia3Config, PromptConfig, PrefixConfig, BottleneckConfig,
    SubsetConfig {
  /** PEFT's {@code peft_type}, or ours where PEFT does not have the method. */
  String peftType();

  /** Parts that are trained whole and stored with the adapter, such as {@code classifier}. */
  List<String> modulesToSave();

  /** The same method with other parts trained whole. */
  AdapterConfig withModulesToSave(Collection<String> modules);

  /** What a parameter is called in files. */
  default String fileName(String name) {
    return "base_model.model." + name;
  }

  /** Whether a part, or a parameter by its full name, is trained whole. */
  default boolean saves(String path) {
    String dotted = "." + path + ".";
    return modulesToSave().stream().anyMatch(module -> dotted.contains("." + module + "."));
  }
}
