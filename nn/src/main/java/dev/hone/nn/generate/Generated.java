package dev.hone.nn.generate;

import java.util.Arrays;

/**
 * What was generated for a prompt.
 *
 * @param tokens the new tokens, an end token included
 * @param reason why it ended
 */
public record Generated(int[] tokens, StopReason reason) {
  /** Equal if the tokens and the reason are. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Generated(int[] others, StopReason why) && reason == why && Arrays.equals(tokens, others);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(tokens) + reason.hashCode();
  }

  @Override
  public String toString() {
    return "Generated[tokens=" + Arrays.toString(tokens) + ", reason=" + reason + "]";
  }
}
