package dev.hone.tokenizer;

import dev.hone.tokenizer.definition.Truncation;
import java.util.Objects;
import java.util.Optional;

/**
 * What {@link Tokenizer#encode} adds and cuts. Truncation that a tokenizer file asks for is never
 * applied by itself: pass {@link Tokenizer#fileTruncation()} here if that is what you want.
 *
 * @param addSpecialTokens whether the post-processor's special tokens are put around the text
 * @param truncation how a text that is too long is cut; empty: not at all
 */
public record EncodeOptions(boolean addSpecialTokens, Optional<Truncation> truncation) {
  /** With special tokens, without truncation. */
  public static final EncodeOptions DEFAULT = new EncodeOptions(true, Optional.empty());
  /** The text's own tokens and nothing else. */
  public static final EncodeOptions PLAIN = new EncodeOptions(false, Optional.empty());

  /** Checks that nothing is null. */
  public EncodeOptions {
    Objects.requireNonNull(truncation, "truncation");
  }

  /** These options with or without special tokens. */
  public EncodeOptions withSpecialTokens(boolean add) {
    return new EncodeOptions(add, truncation);
  }

  /** These options with a truncation. */
  public EncodeOptions withTruncation(Truncation rule) {
    return new EncodeOptions(addSpecialTokens, Optional.of(rule));
  }

  /** These options with at most n tokens, special ones included; the end is cut off. */
  public EncodeOptions withMaxLength(int n) {
    return withTruncation(Truncation.to(n));
  }
}
