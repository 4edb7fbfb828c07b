package dev.hone.tokenizer.unicode;

import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.text.Edit;
import java.util.Arrays;

/**
 * The four Unicode normalisation forms, applied so that every character still knows its origin.
 *
 * <p>Most characters are inert: they are normal, combine with nothing before them and separate what is
 * around them. Runs of them are copied whole; only the stretches between are decomposed, ordered and
 * composed.
 */
public enum NormalForm {
  /** Canonical composition. */
  NFC(false, true),
  /** Canonical decomposition. */
  NFD(false, false),
  /** Compatibility composition. */
  NFKC(true, true),
  /** Compatibility decomposition. */
  NFKD(true, false);

  private final boolean compatible;
  private final boolean composing;
  // Inertness by blocks of 256 characters, worked out when a block is first met: 1 inert, 2 not.
  private final byte[][] blocks = new byte[256][];

  NormalForm(boolean compatible, boolean composing) {
    this.compatible = compatible;
    this.composing = composing;
  }

  /** Whether normalising may move this character past its neighbours: it has a combining class. */
  public static boolean reorders(int codePoint) {
    return CanonicalData.combiningClass(codePoint) != 0;
  }

  /** Appends the normal form of in[from, to) to out. */
  public void normalize(AlignedText in, int from, int to, AlignedText out) {
    char[] text = in.chars();
    int copied = from;
    int i = from;
    while (i < to) {
      int c = text[i];
      if (c < 0xA0 || isInert(c)) {
        i++;
        continue;
      }
      int codePoint = codePointAt(text, i, to);
      int width = Character.charCount(codePoint);
      if (width == 2 && inert(codePoint)) {
        i += 2;
        continue;
      }
      // The inert character before may still compose with what follows.
      int start = composing && i > copied ? i - widthBefore(text, copied, i) : i;
      int end = i + width;
      while (end < to) {
        int next = codePointAt(text, end, to);
        if (next < 0x10000 ? isInert(next) : inert(next)) {
          break;
        }
        end += Character.charCount(next);
      }
      out.append(in, copied, start);
      rework(in, start, end, out);
      copied = end;
      i = end;
    }
    out.append(in, copied, to);
  }

  private static int codePointAt(char[] text, int i, int to) {
    return Character.codePointAt(text, i, to);
  }

  private static int widthBefore(char[] text, int from, int i) {
    return i - 2 >= from && Character.isSurrogatePair(text[i - 2], text[i - 1]) ? 2 : 1;
  }

  private boolean isInert(int c) {
    byte[] block = blocks[c >> 8];
    if (block == null) {
      block = new byte[256];
      for (int i = 0; i < 256; i++) {
        int codePoint = c & 0xFF00 | i;
        block[i] = (byte) (!Character.isSurrogate((char) codePoint) && inert(codePoint) ? 1 : 2);
      }
      blocks[c >> 8] = block;
    }
    return block[c & 0xFF] == 1;
  }

  private boolean inert(int c) {
    if (CanonicalData.combiningClass(c) != 0) {
      return false;
    }
    String parts = CanonicalData.decomposition(c, compatible);
    if (!composing) {
      return parts == null;
    }
    if (CanonicalData.composesBackward(c)) {
      return false;
    }
    return parts == null || recomposed(parts) == c;
  }

  private static int recomposed(String parts) {
    int c = parts.codePointAt(0);
    for (int i = Character.charCount(c); i < parts.length() && c >= 0; ) {
      int next = parts.codePointAt(i);
      c = CanonicalData.compose(c, next);
      i += Character.charCount(next);
    }
    return c;
  }

  private void rework(AlignedText in, int from, int to, AlignedText out) {
    Stretch stretch = new Stretch(to - from);
    char[] text = in.chars();
    for (int i = from; i < to; ) {
      int c = codePointAt(text, i, to);
      i += Character.charCount(c);
      String parts = CanonicalData.decomposition(c, compatible);
      if (parts == null) {
        stretch.add(c, 0);
      } else {
        int change = 0;
        for (int k = 0; k < parts.length(); change = 1) {
          int part = parts.codePointAt(k);
          stretch.add(part, change);
          k += Character.charCount(part);
        }
      }
    }
    stretch.order();
    if (composing) {
      stretch.compose();
    }
    Edit edit = new Edit(in, from, to, out);
    for (int i = 0; i < stretch.size; i++) {
      edit.put(stretch.codePoints[i], stretch.changes[i]);
    }
  }

  /** Decomposed characters with the change each makes, in the sense of {@link Edit}. */
  private static final class Stretch {
    private int[] codePoints;
    private int[] changes;
    private int[] classes;
    private int size;

    Stretch(int expected) {
      codePoints = new int[2 * expected + 4];
      changes = new int[codePoints.length];
      classes = new int[codePoints.length];
    }

    void add(int codePoint, int change) {
      if (size == codePoints.length) {
        codePoints = Arrays.copyOf(codePoints, 2 * size);
        changes = Arrays.copyOf(changes, 2 * size);
        classes = Arrays.copyOf(classes, 2 * size);
      }
      codePoints[size] = codePoint;
      changes[size] = change;
      classes[size++] = CanonicalData.combiningClass(codePoint);
    }

    /** Sorts every run of combining characters by class, keeping the order within a class. */
    void order() {
      for (int start = 0; start < size; start++) {
        if (classes[start] == 0) {
          continue;
        }
        int end = start;
        while (end < size && classes[end] != 0) {
          end++;
        }
        sort(start, end);
        start = end;
      }
    }

    // Text with a very long run of marks must not cost its square, so long runs are merge-sorted.
    private void sort(int start, int end) {
      boolean sorted = true;
      for (int i = start + 1; i < end; i++) {
        sorted &= classes[i - 1] <= classes[i];
      }
      if (sorted) {
        return;
      }
      long[] keys = new long[end - start];
      for (int i = start; i < end; i++) {
        keys[i - start] = (long) classes[i] << 32 | i;
      }
      Arrays.sort(keys);
      int[] c = Arrays.copyOfRange(codePoints, start, end);
      int[] d = Arrays.copyOfRange(changes, start, end);
      for (int i = start; i < end; i++) {
        int from = (int) keys[i - start] - start;
        codePoints[i] = c[from];
        changes[i] = d[from];
        classes[i] = (int) (keys[i - start] >>> 32);
      }
    }

    /** Composes every starter with the marks (and the starter) that follow it unblocked. */
    void compose() {
      int kept = 0;
      int starter = -1;
      int lastClass = -1;
      for (int i = 0; i < size; i++) {
        int c = codePoints[i];
        int cls = classes[i];
        int change = changes[i];
        if (starter >= 0 && lastClass < cls) {
          int composite = CanonicalData.compose(codePoints[starter], c);
          if (composite >= 0) {
            codePoints[starter] = composite;
            changes[starter] += change - 1;
            continue;
          }
        }
        if (cls == 0) {
          starter = kept;
          lastClass = -1;
        } else {
          lastClass = cls;
        }
        codePoints[kept] = c;
        changes[kept] = change;
        classes[kept++] = cls;
      }
      size = kept;
    }
  }
}
