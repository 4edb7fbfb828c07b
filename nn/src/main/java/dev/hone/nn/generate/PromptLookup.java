package dev.hone.nn.generate;

import java.util.Arrays;

/**
 * Guesses that a text goes on as it did where its last words stood before: answers quote their prompts. Costs no model; Saxena
 * 2023, "Prompt lookup decoding".
 *
 * @param longest the most tokens at the end that are looked for, at least 2; where they are not found fewer are, down to 2
 * @param most the most tokens that are guessed at a time, at least 1
 */
public record PromptLookup(int longest, int most) implements Drafting {
  /** The last three tokens or two, and up to fifteen more: a pass of 16 rows. */
  public static final PromptLookup USUAL = new PromptLookup(3, 15);

  private static final int SHORTEST = 2;

  public PromptLookup {
    if (longest < SHORTEST || most < 1) {
      throw new IllegalArgumentException("prompt lookup: the last " + longest + " tokens and " + most
          + " guesses; at least 2 and 1");
    }
  }

  @Override
  public Drafter begin() {
    DraftLength length = new DraftLength(most);
    return new Drafter() {
      @Override
      public int[] draft(int[] tokens, int bound) {
        return found(tokens, Math.min(bound, length.take()));
      }

      @Override
      public void accepted(int guesses, int right) {
        length.accepted(guesses, right);
      }
    };
  }

  /** What came after the last place where the end of the tokens stood before. */
  int[] found(int[] tokens, int count) {
    int end = tokens.length;
    for (int n = Math.min(longest, end - 1); n >= SHORTEST && count > 0; n--) {
      for (int at = end - n - 1; at >= 0; at--) {
        if (Arrays.equals(tokens, at, at + n, tokens, end - n, end)) {
          return Arrays.copyOfRange(tokens, at + n, Math.min(end, at + n + count));
        }
      }
    }
    return new int[0];
  }
}
