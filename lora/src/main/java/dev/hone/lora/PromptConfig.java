package dev.hone.lora;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Prompt tuning (Lester and others 2021): trained vectors before the embeddings of every sequence.
 *
 * @param virtualTokens P, how many
 * @param init how they start
 * @param textIds token ids that they start from with {@link Init#TEXT}, repeated or cut to P; else empty
 * @param modulesToSave parts that are trained whole and stored with the adapter
 */
public record PromptConfig(int virtualTokens, Init init, List<Integer> textIds, List<String> modulesToSave)
    implements AdapterConfig {
  static final String TYPE = "PROMPT_TUNING";

  /** How the vectors start. */
  public enum Init {
    /** Normal with deviation 1, as PEFT does. */
    RANDOM,
    /** Embeddings of tokens drawn from the vocabulary. */
    SAMPLE_VOCAB,
    /** Embeddings of the tokens of a text. */
    TEXT
  }

  public PromptConfig {
    if (virtualTokens < 1) {
      throw new IllegalArgumentException("PromptConfig: num_virtual_tokens must be at least 1, got " + virtualTokens);
    }
    textIds = List.copyOf(textIds);
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  /** This many vectors that start at random. */
  public static PromptConfig of(int virtualTokens) {
    return new PromptConfig(virtualTokens, Init.RANDOM, List.of(), List.of());
  }

  @Override
  public PromptConfig withModulesToSave(Collection<String> modules) {
    return new PromptConfig(virtualTokens, init, textIds, List.copyOf(new LinkedHashSet<>(modules)));
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
