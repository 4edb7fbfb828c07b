package dev.hone.nn;

/** What an adapter makes of a batch before the backbone sees it: prompts and prefixes, which are tokens nobody wrote. */
public interface InputAdapter extends Layer {
  /**
   * What the backbone gets.
   *
   * @param batch with the tokens that were added
   * @param pass with the prefix that attention is to see
   * @param rows where the given tokens stand in it, or null if nothing was added
   */
  record Input(TokenBatch batch, Pass pass, int[] rows) {}

  /** How many positions are taken in every sequence. */
  int virtualTokens();

  /** The batch with what comes before its sequences; in a pass that continues a cache that has it already, positions move. */
  Input apply(TokenBatch batch, Pass pass);
}
