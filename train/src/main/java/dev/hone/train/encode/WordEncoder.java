package dev.hone.train.encode;

import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Encoding;
import dev.hone.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Turns texts, whose words are known, into windows of tokens: a word stands for its first token. Texts that are longer than a
 * window are seen in several that overlap by half, and a word belongs to the one that shows most on both sides of it.
 *
 * @param tokenizer of the model
 * @param maxLength tokens of a window, special ones included
 */
public record WordEncoder(Tokenizer tokenizer, int maxLength) {
  /**
   * A part of a text as a model takes it.
   *
   * @param tokens token ids, with those that the tokenizer puts around a text
   * @param words for each token the word whose first token it is, or -1; each word in at most one window
   */
  public record Window(int[] tokens, int[] words) {}

  public WordEncoder {
    if (maxLength < 8) {
      throw new IllegalArgumentException("max_length must be at least 8, is " + maxLength);
    }
  }

  /**
   * The windows of a text. A word without any token, which a tokenizer may drop, is in none.
   *
   * @param starts where each word begins
   * @param ends where each word ends
   */
  public List<Window> windows(String text, int[] starts, int[] ends) {
    Encoding encoding = tokenizer.encode(text, EncodeOptions.DEFAULT);
    int[] ids = encoding.ids();
    int[] special = encoding.specialTokensMask();
    int before = 0;
    while (before < ids.length && special[before] == 1) {
      before++;
    }
    int after = ids.length;
    while (after > before && special[after - 1] == 1) {
      after--;
    }
    int[] words = firstTokens(text, encoding, before, after, starts, ends);
    int room = maxLength - before - (ids.length - after);
    int step = Math.max(1, room / 2);
    List<int[]> places = new ArrayList<>();
    for (int from = before; ; from += step) {
      places.add(new int[] {from, Math.min(after, from + room)});
      if (from + room >= after) {
        break;
      }
    }
    List<Window> windows = new ArrayList<>();
    for (int w = 0; w < places.size(); w++) {
      int from = places.get(w)[0];
      int to = places.get(w)[1];
      int[] tokens = new int[before + to - from + ids.length - after];
      int[] owned = new int[tokens.length];
      Arrays.fill(owned, -1);
      System.arraycopy(ids, 0, tokens, 0, before);
      System.arraycopy(ids, from, tokens, before, to - from);
      System.arraycopy(ids, after, tokens, before + to - from, ids.length - after);
      for (int t = from; t < to; t++) {
        if (words[t] >= 0 && owner(places, t, before, after) == w) {
          owned[before + t - from] = words[t];
        }
      }
      windows.add(new Window(tokens, owned));
    }
    return windows;
  }

  /** The window that shows most of the text on the poorer side of a token; the text's own ends count as far. */
  private static int owner(List<int[]> places, int token, int before, int after) {
    int best = -1;
    int most = -1;
    for (int w = 0; w < places.size(); w++) {
      int from = places.get(w)[0];
      int to = places.get(w)[1];
      if (token >= from && token < to) {
        int left = from == before ? Integer.MAX_VALUE : token - from;
        int right = to == after ? Integer.MAX_VALUE : to - 1 - token;
        if (Math.min(left, right) > most) {
          most = Math.min(left, right);
          best = w;
        }
      }
    }
    return best;
  }

  /** Where each code point of a text begins, and its end: ranges of tokens count code points. */
  private static int[] chars(String text) {
    int[] chars = new int[text.codePointCount(0, text.length()) + 1];
    int at = 0;
    for (int i = 0; i < chars.length; i++) {
      chars[i] = at;
      at += at < text.length() ? Character.charCount(text.codePointAt(at)) : 0;
    }
    return chars;
  }

  /** For each token the word that begins with it, or -1. */
  private static int[] firstTokens(String text, Encoding encoding, int before, int after, int[] starts, int[] ends) {
    int[] words = new int[encoding.size()];
    Arrays.fill(words, -1);
    int[] chars = chars(text);
    int word = 0;
    int last = -1; // the word of the token before
    for (int t = before; t < after; t++) {
      int start = chars[encoding.start(t)];
      int end = chars[encoding.end(t)];
      while (start < end && Character.isWhitespace(text.charAt(start))) {
        start++; // a byte-level token may begin with the space before the word
      }
      if (start == end) { // nothing but the space before a word, which is then the word's first token
        while (end < text.length() && Character.isWhitespace(text.charAt(end))) {
          end++;
        }
        start = end++;
      }
      while (word < starts.length && ends[word] <= start) {
        word++;
      }
      if (word < starts.length && starts[word] < end && word != last) {
        words[t] = word;
        last = word;
      }
    }
    return words;
  }
}
