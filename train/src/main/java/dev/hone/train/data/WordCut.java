package dev.hone.train.data;

import java.util.ArrayList;
import java.util.List;

/** Where the words of a text are: runs of letters, digits and marks, and every other character but a space alone. */
public final class WordCut {
  private WordCut() {}

  /** The beginning and the end of each word. */
  public static List<int[]> words(String text) {
    List<int[]> words = new ArrayList<>();
    int start = -1;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      if (isLetter(c)) {
        start = start < 0 ? i : start;
      } else {
        if (start >= 0) {
          words.add(new int[] {start, i});
          start = -1;
        }
        if (!Character.isWhitespace(c) && !Character.isSpaceChar(c)) {
          words.add(new int[] {i, next});
        }
      }
      i = next;
    }
    if (start >= 0) {
      words.add(new int[] {start, text.length()});
    }
    return words;
  }

  private static boolean isLetter(int c) {
    return Character.isLetterOrDigit(c) || Character.getType(c) == Character.NON_SPACING_MARK
        || Character.getType(c) == Character.COMBINING_SPACING_MARK || c == '_';
  }
}
