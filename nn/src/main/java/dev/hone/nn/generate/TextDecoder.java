package dev.hone.nn.generate;

/** Makes text of token ids, for finding stop strings. */
@FunctionalInterface
public interface TextDecoder {
  /** The text of these tokens. */
  String decode(int[] tokens);
}
