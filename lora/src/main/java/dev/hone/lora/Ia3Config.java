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

  /** The same with what PEFT takes for a family where nothing is said. */
  Ia3Config settled(String modelType) {
    if (!targets.modules().isEmpty()) {
      return this;
    }
    List<String> modules = switch (modelType) {
      case "gpt2" -> List.of("c_attn", "mlp.c_proj");
      case "bert", "roberta", "xlm-roberta", "camembert" -> List.of("key", "value", "output.dense");
      case "distilbert" -> List.of("k_lin", "v_lin", "ffn.lin2");
      case "llama", "mistral" -> List.of("k_proj", "v_proj", "down_proj");
      case "phi3" -> List.of("qkv_proj", "down_proj");
      default -> List.of("q_proj", "v_proj", "down_proj");
    };
    return new Ia3Config(targets.withModules(ModuleNames.of(modules)), ModuleNames.of(List.of(modules.getLast())), modulesToSave);
  }
}
