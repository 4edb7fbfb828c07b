package dev.hone.train.config;

import dev.hone.core.NearNames;
import java.util.Collection;

/** The known word that a mistyped one was probably meant to be. */
public final class Nearest {
  /** Words of fewer letters are near to everything. */
  private static final int SHORTEST = 3;

  private Nearest() {}

  /**
   * {@code "; did you mean learning_rate?"}, or nothing if no word is near.
   *
   * @param prefix put before the word, such as {@code --}
   */
  public static String hint(String word, Collection<String> known, String prefix) {
    if (word.length() < SHORTEST) {
      return "";
    }
    String best = null;
    int least = Math.min(4, Math.max(2, word.length() / 2 + 1));
    for (String candidate : known) {
      int distance = NearNames.distance(word.replace('-', '_'), candidate.replace('-', '_'));
      if (distance < least) {
        least = distance;
        best = candidate;
      }
    }
    return best == null ? "" : "; did you mean " + prefix + best + "?";
  }
}
