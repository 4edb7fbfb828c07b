package dev.hone.tokenizer.tokens;

import java.util.Arrays;

/**
 * The tokens of one sequence as the model finds them. Ranges are UTF-16 units of the text under the
 * model until the pipeline turns them into code points of the original.
 */
public final class TokenBuffer {
  /** Ids; as all arrays here valid up to {@link #count}. */
  public int[] ids = new int[256];
  /** First position of each token. */
  public int[] starts = new int[256];
  /** Position after the last of each token. */
  public int[] ends = new int[256];
  /** Index of the piece (or given word) each token belongs to. */
  public int[] words = new int[256];
  /** Number of tokens. */
  public int count;
  private String[] texts;

  /** Forgets all tokens. */
  public void clear() {
    count = 0;
    texts = null;
  }

  /** Adds one token; its word is filled in later. */
  public void add(int id, int start, int end) {
    int n = count;
    if (n == ids.length) {
      grow(n + 1);
    }
    ids[n] = id;
    starts[n] = start;
    ends[n] = end;
    count = n + 1;
  }

  /** Makes room for n tokens in all. */
  public void reserve(int n) {
    if (n > ids.length) {
      grow(n);
    }
  }

  private void grow(int need) {
    int size = (int) Math.min(Integer.MAX_VALUE - 8, Math.max((long) need, 2L * ids.length));
    ids = Arrays.copyOf(ids, size);
    starts = Arrays.copyOf(starts, size);
    ends = Arrays.copyOf(ends, size);
    words = Arrays.copyOf(words, size);
  }

  /** Turns the order of the tokens from number from on around. */
  public void reverse(int from) {
    for (int i = from, k = count - 1; i < k; i++, k--) {
      swap(ids, i, k);
      swap(starts, i, k);
      swap(ends, i, k);
    }
  }

  private static void swap(int[] values, int i, int k) {
    int v = values[i];
    values[i] = values[k];
    values[k] = v;
  }

  /** Sets the text of token i where it is not what the vocabulary says of its id. */
  public void text(int i, String text) {
    if (texts == null || texts.length <= i) {
      texts = texts == null ? new String[Math.max(16, i + 1)] : Arrays.copyOf(texts, Math.max(2 * texts.length, i + 1));
    }
    texts[i] = text;
  }

  /** The text set for token i, or null. */
  public String text(int i) {
    return texts != null && i < texts.length ? texts[i] : null;
  }

  /** Removes the tokens [from, to). */
  public void remove(int from, int to) {
    int rest = count - to;
    System.arraycopy(ids, to, ids, from, rest);
    System.arraycopy(starts, to, starts, from, rest);
    System.arraycopy(ends, to, ends, from, rest);
    System.arraycopy(words, to, words, from, rest);
    if (texts != null) {
      for (int i = from; i < count; i++) {
        text(i, i + to - from < count ? text(i + to - from) : null);
      }
    }
    count -= to - from;
  }

  /** Whether any token has a text of its own. */
  public boolean hasTexts() {
    return texts != null;
  }

  /** Gives large arrays back. */
  public void shrink(int limit) {
    clear();
    if (ids.length > limit) {
      ids = new int[limit];
      starts = new int[limit];
      ends = new int[limit];
      words = new int[limit];
    }
  }
}
