package dev.hone.tokenizer.tokens;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.definition.Truncation;
import java.util.ArrayList;
import java.util.List;

/**
 * The windows a sequence of n tokens is cut into: number 0 is kept, the others overflow.
 *
 * @param windows [from, to) each
 */
public record Cuts(List<int[]> windows) {

  /** No truncation: one window over all n tokens. */
  public static Cuts whole(int n) {
    return new Cuts(List.of(new int[] {0, n}));
  }

  /**
   * Cuts one or two sequences so that together they fit.
   *
   * @param first tokens in the first sequence
   * @param second tokens in the second sequence, -1 if there is none
   * @param truncation the rule
   * @param added special tokens that will be added, which count towards the maximum
   * @return the cuts of the first and, if there is one, of the second sequence
   */
  public static Cuts[] of(int first, int second, Truncation truncation, int added) {
    boolean pair = second >= 0;
    int max = truncation.maxLength() - added;
    if (max < 0) {
      throw new TokenizerException("truncation: max length " + truncation.maxLength()
          + " leaves no room for the " + added + " special tokens that are added");
    }
    int total = first + Math.max(0, second);
    if (total <= max && max > 0) {
      return uncut(first, second);
    }
    if (max == 0) {
      return pair ? new Cuts[] {empty(first), empty(second)} : new Cuts[] {empty(first)};
    }
    return switch (truncation.strategy()) {
      case LONGEST_FIRST -> {
        if (!pair) {
          yield new Cuts[] {window(first, max, truncation)};
        }
        int shorter = Math.min(first, second);
        int longer = shorter > max ? shorter : Math.max(shorter, max - shorter);
        if (shorter + longer > max) {
          shorter = max / 2;
          longer = shorter + max % 2;
        }
        boolean firstIsLonger = first > second;
        yield new Cuts[] {window(first, firstIsLonger ? longer : shorter, truncation),
            window(second, firstIsLonger ? shorter : longer, truncation)};
      }
      case ONLY_FIRST -> {
        Cuts cut = window(first, kept(first, total - max, "first", truncation, added), truncation);
        yield pair ? new Cuts[] {cut, whole(second)} : new Cuts[] {cut};
      }
      case ONLY_SECOND -> {
        if (!pair) {
          throw new TokenizerException("truncation: only_second needs a second sequence, there is none");
        }
        yield new Cuts[] {whole(first),
            window(second, kept(second, total - max, "second", truncation, added), truncation)};
      }
    };
  }

  private static Cuts[] uncut(int first, int second) {
    return second >= 0 ? new Cuts[] {whole(first), whole(second)} : new Cuts[] {whole(first)};
  }

  private static Cuts empty(int n) {
    return n == 0 ? whole(0) : new Cuts(List.of(new int[] {0, 0}, new int[] {0, n}));
  }

  private static int kept(int length, int excess, String which, Truncation truncation, int added) {
    if (length > excess) {
      return length - excess;
    }
    throw new TokenizerException("truncation: the " + which + " sequence has " + length + " tokens, but "
        + excess + " would have to go to reach max length " + truncation.maxLength() + " (" + added
        + " special tokens included); raise it or use longest_first");
  }

  private static Cuts window(int length, int max, Truncation truncation) {
    if (max >= length) {
      return whole(length);
    }
    if (max == 0) {
      return empty(length);
    }
    int stride = truncation.stride();
    if (stride >= max) {
      throw new TokenizerException("truncation: stride " + stride + " must be less than the " + max
          + " tokens that remain of max length " + truncation.maxLength() + " for one sequence");
    }
    List<int[]> windows = new ArrayList<>();
    int step = max - stride;
    if (truncation.side() == Truncation.Side.RIGHT) {
      for (int from = 0; ; from += step) {
        int to = Math.min(from + max, length);
        windows.add(new int[] {from, to});
        if (to == length) {
          break;
        }
      }
    } else {
      for (int to = length; ; to -= step) {
        int from = Math.max(0, to - max);
        windows.add(new int[] {from, to});
        if (from == 0) {
          break;
        }
      }
    }
    return new Cuts(windows);
  }
}
