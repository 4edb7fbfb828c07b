package dev.hone.tokenizer.model;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.lookup.Vocabulary;
import dev.hone.tokenizer.text.Excerpt;
import dev.hone.tokenizer.text.Utf8;
import dev.hone.tokenizer.tokens.TokenBuffer;
import java.util.Arrays;
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
    boolean nothingVanishes = options.unknownToken() != null
        || byteIds != null && Arrays.stream(byteIds).noneMatch(id -> id == Vocabulary.UNKNOWN);
    this.fallsApart = !joinsSpace && nothingVanishes && !affixes && !options.ignoreMerges()
        && vocabulary.id(String.valueOf(VISIBLE_SPACE)) != Vocabulary.UNKNOWN;
  }

  private String withoutPrefix(String right) {
    String prefix = options.continuingPrefix();
    return right.length() >= prefix.length() ? right.substring(prefix.length()) : right;
  }

  private int token(String token, int rank, String left, String right) {
    int id = vocabulary.id(token);
    if (id == Vocabulary.UNKNOWN) {
      throw new TokenizerException("BPE: merge " + rank + " (\"" + Excerpt.of(left) + "\" + \"" + Excerpt.of(right)
          + "\") needs the token \""
          + Excerpt.of(token) + "\", which is not in the vocabulary");
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
    if (start == from) {
      merge(text, from, to, bench.symbols(), out);
    } else {
      part(text, start, to, bench, out);
    }
  }

  private void part(char[] text, int from, int to, Workbench bench, TokenBuffer out) {
    bench.tokenize(this, text, from, to, out);
  }

  private void merge(char[] text, int from, int to, Symbols symbols, TokenBuffer out) {
    Filling filling = new Filling(text, from, to, symbols);
    symbols.clear();
    filling.fill();
    if (filling.vanished) {
      filling.refillByBytes();
    }
    symbols.merge(merges);
    int mark = out.count;
    symbols.addTo(out);
    if (filling.vanished) {
      fromBytes(text, from, to, mark, out);
    }
  }

  /** Turns the characters of a word into symbols. */
  private final class Filling {
    private final char[] text;
    private final int from;
    private final int to;
    private final Symbols symbols;
    private boolean vanished;
    // Counting bytes: the position of the next symbol; otherwise -1, and symbols know their characters.
    private int bytes = -1;
    // Unknown characters that are not a symbol yet.
    private int unknownStart = -1;
    private int unknownEnd;
    private int unknownBytes;

    Filling(char[] text, int from, int to, Symbols symbols) {
      this.text = text;
      this.from = from;
      this.to = to;
      this.symbols = symbols;
    }

    void fill() {
      for (int i = from; i < to; ) {
        int end = Character.isHighSurrogate(text[i]) && i + 1 < to ? i + 2 : i + 1;
        String symbol = affixes ? affixed(i, end) : null;
        int id = symbol != null ? vocabulary.id(symbol)
            : end - i == 1 ? characterIds[text[i]] : vocabulary.id(text, i, end);
        if (id != Vocabulary.UNKNOWN) {
          flush();
          add(id, i, end, 0);
        } else {
          unknown(i, end, symbol);
        }
        i = end;
      }
      flush();
    }

    /** Starts over, symbols numbered by the bytes that have not vanished. */
    void refillByBytes() {
      symbols.clear();
      bytes = 0;
      fill();
    }

    private String affixed(int i, int end) {
      return (i > from ? options.continuingPrefix() : "") + new String(text, i, end - i)
          + (end == to ? options.endSuffix() : "");
    }

    private void add(int id, int start, int end, int length) {
      if (bytes < 0) {
        symbols.add(id, start, end);
        return;
      }
      int n = length > 0 ? length : Utf8.length(text, start, end);
      symbols.add(id, bytes, bytes + n);
      bytes += n;
    }

    private void unknown(int i, int end, String symbol) {
      if (byteIds != null && ByteTokens.known(byteIds, symbol, text, i, end)) {
        if (symbol == null) {
          ByteTokens.forEach(text, i, end, b -> add(byteIds[b], i, end, 1));
        } else {
          for (byte b : Utf8.bytes(symbol)) {
            add(byteIds[b & 0xFF], i, end, 1);
          }
        }
        return;
      }
      if (options.unknownToken() == null) {
        vanished = true;
        return;
      }
      if (unknownId == Vocabulary.UNKNOWN) {
        throw new TokenizerException("BPE: \"" + new String(text, i, end - i) + "\" is no token and the unknown token \""
            + Excerpt.of(options.unknownToken()) + "\" is not in the vocabulary");
      }
      if (!options.fuseUnknown()) {
        flush();
      }
      if (unknownStart < 0) {
        unknownStart = i;
      }
      unknownEnd = end;
      unknownBytes += Utf8.length(text, i, end);
    }

    private void flush() {
      if (unknownStart >= 0) {
        add(unknownId, unknownStart, unknownEnd, unknownBytes);
      }
      unknownStart = -1;
      unknownBytes = 0;
    }
  }

  /**
   * Where characters vanished, the reference lets the remaining ones move up: a token's range is found
   * by counting the bytes of the tokens before it from the beginning of the word. Offsets must agree.
   */
  private static void fromBytes(char[] text, int from, int to, int mark, TokenBuffer out) {
    int[] unitOfByte = Utf8.unitOfByte(text, from, to);
    for (int k = mark; k < out.count; k++) {
      int last = unitOfByte[Math.min(out.ends[k], unitOfByte.length) - 1];
      out.starts[k] = unitOfByte[Math.min(out.starts[k], unitOfByte.length - 1)];
      out.ends[k] = last + (Character.isHighSurrogate(text[last]) && last + 1 < to ? 2 : 1);
    }
  }
}
