package dev.hone.tokenizer.regex;

import java.util.Arrays;

/** A fixed string, which is not empty. */
public record Literal(String text) implements Search {

  @Override
  public Hits in(char[] chars, int from, int to) {
    char[] wanted = text.toCharArray();
    int n = wanted.length;
    int[] at = {from};
    return () -> {
      for (int i = at[0]; i + n <= to; i++) {
        if (chars[i] == wanted[0] && Arrays.equals(chars, i, i + n, wanted, 0, n)) {
          at[0] = i + n;
          return Search.hit(i, i + n);
        }
      }
      at[0] = to;
      return NONE;
    };
  }
}
