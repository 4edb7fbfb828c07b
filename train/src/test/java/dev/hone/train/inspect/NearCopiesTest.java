package dev.hone.train.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.random.Philox;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Fingerprints find what the real likeness says, against a computation with plain sets of strings. */
class NearCopiesTest {
  private static final int PAIRS = 600;

  private static String letters(Philox random, int from, int n) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < n; i++) {
      text.append((char) ('a' + random.below(from + i, 26)));
    }
    return text.toString();
  }

  private static Set<String> runs(String text) {
    Set<String> runs = new HashSet<>();
    for (int i = 0; i + Shingles.LENGTH <= text.length(); i++) {
      runs.add(text.substring(i, i + Shingles.LENGTH));
    }
    return runs;
  }

  private static double likeness(String a, String b) {
    Set<String> both = new HashSet<>(runs(a));
    both.retainAll(runs(b));
    return (double) both.size() / (runs(a).size() + runs(b).size() - both.size());
  }

  @Test
  void likenessIsThatOfTheSetsOfRuns() {
    Philox random = new Philox(5, 1);
    Shingles shingles = new Shingles();
    for (int i = 0; i < 200; i++) {
      String a = letters(random, 500 * i, 60);
      String b = a.substring(0, i % 60) + letters(random, 500 * i + 100, 40);
      assertEquals(likeness(a, b), Shingles.jaccard(shingles.set(a), shingles.set(b)), 1e-12, a + " " + b);
    }
    assertEquals(1, Shingles.jaccard(shingles.set("Hello,  World!"), shingles.set("hello world")));
    assertEquals(0, Shingles.jaccard(shingles.set("..."), shingles.set("...")));
    assertEquals(1, Shingles.jaccard(shingles.set("ab"), shingles.set("AB.")));
  }

  /** Of pairs with a likeness around 0.85 nearly all meet in a band, of pairs around 0.3 few, and sketches tell them apart. */
  @Test
  void similarTextsMeetAndOthersHardlyDo() {
    Philox random = new Philox(6, 1);
    assertTrue(meeting(random, 190, 0.83, 0.9) > 0.98 * PAIRS, "similar pairs that meet");
    assertTrue(meeting(random, 92, 0.25, 0.35) < 0.12 * PAIRS, "unlike pairs that meet");
  }

  private static int meeting(Philox random, int shared, double from, double to) {
    int meeting = 0;
    int agree = MinHash.agreeing(0.8);
    for (int i = 0; i < PAIRS; i++) {
      String a = letters(random, 1000 * i, 204);
      String b = a.substring(0, shared) + letters(random, 1000 * i + 300, 204 - shared);
      double likeness = likeness(a, b);
      assertTrue(likeness > from && likeness < to, "likeness " + likeness);
      MinHash first = of(a);
      MinHash second = of(b);
      boolean meets = false;
      for (int band = 0; band < MinHash.BANDS; band++) {
        meets |= first.band(band) == second.band(band);
      }
      boolean sketched = Long.bitCount(~(first.sketch() ^ second.sketch())) >= agree;
      meeting += meets && sketched == likeness > 0.5 ? 1 : 0;
    }
    return meeting;
  }

  private static MinHash of(String text) {
    Shingles shingles = new Shingles();
    MinHash hash = new MinHash();
    hash.of(shingles, shingles.hash(text));
    return hash;
  }

  @Test
  void keysIgnoreCaseAndSpacingAndNothingElse() {
    assertEquals(Shingles.key(" The  cat\n"), Shingles.key("the cat"));
    assertTrue(Shingles.same(" The  cat\n", "the cat"));
    for (String other : new String[] {"thecat", "the cat.", "the ca", "the caT s", ""}) {
      assertNotEquals(Shingles.key("the cat"), Shingles.key(other));
      assertFalse(Shingles.same("the cat", other), other);
      assertFalse(Shingles.same(other, "the cat"), other);
    }
  }
}
