package dev.hone.tokenizer.file;

import dev.hone.tokenizer.definition.TokenizerException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * The merges of a vocabulary that comes without: SentencePiece and tiktoken join any two tokens whose concatenation is a
 * token, the best one first. Every way to put a token together becomes a merge.
 */
final class PieceMerges {
  // Finding the ways costs length squared; real tokens stay far below.
  private static final int LONGEST = 1024;

  private PieceMerges() {}

  /** Two tokens, by id, and the token they become; lengths in code points. */
  record Merge(int left, int right, int token, int leftLength, int rightLength) {}

  /**
   * Left and right token in turn.
   *
   * @param order which merge comes first
   * @param takesPart whether a token may be a part or the result
   */
  static List<String> of(List<String> tokens, Comparator<Merge> order, IntPredicate takesPart, String where) {
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (takesPart.test(id)) {
        ids.put(tokens.get(id), id);
      }
    }
    List<Merge> merges = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (takesPart.test(id)) {
        add(tokens.get(id), id, ids, merges, where);
      }
    }
    merges.sort(order.thenComparing(Merge::left).thenComparing(Merge::right));
    List<String> out = new ArrayList<>(2 * merges.size());
    for (Merge merge : merges) {
      out.add(tokens.get(merge.left()));
      out.add(tokens.get(merge.right()));
    }
    return out;
  }

  private static void add(String token, int id, Map<String, Integer> ids, List<Merge> merges, String where) {
    if (token.length() > LONGEST) {
      throw new TokenizerException(where + ": token " + id + " has " + token.length() + " characters, allowed are " + LONGEST);
    }
    for (int i = 1; i < token.length(); i++) {
      Integer left = ids.get(token.substring(0, i));
      if (left == null) {
        continue;
      }
      Integer right = ids.get(token.substring(i));
      if (right == null) {
        continue;
      }
      merges.add(new Merge(left, right, id, token.codePointCount(0, i), token.codePointCount(i, token.length())));
    }
  }
}
