package dev.hone.lora;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Training of some of the model's own parameters, without anything new. PEFT does not have these; the files are our own.
 *
 * @param part which
 * @param layers how many layers, for {@link Part#LAST_N}; else 0
 * @param modulesToSave parts that are trained besides
 */
public record SubsetConfig(Part part, int layers, List<String> modulesToSave) implements AdapterConfig {
  /** Which parameters are trained. */
  public enum Part {
    /** The head alone. */
    HEAD,
    /** The last layers and what stands behind them: the final norm, and a head that is not tied. */
    LAST_N,
    /** All biases (Ben Zaken and others 2022). */
    BITFIT
  }

  public SubsetConfig {
    if (part == Part.LAST_N ? layers < 1 : layers != 0) {
      throw new IllegalArgumentException("SubsetConfig: " + part + " of " + layers
          + " layers; last-n wants at least 1, the others 0");
    }
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  /** The head alone. */
  public static SubsetConfig head() {
    return new SubsetConfig(Part.HEAD, 0, List.of());
  }

  /** The last layers. */
  public static SubsetConfig lastLayers(int layers) {
    return new SubsetConfig(Part.LAST_N, layers, List.of());
  }

  /** All biases. */
  public static SubsetConfig bitFit() {
    return new SubsetConfig(Part.BITFIT, 0, List.of());
  }

  @Override
  public SubsetConfig withModulesToSave(Collection<String> modules) {
    return new SubsetConfig(part, layers, List.copyOf(new LinkedHashSet<>(modules)));
  }

  @Override
  public String peftType() {
    return part.name();
  }
}
