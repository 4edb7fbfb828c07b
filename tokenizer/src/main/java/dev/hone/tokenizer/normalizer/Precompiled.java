package dev.hone.tokenizer.normalizer;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.text.Edit;
import dev.hone.tokenizer.text.Utf8;
import dev.hone.tokenizer.unicode.Graphemes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * SentencePiece's normaliser: a double-array prefix tree over UTF-8 bytes that leads to replacements.
 *
 * <p>There are two ways to look up. SentencePiece replaces the longest text that the tree knows, wherever it begins. Hugging
 * Face's library looks up a grapheme cluster of fewer than six bytes as a whole, and if any prefix of it is found, the shortest
 * one decides for all of it; otherwise its characters are looked up one by one. They differ where marks follow a letter.
 */
public final class Precompiled implements Normalizer {
  private static final int LONGEST_CLUSTER = 5;
  private static final String UNCHANGED = new String();

  private final boolean longest;
  private final int[] units;
  private final byte[] replacements;
  // Replacement of single characters by blocks, UNCHANGED if there is none, null if not looked up yet.
  private final String[][] blocks = new String[256][];

  /**
   * A normaliser.
   *
   * @param charsmap the compiled rules: byte length of the tree, its units, the zero-terminated texts
   * @param longest whether the longest text decides, as in SentencePiece
   */
  public Precompiled(byte[] charsmap, boolean longest) {
    this.longest = longest;
    ByteBuffer in = ByteBuffer.wrap(charsmap).order(ByteOrder.LITTLE_ENDIAN);
    if (in.remaining() < 4) {
      throw new TokenizerException("Precompiled: the charsmap has only " + charsmap.length + " bytes");
    }
    int size = in.getInt();
    if (size < 4 || size % 4 != 0 || size > in.remaining()) {
      throw new TokenizerException("Precompiled: the charsmap claims a tree of " + Integer.toUnsignedString(size)
          + " bytes, but has " + in.remaining() + " left");
    }
    units = new int[size / 4];
    in.asIntBuffer().get(units);
    in.position(in.position() + size);
    replacements = Arrays.copyOfRange(charsmap, in.position(), charsmap.length);
  }

  @Override
  public void normalize(AlignedText in, int from, int to, AlignedText out) {
    char[] text = in.chars();
    if (longest) {
      longest(text, from, to, new Pending(text, new Edit(in, from, to, out)));
      return;
    }
    CharBuffer chars = CharBuffer.wrap(text, 0, to);
    Pending pending = new Pending(text, new Edit(in, from, to, out));
    for (int i = from; i < to; ) {
      int end = i;
      while (end < to && standsAlone(text, end, to) && single(text[end]) == UNCHANGED) {
        end++;
      }
      if (end > i) {
        pending.copy(i, end);
        i = end;
      } else if (standsAlone(text, i, to)) {
        pending.replace(1, single(text[i]));
        i++;
      } else {
        end = Graphemes.end(chars, i, to);
        cluster(text, i, end, pending);
        i = end;
      }
    }
    pending.flush();
  }

  private void longest(char[] text, int from, int to, Pending pending) {
    for (int i = from; i < to; ) {
      int end = i + Character.charCount(Character.codePointAt(text, i, to));
      int matched = i;
      String found = UNCHANGED;
      int node = offset(units[0]);
      for (int next = i; next < to && node >= 0; ) {
        int c = Character.codePointAt(text, next, to);
        next += Character.charCount(c);
        int unit = 0;
        int bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (int k = 0; k < bytes && node >= 0; k++) {
          int at = step(node, utf8(c, k, bytes));
          unit = at < 0 ? 0 : units[at];
          node = at < 0 ? -1 : at ^ offset(unit);
        }
        if (node >= 0 && node < units.length && (unit >>> 8 & 1) != 0) {
          found = text(units[node] & 0x7FFFFFFF);
          matched = next;
        }
      }
      if (found == UNCHANGED) {
        pending.copy(i, end);
        i = end;
      } else {
        pending.replace(Character.codePointCount(text, i, matched - i), found);
        i = matched;
      }
    }
    pending.flush();
  }

  private static int utf8(int c, int k, int bytes) {
    int bits = c >>> 6 * (bytes - 1 - k);
    return bytes == 1 ? c : k > 0 ? 0x80 | bits & 0x3F : 0xF00 >>> bytes & 0xFF | bits;
  }

  /** The unit that a byte leads to from a node, or -1. */
  private int step(int node, int label) {
    int at = node ^ label;
    return label == 0 || at < 0 || at >= units.length || (units[at] & 0x800000FF) != label ? -1 : at;
  }

  private static boolean standsAlone(char[] text, int i, int to) {
    return Graphemes.standsAlone(text[i]) && (i + 1 == to || Graphemes.standsAlone(text[i + 1]));
  }

  private void cluster(char[] text, int from, int to, Pending pending) {
    String whole = new String(text, from, to - from);
    byte[] bytes = whole.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= LONGEST_CLUSTER) {
      String found = lookUp(bytes);
      if (found != UNCHANGED) {
        pending.replace(whole.codePointCount(0, whole.length()), found);
        return;
      }
    }
    for (int i = from; i < to; ) {
      int c = Character.codePointAt(text, i, to);
      int end = i + Character.charCount(c);
      String found = c < 0x10000 ? single((char) c) : lookUp(Character.toString(c).getBytes(StandardCharsets.UTF_8));
      if (found != UNCHANGED) {
        pending.replace(1, found);
      } else {
        pending.copy(i, end);
      }
      i = end;
    }
  }

  private String single(char c) {
    String[] block = blocks[c >> 8];
    if (block == null) {
      block = blocks[c >> 8] = new String[256];
    }
    String found = block[c & 0xFF];
    if (found == null) {
      found = lookUp(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
      block[c & 0xFF] = found;
    }
    return found;
  }

  /** The replacement of the shortest prefix the tree knows. A broken tree finds nothing. */
  private String lookUp(byte[] key) {
    int node = offset(units[0]);
    for (byte b : key) {
      int at = step(node, b & 0xFF);
      if (at < 0) {
        return UNCHANGED;
      }
      node = at ^ offset(units[at]);
      if ((units[at] >>> 8 & 1) == 0) {
        continue;
      }
      if (node < 0 || node >= units.length) {
        return UNCHANGED;
      }
      return text(units[node] & 0x7FFFFFFF);
    }
    return UNCHANGED;
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 1 << 9) >>> 6);
  }

  private String text(int start) {
    if (start >= replacements.length) {
      return UNCHANGED;
    }
    int end = start;
    while (end < replacements.length && replacements[end] != 0) {
      end++;
    }
    return Utf8.text(replacements, start, end);
  }

  /**
   * Holds the last character back, because a replacement by nothing makes the character before it
   * swallow what is dropped. (At the very beginning there is none, so nothing is swallowed and all that
   * follows is one place off: a flaw of the reference that its offsets show.)
   */
  private static final class Pending {
    private final char[] text;
    private final Edit edit;
    // Held back: a run of unchanged input [runFrom, runTo), or one code point, or nothing.
    private int runFrom = -1;
    private int runTo;
    private int codePoint = -1;
    private int change;

    Pending(char[] text, Edit edit) {
      this.text = text;
      this.edit = edit;
    }

    /** Writes input as it is. */
    void copy(int from, int to) {
      flush();
      runFrom = from;
      runTo = to;
    }

    /** Writes a replacement for the given number of code points. */
    void replace(int oldCount, String replacement) {
      int newCount = replacement.codePointCount(0, replacement.length());
      if (newCount == 0) {
        if (runFrom >= 0) {
          splitRun();
        }
        if (codePoint >= 0) {
          change -= oldCount;
        }
        return;
      }
      for (int i = 0, n = 0; i < replacement.length(); n++) {
        int c = replacement.codePointAt(i);
        i += Character.charCount(c);
        flush();
        codePoint = c;
        change = n >= oldCount ? 1 : 0;
      }
      if (newCount < oldCount) {
        change -= oldCount - newCount;
      }
    }

    private void splitRun() {
      int last = Character.codePointBefore(text, runTo, runFrom);
      writeRun(runTo - Character.charCount(last));
      codePoint = last;
      change = 0;
    }

    private void writeRun(int to) {
      if (edit.position() == runFrom) {
        edit.copyTo(to);
      } else {
        for (int i = runFrom; i < to; i += Character.charCount(Character.codePointAt(text, i, to))) {
          edit.put(Character.codePointAt(text, i, to), 0);
        }
      }
      runFrom = -1;
    }

    void flush() {
      if (runFrom >= 0) {
        writeRun(runTo);
      } else if (codePoint >= 0) {
        edit.put(codePoint, change);
      }
      codePoint = -1;
    }
  }
}
