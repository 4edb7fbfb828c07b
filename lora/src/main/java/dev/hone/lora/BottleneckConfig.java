package dev.hone.lora;

import dev.hone.core.Activation;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Bottleneck adapters: y + up(activation(down(y))) behind projections that end a block, before the residual sum. PEFT does not
 * have them; the files are our own.
 *
 * @param placement behind which projections
 * @param size width of the bottleneck
 * @param activation inside it
 * @param modulesToSave parts that are trained whole and stored with the adapter
 */
public record BottleneckConfig(Placement placement, int size, Activation activation, List<String> modulesToSave)
    implements AdapterConfig {
  static final String TYPE = "BOTTLENECK";

  /** Where the adapters stand. */
  public enum Placement {
    /** Behind attention and behind the feed-forward layer (Houlsby and others 2019). */
    HOULSBY,
    /** Behind the feed-forward layer alone (Pfeiffer and others 2020). */
    PFEIFFER
  }

  public BottleneckConfig {
    if (size < 1) {
      throw new IllegalArgumentException("BottleneckConfig: bottleneck_size must be at least 1, got " + size);
    }
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  /** This placement and size, with a ReLU. */
  public static BottleneckConfig of(Placement placement, int size) {
    return new BottleneckConfig(placement, size, Activation.RELU, List.of());
  }

  @Override
  public BottleneckConfig withModulesToSave(Collection<String> modules) {
    return new BottleneckConfig(placement, size, activation, List.copyOf(new LinkedHashSet<>(modules)));
  }

  @Override
  public String peftType() {
    return TYPE;
  }

  /** The projections that end the blocks of a family. */
  Targets targets(String modelType) {
    boolean both = placement == Placement.HOULSBY;
    return Targets.USUAL.withModules(switch (modelType) {
      case "bert", "roberta", "xlm-roberta", "camembert" ->
          new ModuleNames(List.of(both ? ".*\\.output\\.dense" : ".*\\.\\d+\\.output\\.dense"), true);
      case "distilbert" -> ModuleNames.of(both ? List.of("attention.out_lin", "ffn.lin2") : List.of("ffn.lin2"));
      case "gpt2" -> ModuleNames.of(both ? List.of("attn.c_proj", "mlp.c_proj") : List.of("mlp.c_proj"));
      default -> ModuleNames.of(both ? List.of("o_proj", "down_proj") : List.of("down_proj"));
    });
  }
}
