package dev.hone.train.config;

import java.util.Collection;

/** The known word that a mistyped one was probably meant to be. */
public final class Nearest {
  private Nearest() {}

  /**
   * {@code "; did you mean learning_rate?"}, or nothing if no word is near.
   *
   * @param prefix put before the word, such as {@code --}
   */
  public static String hint(String word, Collection<String> known, String prefix) {
    String best = null;
    int least = Math.min(4, Math.max(2, word.length() / 2 + 1));
    for (String candidate : known) {
      int distance = distance(word.replace('-', '_'), candidate.replace('-', '_'));
      if (distance < least) {
        least = distance;
        best = candidate;
      }
    }
    return best == null ? "" : "; did you mean " + prefix + best + "?";
  }

  /** Levenshtein's distance: insertions, deletions and changes from one word to the other. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
