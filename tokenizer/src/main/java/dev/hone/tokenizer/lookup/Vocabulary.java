package dev.hone.tokenizer.lookup;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.text.Excerpt;
import java.util.Arrays;

/**
 * Token text to id and back.
 *
 * <p>All texts lie in one array; an open-addressing table of ids finds a range of characters without
 * making a string of it.
 */
public final class Vocabulary {
  /** Answer of {@link #id} for a text that is no token. */
  public static final int UNKNOWN = -1;

  // Ids index arrays, so a file must not be able to ask for gigabytes by naming a huge one.
  private static final int MAX_ID = (1 << 24) - 1;

  private final char[] arena;
  private final int[] offsets;
  private final int[] lengths;
  private final int[] table;
  private final int count;
  private final String[] strings;

  private Vocabulary(Builder from) {
    arena = Arrays.copyOf(from.arena, from.used);
    offsets = Arrays.copyOf(from.offsets, from.size);
    lengths = Arrays.copyOf(from.lengths, from.size);
    table = from.table;
    count = from.count;
    strings = new String[from.size];
  }

  /** Number of ids that have a token. */
  public int count() {
    return count;
  }

  /** One more than the largest id. */
  public int size() {
    return lengths.length;
  }

  /** The id of a token, or {@link #UNKNOWN}. */
  public int id(String token) {
    char[] chars = token.toCharArray();
    return id(chars, 0, chars.length);
  }

  /** The id of the token text[from, to), or {@link #UNKNOWN}. */
  public int id(char[] text, int from, int to) {
    return find(table, arena, offsets, lengths, text, from, to);
  }

  /** The text of an id, or null if it has none. */
  public String token(int id) {
    if (id < 0 || id >= lengths.length || lengths[id] < 0) {
      return null;
    }
    String known = strings[id];
    if (known == null) {
      strings[id] = known = new String(arena, offsets[id], lengths[id]);
    }
    return known;
  }

  private static int find(int[] table, char[] arena, int[] offsets, int[] lengths,
      char[] text, int from, int to) {
    int mask = table.length - 1;
    int n = to - from;
    for (int slot = Hash.of(text, from, to) & mask; ; slot = slot + 1 & mask) {
      int id = table[slot] - 1;
      if (id < 0) {
        return UNKNOWN;
      }
      int at = offsets[id];
      if (lengths[id] == n && Arrays.equals(arena, at, at + n, text, from, to)) {
        return id;
      }
    }
  }

  /** Collects the tokens of a vocabulary. */
  public static final class Builder {
    private char[] arena = new char[1 << 12];
    private int used;
    private int[] offsets = new int[1 << 10];
    private int[] lengths = new int[0];
    private int[] table = new int[1 << 11];
    private int size;
    private int count;

    /** Adds a token. Fails if the text or the id is already taken. */
    public Builder add(String token, int id) {
      if (id(token) != UNKNOWN) {
        throw new TokenizerException("vocabulary: token \"" + Excerpt.of(token) + "\" appears twice");
      }
      return put(token, id);
    }

    /** Adds a token; if its text is already there, the text finds the new id from now on. */
    public Builder put(String token, int id) {
      if (id < 0 || id > MAX_ID) {
        throw new TokenizerException("vocabulary: token \"" + Excerpt.of(token) + "\" has id " + id
            + ", allowed are 0 to " + MAX_ID);
      }
      requireUnicode(token);
      if (id >= lengths.length) {
        growIds(id + 1);
      }
      if (lengths[id] >= 0) {
        throw new TokenizerException("vocabulary: id " + id + " belongs to both \""
            + Excerpt.of(new String(arena, offsets[id], lengths[id])) + "\" and \"" + Excerpt.of(token) + "\"");
      }
      int n = token.length();
      if (used + n > arena.length) {
        arena = Arrays.copyOf(arena, Math.max(used + n, 2 * arena.length));
      }
      token.getChars(0, n, arena, used);
      offsets[id] = used;
      lengths[id] = n;
      used += n;
      size = Math.max(size, id + 1);
      if (++count * 2 > table.length) {
        rehash();
      }
      insert(id);
      return this;
    }

    /** The id of a token added so far, or {@link #UNKNOWN}. */
    public int id(String token) {
      char[] chars = token.toCharArray();
      return find(table, arena, offsets, lengths, chars, 0, chars.length);
    }

    /** The finished vocabulary. */
    public Vocabulary build() {
      return new Vocabulary(this);
    }

    private static void requireUnicode(String token) {
      for (int i = 0; i < token.length(); i++) {
        char c = token.charAt(i);
        if (!Character.isSurrogate(c)) {
          continue;
        }
        boolean pair = Character.isHighSurrogate(c) && i + 1 < token.length()
            && Character.isLowSurrogate(token.charAt(i + 1));
        if (!pair) {
          throw new TokenizerException("vocabulary: a token holds half a surrogate pair at " + i);
        }
        i++;
      }
    }

    private void growIds(int need) {
      int old = lengths.length;
      int to = Math.min(MAX_ID + 1, Math.max(need, Math.max(1 << 10, 2 * old)));
      offsets = Arrays.copyOf(offsets, to);
      lengths = Arrays.copyOf(lengths, to);
      Arrays.fill(lengths, old, to, -1);
    }

    private void rehash() {
      int[] old = table;
      table = new int[2 * old.length];
      for (int entry : old) {
        if (entry != 0) {
          insert(entry - 1);
        }
      }
    }

    private void insert(int id) {
      int mask = table.length - 1;
      int at = offsets[id];
      int n = lengths[id];
      int slot = Hash.of(arena, at, at + n) & mask;
      while (table[slot] != 0) {
        int other = table[slot] - 1;
        if (lengths[other] == n && Arrays.equals(arena, offsets[other], offsets[other] + n, arena, at, at + n)) {
          break;
        }
        slot = slot + 1 & mask;
      }
      table[slot] = id + 1;
    }
  }
}
