package dev.hone.tokenizer.training;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * The single characters that words begin as, and the ids of their forms: plain, inside a word, at its end. Ids follow
 * code points, first all plain characters, then all affixed ones, so that they never depend on the order of the text.
 */
final class Alphabet {
  private static final Comparator<String> BY_CODE_POINT =
      (a, b) -> Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());

  private final String prefix;
  private final String suffix;
  private final TokenList tokens;
  private final Map<Integer, int[]> forms = new HashMap<>();

  /**
   * Adds the characters of the words to the tokens.
   *
   * @param always characters that belong to it whether the words have them or not
   * @param limit keep so many, the most frequent ones; of equally frequent ones those of lower code point. 0: all
   */
  Alphabet(WordCounts words, Collection<Integer> always, int limit, String prefix, String suffix, TokenList tokens) {
    this.prefix = prefix;
    this.suffix = suffix;
    this.tokens = tokens;
    Map<Integer, Long> counts = new HashMap<>();
    char[] chars = words.chars();
    for (int i = 0; i < words.size(); i++) {
      long n = words.count(i);
      forEach(chars, words.start(i), words.start(i + 1), (c, form) -> counts.merge(c, n, Long::sum));
    }
    for (int c : always) {
      counts.put(c, Long.MAX_VALUE);
    }
    List<Integer> kept = counts.keySet().stream()
        .sorted(Comparator.<Integer>comparingLong(counts::get).reversed().thenComparing(Comparator.naturalOrder()))
        .limit(limit == 0 ? Long.MAX_VALUE : limit).sorted().toList();
    for (int c : kept) {
      forms.put(c, new int[] {tokens.add(Character.toString(c)), -1, -1, -1});
    }
    addAffixed(words);
  }

  private interface Visitor {
    void visit(int codePoint, int form);
  }

  /** Form: bit 0 if something is before the character, bit 1 if nothing is behind it; bits without an affix are not set. */
  private void forEach(char[] chars, int from, int to, Visitor visitor) {
    for (int i = from; i < to; ) {
      int c = Character.codePointAt(chars, i, to);
      int end = i + Character.charCount(c);
      visitor.visit(c, (i > from && !prefix.isEmpty() ? 1 : 0) | (end == to && !suffix.isEmpty() ? 2 : 0));
      i = end;
    }
  }

  private String text(int c, int form) {
    return ((form & 1) != 0 ? prefix : "") + Character.toString(c) + ((form & 2) != 0 ? suffix : "");
  }

  private void addAffixed(WordCounts words) {
    if (prefix.isEmpty() && suffix.isEmpty()) {
      return;
    }
    TreeSet<String> texts = new TreeSet<>(BY_CODE_POINT);
    for (int i = 0; i < words.size(); i++) {
      forEach(words.chars(), words.start(i), words.start(i + 1), (c, form) -> {
        int[] ids = forms.get(c);
        if (ids == null || ids[form] >= 0) {
          return;
        }
        ids[form] = Integer.MAX_VALUE;
        texts.add(text(c, form));
      });
    }
    texts.forEach(tokens::add);
    forms.forEach((c, ids) -> IntStream.range(1, 4).forEach(form -> ids[form] = tokens.id(text(c, form))));
  }

  /** The ids of a word's characters, written to out from at on; those that were not kept are left out. Returns how many. */
  int spell(char[] chars, int from, int to, int[] out, int at) {
    int[] n = {at};
    forEach(chars, from, to, (c, form) -> {
      int[] ids = forms.get(c);
      if (ids != null) {
        out[n[0]++] = ids[form];
      }
    });
    return n[0] - at;
  }
}
