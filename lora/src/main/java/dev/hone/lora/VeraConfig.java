package dev.hone.lora;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * VeRA (Kopiczko and others 2023): two matrices that are drawn at random and never trained serve all layers; of each layer a
 * factor per rank and one per output are trained.
 *
 * @param r R, the rank
 * @param dropout {@code vera_dropout} on the adapter's input while training, from 0 to below 1
 * @param initial {@code d_initial}, what the factors of ranks start at
 * @param key {@code projection_prng_key}, what the matrices are drawn from, with PyTorch's numbers
 * @param saveProjection {@code save_projection}, whether files hold the matrices
 * @param targets which linear layers; none named for LoRA's usual ones
 * @param modulesToSave parts that are trained whole and stored with the adapter
 */
public record VeraConfig(int r, float dropout, double initial, long key, boolean saveProjection, Targets targets,
    List<String> modulesToSave) implements AdapterConfig {
  static final String TYPE = "VERA";
  static final String A = "vera_A";
  static final String B = "vera_B";

  public VeraConfig {
    if (r < 1) {
      throw new IllegalArgumentException("VeraConfig: r must be at least 1, got " + r);
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException("VeraConfig: vera_dropout must be from 0 to below 1, got " + dropout);
    }
    if (!Float.isFinite((float) initial)) {
      throw new IllegalArgumentException("VeraConfig: d_initial must be finite, also as a float, got " + initial);
    }
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  /** VeRA with PEFT's settings in the family's usual layers. */
  public static VeraConfig of(int r) {
    return new VeraConfig(r, 0, 0.1, 0, true, Targets.USUAL, List.of());
  }

  /** In other layers. */
  public VeraConfig withTargets(Targets other) {
    return new VeraConfig(r, dropout, initial, key, saveProjection, other, modulesToSave);
  }

  @Override
  public VeraConfig withModulesToSave(Collection<String> modules) {
    return new VeraConfig(r, dropout, initial, key, saveProjection, targets, List.copyOf(new LinkedHashSet<>(modules)));
  }

  @Override
  public String peftType() {
    return TYPE;
  }

  /** The shared matrices belong to no layer. */
  @Override
  public String fileName(String name) {
    return name.endsWith(A) || name.endsWith(B) ? "base_model." + name.substring(name.length() - A.length())
        : AdapterConfig.super.fileName(name);
  }
}
