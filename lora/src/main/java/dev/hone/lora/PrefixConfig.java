package dev.hone.lora;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Prefix tuning (Li and Liang 2021): trained keys and values before those of every sequence, in every layer.
 *
 * @param virtualTokens P, how many
 * @param modulesToSave parts that are trained whole and stored with the adapter
 */
public record PrefixConfig(int virtualTokens, List<String> modulesToSave) implements AdapterConfig {
  static final String TYPE = "PREFIX_TUNING";

  public PrefixConfig {
    if (virtualTokens < 1) {
      throw new IllegalArgumentException("PrefixConfig: num_virtual_tokens must be at least 1, got " + virtualTokens);
    }
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  /** This many keys and values. */
  public static PrefixConfig of(int virtualTokens) {
    return new PrefixConfig(virtualTokens, List.of());
  }

  @Override
  public PrefixConfig withModulesToSave(Collection<String> modules) {
    return new PrefixConfig(virtualTokens, List.copyOf(new LinkedHashSet<>(modules)));
  }

  @Override
  public String peftType() {
    return TYPE;
  }

  @Override
  public String fileName(String name) {
    return PromptInput.promptFileName(name);
  }
}
