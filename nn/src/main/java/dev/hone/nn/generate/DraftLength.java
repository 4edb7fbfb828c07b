package dev.hone.nn.generate;

/**
 * How many tokens are worth guessing: twice as many after guesses that were all right, fewer after wrong ones; and after guesses
 * of which none was right none for a while, twice as long each time.
 */
final class DraftLength {
  private static final int FIRST = 3;
  private static final int LONGEST_PAUSE = 32;

  private final int most;
  private int next;
  private int pause; // steps without guesses still to come
  private int lastPause;

  /** Begins with few. */
  DraftLength(int most) {
    this.most = most;
    this.next = Math.min(FIRST, most);
  }

  /** How many to guess in this step; 0 for none. */
  int take() {
    if (pause > 0) {
      pause--;
      return 0;
    }
    return next;
  }

  void accepted(int guesses, int right) {
    if (right == guesses) {
      next = Math.min(most, 2 * next);
    } else {
      next = Math.clamp(right + 1, 1, most);
    }
    lastPause = right > 0 ? 0 : Math.min(LONGEST_PAUSE, 2 * lastPause + 1);
    pause = lastPause;
  }
}
