package dev.hone.tokenizer.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The pieces that a {@link UnigramLearner} begins with: all characters of the words, and the substrings of at least two
 * characters that stand in two places or more and are not followed by the same character in all of them. Characters first, by how
 * often they occur in text, then substrings, by places in distinct words times length.
 *
 * <p>Implementation note: suffixes of words are sorted, as far as a piece may reach; a piece is then a run of neighbours that
 * begin alike.
 */
final class SeedPieces {
  private static final int END = 0; // of a word; no character of text, since it is the lowest of all

  /** A piece and how much it counts for. */
  record Seed(String text, double score) {}

  private record Candidate(long score, int[] characters) {}

  private static final Comparator<Candidate> BY_SCORE = Comparator.comparingLong(Candidate::score)
      .thenComparing(Candidate::characters, Arrays::compare).reversed();

  private final int longest;
  private final int[] flat; // the words' code points, END behind each
  private final Map<Integer, Long> counts = new HashMap<>(); // of characters in text

  /**
   * Over some words.
   *
   * @param longest most code points of a piece
   */
  SeedPieces(List<char[]> words, long[] frequencies, int longest) {
    this.longest = longest;
    int[] all = new int[words.stream().mapToInt(word -> word.length + 1).sum()];
    int n = 0;
    for (int w = 0; w < words.size(); w++) {
      char[] word = words.get(w);
      for (int i = 0; i < word.length; i += Character.charCount(all[n - 1])) {
        all[n] = Character.codePointAt(word, i);
        counts.merge(all[n++], frequencies[w], Long::sum);
      }
      all[n++] = END;
    }
    this.flat = Arrays.copyOf(all, n);
  }

  /** At most so many substrings, and all characters. */
  List<Seed> list(int most) {
    List<Seed> seeds = new ArrayList<>();
    counts.entrySet().stream().map(e -> new Candidate(e.getValue(), new int[] {e.getKey()})).sorted(BY_SCORE)
        .forEach(c -> add(c, seeds));
    substrings().stream().sorted(BY_SCORE).limit(Math.max(1, most - seeds.size())).forEach(c -> add(c, seeds));
    return seeds;
  }

  private static void add(Candidate candidate, List<Seed> seeds) {
    seeds.add(new Seed(new String(candidate.characters, 0, candidate.characters.length), candidate.score));
  }

  private List<Candidate> substrings() {
    int[] suffixes = new int[flat.length];
    int n = 0;
    for (int i = 0; i < flat.length; i++) {
      if (flat[i] != END) {
        suffixes[n++] = i;
      }
    }
    suffixes = Arrays.copyOf(suffixes, n);
    sort(suffixes, suffixes.clone(), 0, n);
    List<Candidate> found = new ArrayList<>();
    // Runs of suffixes that begin alike nest: a stack of where they began and how long their common part is.
    int[] starts = new int[longest + 3];
    int[] depths = new int[longest + 3];
    int open = 0;
    for (int i = 1; i <= n; i++) {
      int common = i == n ? 0 : common(suffixes[i - 1], suffixes[i]);
      int start = i - 1;
      while (open > 0 && depths[open - 1] > common) {
        open--;
        start = starts[open];
        take(suffixes[start], depths[open], i - start, found);
      }
      if (common > 0 && (open == 0 || depths[open - 1] < common)) {
        starts[open] = start;
        depths[open++] = common;
      }
    }
    return found;
  }

  private void take(int at, int depth, int places, List<Candidate> found) {
    if (depth >= 2 && depth <= longest && flat[at + depth - 1] != END) {
      found.add(new Candidate((long) places * depth, Arrays.copyOfRange(flat, at, at + depth)));
    }
  }

  /** How many code points two suffixes have in common, an end included, as far as a piece and what follows it reach. */
  private int common(int a, int b) {
    for (int i = 0; i <= longest; i++) {
      if (flat[a + i] != flat[b + i]) {
        return i;
      }
      if (flat[a + i] == END) {
        return i + 1;
      }
    }
    return longest + 1;
  }

  private int compare(int a, int b) {
    for (int i = 0; i <= longest; i++) {
      int order = Integer.compare(flat[a + i], flat[b + i]);
      if (order != 0 || flat[a + i] == END) {
        return order;
      }
    }
    return 0;
  }

  private void sort(int[] values, int[] spare, int from, int to) {
    if (to - from < 2) {
      return;
    }
    int middle = from + to >>> 1;
    sort(spare, values, from, middle);
    sort(spare, values, middle, to);
    for (int i = from, left = from, right = middle; i < to; i++) {
      boolean takeLeft = right == to || left < middle && compare(spare[left], spare[right]) <= 0;
      values[i] = takeLeft ? spare[left++] : spare[right++];
    }
  }
}
