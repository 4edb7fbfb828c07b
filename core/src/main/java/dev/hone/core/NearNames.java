package dev.hone.core;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** The names that somebody may have meant, for messages about one that nobody knows. */
public final class NearNames {
  private static final int SHOWN = 3;
  private static final int MAX_COMPARED = 20_000;
  private static final int LONGEST_COMPARED = 256;

  private NearNames() {}

  /** Up to three of the known names, the most similar first. */
  public static List<String> of(String name, Collection<String> known) {
    record Candidate(String name, int distance) {}
    return known.stream().limit(MAX_COMPARED)
        .map(other -> new Candidate(other, distance(name, other)))
        .sorted(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::name))
        .limit(SHOWN).map(Candidate::name).toList();
  }

  /** Levenshtein distance of the first characters of two names; a missing or extra prefix is what one usually meets. */
  public static int distance(String a, String b) {
    int m = Math.min(a.length(), LONGEST_COMPARED);
    int n = Math.min(b.length(), LONGEST_COMPARED);
    int[] row = new int[n + 1];
    Arrays.setAll(row, j -> j);
    for (int i = 1; i <= m; i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= n; j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(diagonal, row[j - 1]));
      }
    }
    return row[n];
  }
}
