package dev.hone.tokenizer.unicode;

import java.text.Normalizer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Decompositions, combining classes and compositions of single characters.
 *
 * <p>The JDK normalises whole strings but tells neither which character became which nor its data, so
 * the data is asked out of it, of a character when it is first met: a decomposition by normalising it;
 * the order of two combining classes by seeing whether normalising swaps two marks; a composition from
 * the decomposition it undoes. Characters newer than the reference's tables are left alone, as they are there.
 */
final class CanonicalData {
  // One mark of each combining class, in ascending order of the classes (1, 7, 8, 9, 10 .. 240).
  private static final int[] CLASS_MARKS = {
    0x0334, 0x093C, 0x3099, 0x094D, 0x05B0, 0x05B1, 0x05B2, 0x05B3, 0x05B4, 0x05B5, 0x05B6, 0x05B7,
    0x05B8, 0x05B9, 0x05BB, 0x05BC, 0x05BD, 0x05BF, 0x05C1, 0x05C2, 0xFB1E, 0x064B, 0x064C, 0x064D,
    0x064E, 0x064F, 0x0650, 0x0651, 0x0652, 0x0670, 0x0711, 0x0C55, 0x0C56, 0x0E38, 0x0E48, 0x0EB8,
    0x0EC8, 0x0F71, 0x0F72, 0x0F74, 0x0321, 0x1DCE, 0x031B, 0x302A, 0x0316, 0x059A, 0x302E, 0x1D16D,
    0x05AE, 0x0301, 0x0315, 0x035C, 0x035D, 0x0345
  };

  // Decomposable since Unicode 10 or later.
  private static final CodePointSet NEWER_CANONICAL = new CodePointSet("""
      105c9 105e4 11383 11385 1138e 11391 113c5 113c7-113c8 11938 16121-16128 16d68-16d6a""");
  private static final CodePointSet NEWER_COMPATIBLE = new CodePointSet("""
      32ff a7f2-a7f4 ab69 10781-10785 10787-107b0 107b2-107ba 1ccd6-1ccf9 1e030-1e06d 1f16c
      1fbf0-1fbf9""");

  private static final int LAST = 0x2FA1D;
  private static final int HANGUL_FIRST = 0xAC00;
  private static final int HANGUL_LAST = 0xD7A3;

  // What was asked before, as few characters of all are. "": its own decomposition.
  private static final Map<Integer, String> CANONICAL = new ConcurrentHashMap<>();
  private static final Map<Integer, Integer> CLASSES = new ConcurrentHashMap<>();

  /** Which two characters compose to a third; needs the decompositions of all, so only whoever composes loads it. */
  private static final class Compositions {
    private static final Map<Long, Integer> PAIRS = new HashMap<>();
    private static final Set<Integer> SECONDS = new HashSet<>();

    static {
      for (int c = 0xA0; c <= LAST; c++) {
        if (Character.isSurrogate((char) c) && c < 0x10000) {
          continue;
        }
        if (c >= HANGUL_FIRST && c <= HANGUL_LAST) {
          continue;
        }
        String parts = findDecomposition(c);
        if (!parts.isEmpty() && Normalizer.isNormalized(Character.toString(c), Normalizer.Form.NFC)) {
          add(c, parts);
        }
      }
    }

    private static void add(int c, String parts) {
      int last = parts.codePointBefore(parts.length());
      String rest = parts.substring(0, parts.length() - Character.charCount(last));
      String first = Normalizer.normalize(rest, Normalizer.Form.NFC);
      PAIRS.put(pair(first.codePointAt(0), last), c);
      SECONDS.add(last);
    }
  }

  private CanonicalData() {}

  private static String findDecomposition(int c) {
    if (NEWER_CANONICAL.contains(c)) {
      return "";
    }
    String s = Character.toString(c);
    return Normalizer.isNormalized(s, Normalizer.Form.NFD) ? "" : Normalizer.normalize(s, Normalizer.Form.NFD);
  }

  private static int findClass(int c) {
    int low = 0;
    int high = CLASS_MARKS.length - 1;
    while (low < high) {
      int middle = (low + high) / 2;
      if (swaps(c, CLASS_MARKS[middle])) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    // Equal classes never swap, neither does class 0: tell them apart by a mark of another class.
    return swaps(c, CLASS_MARKS[0]) || swaps(CLASS_MARKS[CLASS_MARKS.length - 1], c) ? low + 1 : 0;
  }

  /** Whether normalising exchanges the two, that is, whether second has the smaller class (and one). */
  private static boolean swaps(int first, int second) {
    String s = new StringBuilder().appendCodePoint(first).appendCodePoint(second).toString();
    String order = Normalizer.normalize(s, Normalizer.Form.NFD);
    return !order.equals(Normalizer.normalize(Character.toString(first), Normalizer.Form.NFD)
        + Normalizer.normalize(Character.toString(second), Normalizer.Form.NFD));
  }

  private static long pair(int first, int second) {
    return (long) first << 32 | second;
  }

  /** The full decomposition of a character, or null if it is its own. */
  static String decomposition(int c, boolean compatible) {
    if (c < 0xA0) {
      return null;
    }
    if (c >= HANGUL_FIRST && c <= HANGUL_LAST) {
      return Normalizer.normalize(Character.toString(c), Normalizer.Form.NFD);
    }
    if (!compatible) {
      String known = CANONICAL.get(c);
      String parts = known != null ? known : CANONICAL.computeIfAbsent(c, CanonicalData::findDecomposition);
      return parts.isEmpty() ? null : parts;
    }
    if (NEWER_COMPATIBLE.contains(c) || NEWER_CANONICAL.contains(c)) {
      return null;
    }
    String s = Character.toString(c);
    return Normalizer.isNormalized(s, Normalizer.Form.NFKD) ? null : Normalizer.normalize(s, Normalizer.Form.NFKD);
  }

  /** The rank of a character's combining class; 0 for class 0, equal ranks for equal classes. */
  static int combiningClass(int c) {
    if (c < 0x300 || !CharClass.is(c, CharClass.MARK) || Marks.isNewerMark(c)) {
      return 0;
    }
    Integer known = CLASSES.get(c);
    return known != null ? known : CLASSES.computeIfAbsent(c, CanonicalData::findClass);
  }

  /** The character two others compose to, or -1. */
  static int compose(int first, int second) {
    if (first >= 0x1100 && first <= 0x1112 && second >= 0x1161 && second <= 0x1175) {
      return HANGUL_FIRST + ((first - 0x1100) * 21 + second - 0x1161) * 28;
    }
    if (first >= HANGUL_FIRST && first <= HANGUL_LAST && (first - HANGUL_FIRST) % 28 == 0
        && second > 0x11A7 && second <= 0x11C2) {
      return first + second - 0x11A7;
    }
    return Compositions.PAIRS.getOrDefault(pair(first, second), -1);
  }

  /** Whether a character can be the second of a composition. */
  static boolean composesBackward(int c) {
    return c >= 0x1161 && c <= 0x1175 || c > 0x11A7 && c <= 0x11C2 || Compositions.SECONDS.contains(c);
  }
}
