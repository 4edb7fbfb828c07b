package dev.hone.lora;

import dev.hone.core.Activation;
import dev.hone.nn.AdapterTargets;
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
  Targets targets(AdapterTargets usual) {
    String both = placement == Placement.HOULSBY ? alternative(usual.attentionOutput()) + "|" : "";
    String pattern = ".*\\.\\d+\\.(" + both + alternative(usual.feedForwardOutput()) + ")";
    return Targets.USUAL.withModules(new ModuleNames(List.of(pattern), true));
  }

  private static String alternative(String path) {
    return path.replace(".", "\\.");
  }
}
