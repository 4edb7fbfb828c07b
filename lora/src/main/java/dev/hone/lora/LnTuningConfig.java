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

  /** With the norms that are usual in a family where none are said; empty for families in which they have to be said. */
  LnTuningConfig settled(List<String> usual) {
    return !targets.modules().isEmpty() ? this : new LnTuningConfig(targets.withModules(ModuleNames.of(usual)), modulesToSave);
  }
}
