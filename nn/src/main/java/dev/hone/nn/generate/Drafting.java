package dev.hone.nn.generate;

import java.util.Arrays;

/**
 * A way to guess the next tokens of texts. A model that is given guesses checks several of them in one pass, which costs far less
 * than as many passes: right ones save passes, wrong ones cost time, and no guess changes a token. {@link PromptLookup} and
 * {@link DraftModel} are such ways.
 */
public interface Drafting {
  /** Begins to guess for a text; each text has its own. */
  Drafter begin();

  /** Guesses for one text, on one thread at a time. */
  interface Drafter {
    /**
     * The tokens that may come next, at most {@code most}; none if there is nothing to guess.
     *
     * @param tokens of the text, its prompt included
     */
    int[] draft(int[] tokens, int most);

    /** Says how many of the last guesses were right: those before the first wrong one. */
    default void accepted(int guesses, int right) {}
  }

  /** The first of some guesses: no more than asked for, up to one that is no token of the model that writes. */
  static int[] usable(int[] guesses, int most, int vocabulary) {
    int count = 0;
    while (count < Math.min(most, guesses.length) && guesses[count] >= 0 && guesses[count] < vocabulary) {
      count++;
    }
    return Arrays.copyOf(guesses, count);
  }

  /** No guesses. */
  Drafting NONE = () -> (_, _) -> new int[0];
}
