package dev.hone.tokenizer.added;

import dev.hone.tokenizer.definition.AddedToken;
import dev.hone.tokenizer.lookup.CharTrie;
import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.text.Pieces;
import dev.hone.tokenizer.unicode.CharClass;
import java.util.List;

/**
 * Finds added tokens in text, leftmost first, at one place the longest. Most texts hold none, so a look
 * at each character's membership in the set of first characters is all that usually happens.
 */
public final class TokenFinder {
  private final CharTrie contents = new CharTrie();
  private final List<Entry> entries;
  private final boolean[] firsts = new boolean[0x80];
  private boolean otherFirsts;

  /** What is looked for and which token it stands for. */
  public record Entry(String content, AddedToken token) {}

  /** A finder of the given tokens; entries with empty content are ignored. */
  public TokenFinder(List<Entry> entries) {
    this.entries = entries.stream().filter(e -> !e.content().isEmpty()).toList();
    for (int i = 0; i < this.entries.size(); i++) {
      String content = this.entries.get(i).content();
      contents.putIfAbsent(content, i); // the first of tokens that look alike once they are normalised, as in the reference
      if (content.charAt(0) < 0x80) {
        firsts[content.charAt(0)] = true;
      } else {
        otherFirsts = true;
      }
    }
  }

  /** Whether there is nothing to find. */
  public boolean isEmpty() {
    return entries.isEmpty();
  }

  /** Cuts text[from, to) into added tokens and what lies between. */
  public void split(AlignedText text, int from, int to, Pieces out) {
    char[] chars = text.chars();
    int done = from;
    for (int i = from; i < to; i++) {
      char c = chars[i];
      if (c < 0x80 ? !firsts[c] : !otherFirsts) {
        continue;
      }
      long match = longest(chars, i, to);
      if (match < 0) {
        continue;
      }
      AddedToken token = entries.get((int) match).token();
      int end = (int) (match >>> 32);
      int start = i;
      i = end - 1; // whatever becomes of this match, the next one starts after it
      if (token.singleWord() && (wordBefore(chars, from, start) || wordAfter(chars, end, to))) {
        continue;
      }
      if (token.lstrip()) {
        while (start > done && isSpace(chars[start - 1])) {
          start--;
        }
      }
      if (token.rstrip()) {
        while (end < to && isSpace(chars[end])) {
          end++;
        }
      }
      // A match inside white space that the one before took along: nothing is left of its beginning.
      start = Math.max(start, done);
      out.add(done, start);
      out.add(start, end, token.id());
      done = Math.max(done, end);
    }
    out.add(done, to);
  }

  /** Entry number in the lower half, end of the longest match at i in the upper; negative if none. */
  private long longest(char[] chars, int i, int to) {
    long best = -1;
    int node = CharTrie.ROOT;
    for (int k = i; k < to; k++) {
      node = contents.step(node, chars[k]);
      if (node == CharTrie.NONE) {
        break;
      }
      int entry = contents.id(node);
      if (entry != CharTrie.NONE) {
        best = (long) (k + 1) << 32 | entry;
      }
    }
    return best;
  }

  // All white space lies in the basic plane.
  private static boolean isSpace(char c) {
    return (CharClass.of(c) & CharClass.SPACE) != 0;
  }

  private static boolean wordBefore(char[] chars, int from, int i) {
    return i > from && CharClass.is(Character.codePointBefore(chars, i, from), CharClass.WORD);
  }

  private static boolean wordAfter(char[] chars, int i, int to) {
    return i < to && CharClass.is(Character.codePointAt(chars, i, to), CharClass.WORD);
  }
}
