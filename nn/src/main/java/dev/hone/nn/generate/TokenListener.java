package dev.hone.nn.generate;

/** Is told every token as soon as it is chosen; for streaming. */
@FunctionalInterface
public interface TokenListener {
  /**
   * A token was chosen.
   *
   * @param prompt index of the prompt
   * @param token the id
   */
  void token(int prompt, int token);
}
