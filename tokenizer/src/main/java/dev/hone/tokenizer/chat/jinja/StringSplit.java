package dev.hone.tokenizer.chat.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** {@code split}, {@code rsplit}, {@code splitlines}, {@code partition} and {@code rpartition} of a str. */
final class StringSplit {
  private StringSplit() {}

  static Object split(String method, String s, GivenArguments arguments, Budget budget) {
    Object[] bound = arguments.bind(method, "sep", "maxsplit");
    int most = GivenArguments.integer(bound[1], -1, "maxsplit");
    int splits = most < 0 ? Integer.MAX_VALUE : most;
    budget.scan(2 * s.length());
    boolean fromRight = method.equals("rsplit");
    List<Object> parts;
    if (bound[0] == null || bound[0] == None.NONE) {
      parts = fromRight ? wordsFromRight(s, splits, budget) : words(s, splits, budget);
    } else {
      String separator = GivenArguments.text(bound[0], "a separator");
      if (separator.isEmpty()) {
        throw JinjaException.value("empty separator");
      }
      budget.search(s.length(), separator.length());
      parts = fromRight ? partsFromRight(s, separator, splits, budget) : parts(s, separator, splits, budget);
    }
    return parts;
  }

  private static List<Object> parts(String s, String separator, int splits, Budget budget) {
    List<Object> parts = new ArrayList<>();
    int from = 0;
    while (parts.size() < splits) {
      int at = CodePoints.indexOf(s, separator, from);
      if (at < 0) {
        break;
      }
      budget.step();
      parts.add(s.substring(from, at));
      from = at + separator.length();
    }
    parts.add(s.substring(from));
    return parts;
  }

  private static List<Object> partsFromRight(String s, String separator, int splits, Budget budget) {
    if (splits == Integer.MAX_VALUE && separator.length() == 1) {
      return parts(s, separator, splits, budget);
    }
    List<Object> parts = new ArrayList<>();
    int to = s.length();
    while (parts.size() < splits && to >= separator.length()) {
      int at = CodePoints.lastIndexOf(s, separator, to - separator.length());
      if (at < 0) {
        break;
      }
      budget.step();
      parts.add(s.substring(at + separator.length(), to));
      to = at;
    }
    parts.add(s.substring(0, to));
    Collections.reverse(parts);
    return parts;
  }

  private static List<Object> words(String s, int splits, Budget budget) {
    List<Object> words = new ArrayList<>();
    int i = skip(s, 0, true);
    while (i < s.length()) {
      budget.step();
      if (words.size() == splits) {
        words.add(s.substring(i));   // the rest keeps its white space, inside and at the end
        break;
      }
      int end = skip(s, i, false);
      words.add(s.substring(i, end));
      i = skip(s, end, true);
    }
    return words;
  }

  private static int skip(String s, int from, boolean spaces) {
    int i = from;
    while (i < s.length() && CharacterClasses.isSpace(s.charAt(i)) == spaces) {
      i++;
    }
    return i;
  }

  private static List<Object> wordsFromRight(String s, int splits, Budget budget) {
    List<Object> words = new ArrayList<>();
    int end = CharacterClasses.strip(s, false, true).length();
    while (end > 0) {
      budget.step();
      if (words.size() == splits) {
        words.add(s.substring(0, end));
        break;
      }
      int start = end;
      while (start > 0 && !CharacterClasses.isSpace(s.charAt(start - 1))) {
        start--;
      }
      words.add(s.substring(start, end));
      end = start;
      while (end > 0 && CharacterClasses.isSpace(s.charAt(end - 1))) {
        end--;
      }
    }
    Collections.reverse(words);
    return words;
  }

  static Object lines(String s, GivenArguments arguments, Budget budget) {
    boolean keepEnds = GivenArguments.flag(arguments.bind("splitlines", "keepends")[0], false);
    budget.scan(2 * s.length());
    return lines(s, keepEnds, budget);
  }

  static List<Object> lines(String s, boolean keepEnds, Budget budget) {
    List<Object> lines = new ArrayList<>();
    int from = 0;
    while (from < s.length()) {
      budget.step();
      int end = from;
      while (end < s.length() && !CharacterClasses.isLineEnd(s.charAt(end))) {
        end++;
      }
      int next = Math.min(s.length(), end + (s.startsWith("\r\n", end) ? 2 : 1));
      lines.add(s.substring(from, keepEnds ? next : end));
      from = next;
    }
    return lines;
  }

  static Object partition(String method, String s, GivenArguments arguments, Budget budget) {
    String separator = GivenArguments.text(arguments.bindRequired(method, 1, "sep")[0], "a separator");
    if (separator.isEmpty()) {
      throw JinjaException.value("empty separator");
    }
    budget.search(s.length(), separator.length());
    boolean fromRight = method.equals("rpartition");
    int at = fromRight
        ? CodePoints.lastIndexOf(s, separator, s.length())
        : CodePoints.indexOf(s, separator, 0);
    if (at < 0) {
      return fromRight ? Tuple.of("", "", s) : Tuple.of(s, "", "");
    }
    return Tuple.of(s.substring(0, at), separator, s.substring(at + separator.length()));
  }
}
