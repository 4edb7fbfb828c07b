package dev.hone.lora;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * IA3 (Liu and others 2022): one trained factor per output of the targets, or per input of those in feed-forward layers.
 *
 * @param targets which linear layers; none named for the family's usual ones
 * @param feedforward those among them whose inputs are multiplied
 * @param modulesToSave parts that are trained whole and stored with the adapter
 */
public record Ia3Config(Targets targets, ModuleNames feedforward, List<String> modulesToSave) implements AdapterConfig {
  static final String TYPE = "IA3";

  public Ia3Config {
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  /** The family's usual layers. */
  public static Ia3Config usual() {
    return new Ia3Config(Targets.USUAL, ModuleNames.NONE, List.of());
  }

  @Override
  public Ia3Config withModulesToSave(Collection<String> modules) {
    return new Ia3Config(targets, feedforward, List.copyOf(new LinkedHashSet<>(modules)));
  }

  @Override
  public String peftType() {
    return TYPE;
  }

  /** With the targets that are usual in a family where none are said. */
  Ia3Config settled(List<String> usual) {
    return !targets.modules().isEmpty() ? this
        : new Ia3Config(targets.withModules(ModuleNames.of(usual)), ModuleNames.of(List.of(usual.getLast())), modulesToSave);
  }
}
