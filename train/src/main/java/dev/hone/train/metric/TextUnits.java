package dev.hone.train.metric;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Cutting texts into words, characters and n-grams. */
final class TextUnits {
  private TextUnits() {}

  /** The pieces between white space of any script, as Python's {@code split()} finds them. */
  static List<String> split(String text) {
    List<String> words = new ArrayList<>();
    int start = -1;
    for (int i = 0; i <= text.length(); i++) {
      boolean space = i == text.length() || isSpace(text.charAt(i));
      if (space && start >= 0) {
        words.add(text.substring(start, i));
        start = -1;
      } else if (!space && start < 0) {
        start = i;
      }
    }
    return words;
  }

  /** The characters (code points) that are not white space. */
  static List<String> characters(String text) {
    return text.codePoints().filter(c -> !Character.isBmpCodePoint(c) || !isSpace((char) c))
        .mapToObj(Character::toString).toList();
  }

  /** How often each run of {@code n} items occurs. */
  static Map<List<String>, Integer> ngrams(List<String> items, int n) {
    Map<List<String>, Integer> counts = new HashMap<>();
    for (int i = 0; i + n <= items.size(); i++) {
      counts.merge(items.subList(i, i + n), 1, Integer::sum);
    }
    return counts;
  }

  /** The sum of the smaller counts of what occurs on both sides. */
  static long overlap(Map<List<String>, Integer> a, Map<List<String>, Integer> b) {
    long sum = 0;
    for (Map.Entry<List<String>, Integer> e : a.entrySet()) {
      sum += Math.min(e.getValue(), b.getOrDefault(e.getKey(), 0));
    }
    return sum;
  }

  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }
}
