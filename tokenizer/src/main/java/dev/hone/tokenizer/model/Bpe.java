package dev.hone.tokenizer.model;

import dev.hone.tokenizer.TokenizerException;
import dev.hone.tokenizer.lookup.Vocabulary;
import dev.hone.tokenizer.text.Utf8;
import dev.hone.tokenizer.tokens.TokenBuffer;
import java.util.List;

/**
 * Byte-pair encoding: a word starts as its characters, and as long as any two neighbours merge, the pair
 * whose merge was learnt first does.
 *
 * <p>A text without pre-tokeniser (SentencePiece's way) is one word of any length. If no merge ever joins
 * something to a following visible space, such a word falls apart before each of them without any change
 * of the result, and the parts are remembered like other words.
 */
public final class Bpe implements Model {
  private static final char VISIBLE_SPACE = '\u2581';

  /**
   * How characters become symbols and what happens to unknown ones.
   *
   * @param unknownToken null: unknown characters vanish
   * @param continuingPrefix put before every character but the first, may be empty
   * @param endSuffix put behind the last character, may be empty
   * @param fuseUnknown whether unknown characters in a row are one token
   * @param byteFallback whether unknown characters become their bytes, {@code <0x0A>}
   * @param ignoreMerges whether a word that is a token is not merged at all
   */
  public record Options(String unknownToken, String continuingPrefix, String endSuffix, boolean fuseUnknown,
      boolean byteFallback, boolean ignoreMerges) {}

  private final Vocabulary vocabulary;
  private final Options options;
  private final MergeTable merges;
  private final int unknownId;
  private final int[] byteIds;
  private final int[] characterIds;
  private final boolean affixes;
  private final boolean fallsApart;

  /**
   * A model.
   *
   * @param pairs left and right token of each merge in turn, in the order they were learnt
   */
  public Bpe(Vocabulary vocabulary, List<String> pairs, Options options) {
    this.vocabulary = vocabulary;
    this.options = options;
    this.unknownId = options.unknownToken() == null ? Vocabulary.UNKNOWN : vocabulary.id(options.unknownToken());
    this.byteIds = options.byteFallback() ? ByteTokens.ids(vocabulary) : null;
    this.affixes = !options.continuingPrefix().isEmpty() || !options.endSuffix().isEmpty();
    this.characterIds = characters(vocabulary);
    this.merges = new MergeTable(pairs.size() / 2);
    boolean joinsSpace = false;
    for (int rank = 0; 2 * rank < pairs.size(); rank++) {
      String left = pairs.get(2 * rank);
      String right = pairs.get(2 * rank + 1);
      merges.put(token(left, rank, left, right), token(right, rank, left, right), rank,
          token(left + withoutPrefix(right), rank, left, right));
      joinsSpace |= !right.isEmpty() && right.charAt(0) == VISIBLE_SPACE && !left.isEmpty()
          && left.charAt(left.length() - 1) != VISIBLE_SPACE;
    }
    this.fallsApart = !joinsSpace && !affixes && !options.ignoreMerges()
        && vocabulary.id(String.valueOf(VISIBLE_SPACE)) != Vocabulary.UNKNOWN;
  }

  private String withoutPrefix(String right) {
    String prefix = options.continuingPrefix();
    return right.length() >= prefix.length() ? right.substring(prefix.length()) : right;
  }

  private int token(String token, int rank, String left, String right) {
    int id = vocabulary.id(token);
    if (id == Vocabulary.UNKNOWN) {
      throw new TokenizerException("BPE: merge " + rank + " (\"" + left + "\" + \"" + right + "\") needs the token \""
          + token + "\", which is not in the vocabulary");
    }
    return id;
  }

  private static int[] characters(Vocabulary vocabulary) {
    int[] ids = new int[0x10000];
    char[] one = new char[1];
    for (int c = 0; c < ids.length; c++) {
      one[0] = (char) c;
      ids[c] = vocabulary.id(one, 0, 1);
    }
    return ids;
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /** Its options. */
  public Options options() {
    return options;
  }

  @Override
  public void tokenize(char[] text, int from, int to, Workbench bench, TokenBuffer out) {
    if (options.ignoreMerges()) {
      int whole = vocabulary.id(text, from, to);
      if (whole != Vocabulary.UNKNOWN) {
        out.add(whole, from, to);
        return;
      }
    }
    int start = from;
    if (fallsApart) {
      for (int i = from + 1; i < to; i++) {
        if (text[i] == VISIBLE_SPACE && text[i - 1] != VISIBLE_SPACE) {
          part(text, start, i, bench, out);
          start = i;
        }
      }
    }
    if (start == from) merge(text, from, to, bench.symbols(), out);
    else part(text, start, to, bench, out);
  }

  private void part(char[] text, int from, int to, Workbench bench, TokenBuffer out) {
    bench.tokenize(this, text, from, to, out);
  }

  private void merge(char[] text, int from, int to, Symbols symbols, TokenBuffer out) {
    symbols.clear();
    boolean complete = affixes ? affixed(text, from, to, symbols) : plain(text, from, to, symbols);
    symbols.merge(merges);
    int mark = out.count;
    symbols.addTo(out);
    if (!complete) closeGaps(text, from, to, mark, out);
  }

  /** Fills in the characters of the word; false if some vanished. */
  private boolean plain(char[] text, int from, int to, Symbols symbols) {
    Unknowns unknowns = new Unknowns();
    boolean complete = true;
    for (int i = from; i < to; ) {
      char c = text[i];
      int end = Character.isHighSurrogate(c) && i + 1 < to ? i + 2 : i + 1;
      int id = end - i == 1 ? characterIds[c] : vocabulary.id(text, i, end);
      if (id != Vocabulary.UNKNOWN) {
        unknowns.flush(symbols);
        symbols.add(id, i, end);
      } else {
        complete &= unknown(text, i, end, null, unknowns, symbols);
      }
      i = end;
    }
    unknowns.flush(symbols);
    return complete;
  }

  /** The same with a prefix or suffix on the characters, which then need strings. */
  private boolean affixed(char[] text, int from, int to, Symbols symbols) {
    Unknowns unknowns = new Unknowns();
    boolean complete = true;
    for (int i = from; i < to; ) {
      int end = Character.isHighSurrogate(text[i]) && i + 1 < to ? i + 2 : i + 1;
      String symbol = (i > from ? options.continuingPrefix() : "") + new String(text, i, end - i)
          + (end == to ? options.endSuffix() : "");
      int id = vocabulary.id(symbol);
      if (id != Vocabulary.UNKNOWN) {
        unknowns.flush(symbols);
        symbols.add(id, i, end);
      } else {
        complete &= unknown(text, i, end, symbol, unknowns, symbols);
      }
      i = end;
    }
    unknowns.flush(symbols);
    return complete;
  }

  /** A character that is no token; false if it vanishes. */
  private boolean unknown(char[] text, int from, int to, String symbol, Unknowns unknowns, Symbols symbols) {
    if (byteIds != null && ByteTokens.known(byteIds, symbol, text, from, to)) {
      if (symbol == null) ByteTokens.forEach(text, from, to, b -> symbols.add(byteIds[b], from, to));
      else for (byte b : Utf8.bytes(symbol)) symbols.add(byteIds[b & 0xFF], from, to);
      return true;
    }
    if (options.unknownToken() == null) return false;
    if (unknownId == Vocabulary.UNKNOWN) {
      throw new TokenizerException("BPE: \"" + new String(text, from, to - from) + "\" is no token and the unknown token \""
          + options.unknownToken() + "\" is not in the vocabulary");
    }
    if (!options.fuseUnknown()) unknowns.flush(symbols);
    unknowns.extend(from, to);
    return true;
  }

  /** A run of unknown characters that is not a symbol yet. */
  private final class Unknowns {
    private int start = -1;
    private int end;

    void extend(int from, int to) {
      if (start < 0) start = from;
      end = to;
    }

    void flush(Symbols symbols) {
      if (start >= 0) symbols.add(unknownId, start, end);
      start = -1;
    }
  }

  /**
   * Where characters vanished, the reference counts the bytes of the remaining ones from the beginning
   * of the word, so the ranges move left by what is missing. Offsets must agree with it.
   */
  private static void closeGaps(char[] text, int from, int to, int mark, TokenBuffer out) {
    int[] unitOfByte = Utf8.unitOfByte(text, from, to);
    int at = 0;
    for (int k = mark; k < out.count; k++) {
      int length = Utf8.length(text, out.starts[k], out.ends[k]);
      out.starts[k] = unitOfByte[at];
      at += length;
      int last = unitOfByte[at - 1];
      out.ends[k] = last + (Character.isHighSurrogate(text[last]) && last + 1 < to ? 2 : 1);
    }
  }
}
