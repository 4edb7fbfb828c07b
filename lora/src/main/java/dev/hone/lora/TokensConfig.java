package dev.hone.lora;

import java.util.Collection;
import java.util.List;

/**
 * Rows of some tokens alone are trained; PEFT's {@code TRAINABLE_TOKENS}.
 *
 * @param tokens which, of which tables
 */
public record TokensConfig(TokenIndices tokens) implements AdapterConfig {
  static final String TYPE = "TRAINABLE_TOKENS";

  public TokensConfig {
    if (tokens.isEmpty()) {
      throw new IllegalArgumentException("TokensConfig: token_indices names no token");
    }
  }

  @Override
  public List<String> modulesToSave() {
    return List.of();
  }

  /** Nothing changes: PEFT's method knows no other parts, and a classifier's head is not trained. */
  @Override
  public TokensConfig withModulesToSave(Collection<String> modules) {
    return this;
  }

  @Override
  public String peftType() {
    return TYPE;
  }

  @Override
  public String fileName(String name) {
    return AdapterConfig.super.fileName(name.replace(".token_adapter.", "."));
  }
}
