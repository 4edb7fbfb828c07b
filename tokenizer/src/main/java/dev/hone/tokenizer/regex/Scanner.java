package dev.hone.tokenizer.regex;

import dev.hone.tokenizer.unicode.CharClass;
import java.util.Map;

/**
 * Hand-written equivalents of regular expressions that cut text into words without leaving anything out.
 * Each says where the word that begins at a given place ends.
 */
public sealed interface Scanner extends Search permits Gpt2Scanner, Llama3Scanner, Gpt4oScanner {

  /** Where the word that begins at i ends: after i, at most at to. */
  int end(char[] text, int i, int to);

  @Override
  default Hits in(char[] text, int from, int to) {
    int[] at = {from};
    return () -> {
      int i = at[0];
      return i >= to ? NONE : Search.hit(i, at[0] = end(text, i, to));
    };
  }

  /** The search for an expression: a scanner if there is one for exactly this text. */
  static Search forRegex(String regex) {
    Search known = Known.BY_TEXT.get(regex);
    return known != null ? known : new CompiledRegex(regex);
  }

  /** Expressions that have a scanner. */
  final class Known {
    /** GPT-2's, which the ByteLevel pre-tokeniser uses by itself. */
    public static final String GPT2 =
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    private static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    /** Llama 3's. */
    public static final String LLAMA3 =
        CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" + REST;
    /** Qwen 2's and 3's. */
    public static final String QWEN =
        CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" + REST;
    /** GPT-4's. */
    public static final String GPT4 = CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}"
        + "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";
    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    /** GPT-4o's. */
    public static final String GPT4O = "[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "*" + LOWER + "+" + CONTRACTION
        + "?|[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "+" + LOWER + "*" + CONTRACTION
        + "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private static final Map<String, Scanner> BY_TEXT = Map.of(GPT2, new Gpt2Scanner(),
        LLAMA3, new Llama3Scanner(3), GPT4, new Llama3Scanner(3), QWEN, new Llama3Scanner(1),
        GPT4O, new Gpt4oScanner());

    private Known() {}
  }

  /** Classes of the code point at i. */
  static int classAt(char[] text, int i, int to) {
    char c = text[i];
    return Character.isHighSurrogate(c) && i + 1 < to
        ? CharClass.of(Character.toCodePoint(c, text[i + 1])) : CharClass.of(c);
  }

  /** Units of the code point at i. */
  static int width(char[] text, int i, int to) {
    return Character.isHighSurrogate(text[i]) && i + 1 < to ? 2 : 1;
  }

  /** End of the run of characters that have one of the bits. */
  static int run(char[] text, int i, int to, int bits) {
    while (i < to) {
      char c = text[i];
      if (Character.isHighSurrogate(c) && i + 1 < to) {
        if (!CharClass.is(Character.toCodePoint(c, text[i + 1]), bits)) {
          break;
        }
        i += 2;
      } else {
        if ((CharClass.of(c) & bits) == 0) {
          break;
        }
        i++;
      }
    }
    return i;
  }

  /** End of the run of characters that have none of the bits. */
  static int runWithout(char[] text, int i, int to, int bits) {
    while (i < to) {
      char c = text[i];
      if (Character.isHighSurrogate(c) && i + 1 < to) {
        if (CharClass.is(Character.toCodePoint(c, text[i + 1]), bits)) {
          break;
        }
        i += 2;
      } else {
        if ((CharClass.of(c) & bits) != 0) {
          break;
        }
        i++;
      }
    }
    return i;
  }

  /** End of at most n numbers. */
  static int digits(char[] text, int i, int to, int n) {
    for (int k = 0; k < n && i < to && (classAt(text, i, to) & CharClass.NUMBER) != 0; k++) {
      i += width(text, i, to);
    }
    return i;
  }

  /**
   * White space at i, as {@code \s+(?!\S)|\s+}: all of it at the end of the text, else all but the last
   * character, which goes with the word that follows, unless it is the only one.
   */
  static int space(char[] text, int i, int to) {
    int end = run(text, i, to, CharClass.SPACE);
    return end == to || end - i == 1 ? end : end - 1;
  }

  /** White space at i, as {@code \s*[\r\n]+|\s+(?!\S)|\s+}. */
  static int spaceWithLines(char[] text, int i, int to) {
    int end = run(text, i, to, CharClass.SPACE);
    for (int k = end - 1; k >= i; k--) {
      if (text[k] == '\n' || text[k] == '\r') {
        return k + 1;
      }
    }
    return end == to || end - i == 1 ? end : end - 1;
  }

  /** End of an English contraction at i, in either case, or i if there is none. */
  static int contraction(char[] text, int i, int to) {
    if (i + 1 >= to || text[i] != '\'') {
      return i;
    }
    char second = i + 2 < to ? lower(text[i + 2]) : 0;
    return switch (lower(text[i + 1])) {
      case 's', 't', 'm', 'd', '\u017F' -> i + 2;
      case 'r', 'v' -> second == 'e' ? i + 3 : i;
      case 'l' -> second == 'l' ? i + 3 : i;
      default -> i;
    };
  }

  private static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
  }
}
