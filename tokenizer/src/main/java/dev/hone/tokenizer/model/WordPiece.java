package dev.hone.tokenizer.model;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.lookup.CharTrie;
import dev.hone.tokenizer.lookup.Vocabulary;
import dev.hone.tokenizer.text.Excerpt;
import dev.hone.tokenizer.tokens.TokenBuffer;

/**
 * Greedy longest match: a word is cut from the left into the longest tokens there are; if at some place
 * none fits, the whole word is the unknown token.
 */
public final class WordPiece implements Model {
  private final Vocabulary vocabulary;
  private final String unknownToken;
  private final String prefix;
  private final int maxCharacters;
  private final int unknownId;
  private final CharTrie initial = new CharTrie();
  private final CharTrie continuing;

  /**
   * A model over a vocabulary.
   *
   * @param unknownToken token of words that cannot be cut
   * @param prefix what tokens inside a word begin with, "##"
   * @param maxCharacters a word of more code points than this is unknown
   */
  public WordPiece(Vocabulary vocabulary, String unknownToken, String prefix, int maxCharacters) {
    this.vocabulary = vocabulary;
    this.unknownToken = unknownToken;
    this.prefix = prefix;
    this.maxCharacters = maxCharacters;
    this.unknownId = vocabulary.id(unknownToken);
    this.continuing = prefix.isEmpty() ? initial : new CharTrie();
    for (int id = 0; id < vocabulary.size(); id++) {
      String token = vocabulary.token(id);
      if (token == null || token.isEmpty()) {
        continue;
      }
      initial.put(token, 0, id);
      if (!prefix.isEmpty() && token.length() > prefix.length() && token.startsWith(prefix)) {
        continuing.put(token, prefix.length(), id);
      }
    }
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /** What tokens inside a word begin with. */
  public String prefix() {
    return prefix;
  }

  @Override
  public void tokenize(char[] text, int from, int to, Workbench bench, TokenBuffer out) {
    int mark = out.count;
    if (tooLong(text, from, to) || !cut(text, from, to, out)) {
      out.count = mark;
      if (unknownId == Vocabulary.UNKNOWN) {
        throw new TokenizerException("WordPiece: no tokens for \"" + new String(text, from, Math.min(to - from, 40))
            + "\" and the unknown token \"" + Excerpt.of(unknownToken) + "\" is not in the vocabulary");
      }
      out.add(unknownId, from, to);
    }
  }

  private boolean tooLong(char[] text, int from, int to) {
    return to - from > maxCharacters && Character.codePointCount(text, from, to - from) > maxCharacters;
  }

  private boolean cut(char[] text, int from, int to, TokenBuffer out) {
    CharTrie trie = initial;
    for (int start = from; start < to; trie = continuing) {
      int bestId = CharTrie.NONE;
      int bestEnd = start;
      int node = CharTrie.ROOT;
      for (int i = start; i < to; i++) {
        node = trie.step(node, text[i]);
        if (node == CharTrie.NONE) {
          break;
        }
        int id = trie.id(node);
        if (id != CharTrie.NONE) {
          bestId = id;
          bestEnd = i + 1;
        }
      }
      if (bestId == CharTrie.NONE) {
        return false;
      }
      out.add(bestId, start, bestEnd);
      start = bestEnd;
    }
    return true;
  }
}
