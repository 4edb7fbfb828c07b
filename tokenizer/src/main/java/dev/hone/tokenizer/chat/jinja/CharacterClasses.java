package dev.hone.tokenizer.chat.jinja;

import java.util.BitSet;
import java.util.Locale;
import java.util.function.IntPredicate;

/** Python's view of characters: what is white space, where a line ends, how case changes. */
final class CharacterClasses {
  private CharacterClasses() {}

  /** {@code str.isspace} of one character. Java's own notions differ at U+001C..U+001F, U+0085 and U+00A0. */
  static boolean isSpace(int c) {
    if (c < 0x80) {
      return c == ' ' || c >= 0x9 && c <= 0xd || c >= 0x1c && c <= 0x1f;
    }
    return c == 0x85 || c == 0xa0 || c == 0x1680 || c >= 0x2000 && c <= 0x200a || c == 0x2028 || c == 0x2029
        || c == 0x202f || c == 0x205f || c == 0x3000;
  }

  /** {@code str.splitlines} ends a line here. */
  static boolean isLineEnd(char c) {
    return c >= 0xa && c <= 0xd || c >= 0x1c && c <= 0x1e || c == 0x85 || c == 0x2028 || c == 0x2029;
  }

  static String strip(String s, boolean left, boolean right) {
    int from = 0;
    int to = s.length();
    while (left && from < to && isSpace(s.charAt(from))) {
      from++;
    }
    while (right && to > from && isSpace(s.charAt(to - 1))) {
      to--;
    }
    return s.substring(from, to);
  }

  /** Strips every character that occurs in {@code chars}. */
  static String strip(String s, String chars, boolean left, boolean right) {
    IntPredicate drop = chars.length() <= 8 ? c -> chars.indexOf(c) >= 0 : bits(chars)::get;
    int from = 0;
    int to = s.length();
    while (left && from < to && drop.test(s.codePointAt(from))) {
      from += Character.charCount(s.codePointAt(from));
    }
    while (right && to > from && drop.test(s.codePointBefore(to))) {
      to -= Character.charCount(s.codePointBefore(to));
    }
    return s.substring(from, to);
  }

  private static BitSet bits(String chars) {
    BitSet set = new BitSet();
    chars.codePoints().forEach(set::set);
    return set;
  }

  static boolean isCased(int c) {
    return Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
  }

  /** The title case of one character, which may be several: {@code ß} becomes {@code Ss}. */
  static String titleCase(int c) {
    int simple = Character.toTitleCase(c);
    if (simple != c || !Character.isLowerCase(c)) {
      return Character.toString(simple);
    }
    String upper = Character.toString(c).toUpperCase(Locale.ROOT);
    int first = upper.codePointAt(0);
    String rest = upper.substring(Character.charCount(first));
    return Character.toString(first) + rest.toLowerCase(Locale.ROOT);
  }
}
