package dev.hone.tokenizer.chat.jinja;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** A Python str counts code points where a Java string counts UTF-16 units; the two differ outside the first plane. */
final class CodePoints {
  /** Up to this length, a search may compare all of the needle at every place of the text. */
  static final int SHORT_NEEDLE = 64;

  private CodePoints() {}

  static int length(String s) {
    return s.codePointCount(0, s.length());
  }

  /** The UTF-16 offset of a code point; positions past the end give the end. */
  static int offset(String s, int index) {
    int length = length(s);
    if (index >= length) {
      return s.length();
    }
    return length == s.length() ? index : s.offsetByCodePoints(0, index);
  }

  /** The code points from {@code start} to {@code end}, clipped to the string. */
  static String slice(String s, int start, int end) {
    if (start >= end) {
      return "";
    }
    return s.substring(offset(s, start), offset(s, end));
  }

  /** The character at a code point index that is known to exist. */
  static String at(String s, int index) {
    int from = offset(s, index);
    return s.substring(from, from + Character.charCount(s.codePointAt(from)));
  }

  static Iterator<Object> iterate(String s) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < s.length();
      }

      @Override
      public Object next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        int from = next;
        next += Character.charCount(s.codePointAt(from));
        return s.substring(from, next);
      }
    };
  }

  /**
   * The first occurrence of {@code needle} at or after {@code from}, or -1. A long needle in a long text is searched
   * in linear time, since the text's author may have chosen both.
   */
  static int indexOf(String s, String needle, int from) {
    return isCheap(s, needle) ? s.indexOf(needle, from) : search(s, needle, from, s.length(), false);
  }

  /** The last occurrence of {@code needle} that starts at or before {@code from}, or -1. */
  static int lastIndexOf(String s, String needle, int from) {
    return isCheap(s, needle) ? s.lastIndexOf(needle, from) : search(s, needle, 0, from, true);
  }

  private static boolean isCheap(String s, String needle) {
    return needle.length() <= SHORT_NEEDLE || s.length() < 4096;
  }

  /** Knuth, Morris and Pratt: the first or the last occurrence that starts within [from, upTo]. */
  private static int search(String s, String needle, int from, int upTo, boolean last) {
    int[] border = borders(needle);
    int found = -1;
    int matched = 0;
    for (int i = from; i < s.length() && i - matched <= upTo; i++) {
      char c = s.charAt(i);
      while (matched > 0 && (matched == needle.length() || c != needle.charAt(matched))) {
        matched = border[matched - 1];
      }
      if (c == needle.charAt(matched)) {
        matched++;
      }
      if (matched == needle.length() && i - matched + 1 <= upTo) {
        found = i - matched + 1;
        if (!last) {
          break;
        }
      }
    }
    return found;
  }

  /** border[i]: length of the longest proper prefix of needle[0..i] that is also its suffix (Knuth, Morris, Pratt). */
  private static int[] borders(String needle) {
    int[] border = new int[needle.length()];
    for (int i = 1, length = 0; i < needle.length(); i++) {
      while (length > 0 && needle.charAt(i) != needle.charAt(length)) {
        length = border[length - 1];
      }
      if (needle.charAt(i) == needle.charAt(length)) {
        length++;
      }
      border[i] = length;
    }
    return border;
  }

  /** Orders by code points; Java's own order puts U+FFFF after U+10000. */
  static int compare(String a, String b) {
    int n = Math.min(a.length(), b.length());
    for (int i = 0; i < n; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        boolean bothOrNone = Character.isSurrogate(x) == Character.isSurrogate(y);
        return bothOrNone ? Character.compare(x, y) : Character.isSurrogate(x) ? 1 : -1;
      }
    }
    return Integer.compare(a.length(), b.length());
  }
}
