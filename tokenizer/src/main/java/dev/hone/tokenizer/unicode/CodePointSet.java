package dev.hone.tokenizer.unicode;

import java.util.BitSet;

/** A fixed set of code points, written as hexadecimal ranges: {@code "61d 1b4e-1b4f"}. */
final class CodePointSet {
  private final BitSet members = new BitSet();

  CodePointSet(String ranges) {
    for (String range : ranges.strip().split("\\s+")) {
      if (range.isEmpty()) {
        continue;
      }
      int dash = range.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash), 16);
      int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1), 16);
      members.set(first, last + 1);
    }
  }

  boolean contains(int codePoint) {
    return members.get(codePoint);
  }
}
