package dev.hone.tokenizer;

import dev.hone.tokenizer.added.TokenFinder;
import dev.hone.tokenizer.definition.AddedToken;
import dev.hone.tokenizer.file.Definition;
import dev.hone.tokenizer.model.Model;
import dev.hone.tokenizer.model.Workbench;
import dev.hone.tokenizer.normalizer.Normalizer;
import dev.hone.tokenizer.pretokenizer.PreTokenizer;
import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.text.Pieces;
import dev.hone.tokenizer.tokens.TokenBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The way from a text to its tokens: added tokens of the original text, normaliser, added tokens of the
 * normalised text, pre-tokeniser, model; then ranges become code points of the original.
 */
final class Pipeline {
  // Buffers above this many characters are not kept for the next text.
  private static final int KEEP = 1 << 18;

  private final TokenFinder rawTokens;
  private final TokenFinder normalizedTokens;
  private final List<Normalizer> normalizers;
  private final PreTokenizer preTokenizer;
  private final Model model;
  private final TokenNames names;
  private final ConcurrentLinkedQueue<Desk> desks = new ConcurrentLinkedQueue<>();

  /** What one thread needs while it tokenizes: buffers and the words it has met. */
  static final class Desk {
    private final Pieces pieces = new Pieces();
    private final Workbench bench = new Workbench();
    final TokenBuffer[] buffers = {new TokenBuffer(), new TokenBuffer()};
    private boolean surrogates;

    private void shrink() {
      pieces.shrink(KEEP);
      bench.shrink();
      for (TokenBuffer buffer : buffers) {
        buffer.shrink(KEEP);
      }
    }
  }

  Pipeline(Definition definition) {
    normalizers = definition.normalizer() == null ? List.of() : flatten(definition.normalizer());
    names = new TokenNames(definition.model().vocabulary(), definition.addedTokens(), this::normalize);
    preTokenizer = definition.preTokenizer();
    model = definition.model();
    List<TokenFinder.Entry> raw = new ArrayList<>();
    List<TokenFinder.Entry> normalized = new ArrayList<>();
    for (AddedToken token : definition.addedTokens()) {
      (token.normalized() ? normalized : raw).add(new TokenFinder.Entry(names.token(token.id()), token));
    }
    rawTokens = new TokenFinder(raw);
    normalizedTokens = new TokenFinder(normalized);
  }

  private static List<Normalizer> flatten(Normalizer normalizer) {
    return normalizer instanceof Normalizer.Sequence(List<Normalizer> steps)
        ? steps.stream().flatMap(s -> flatten(s).stream()).toList()
        : List.of(normalizer);
  }

  Desk take() {
    Desk desk = desks.poll();
    return desk != null ? desk : new Desk();
  }

  void giveBack(Desk desk) {
    desk.shrink();
    desks.add(desk);
  }

  /** Ids and texts of the tokens. */
  TokenNames names() {
    return names;
  }

  /** The text as the normaliser leaves it. */
  private String normalize(String text) {
    Pieces pieces = new Pieces();
    pieces.reset(text);
    for (Normalizer normalizer : normalizers) {
      pieces.rewrite(normalizer::normalize);
    }
    return pieces.text().substring(0, pieces.text().length());
  }

  /**
   * Appends the tokens of a text.
   *
   * @param word the word every token belongs to, or -1: number the pieces
   * @param limit stop with the piece that brings so many tokens
   * @param fromEnd keep the last pieces up to the limit instead of the first
   */
  void encode(String text, Desk desk, TokenBuffer out, int word, int limit, boolean fromEnd) {
    Pieces pieces = desk.pieces;
    pieces.reset(text);
    desk.surrogates = pieces.text().hasSurrogates();
    if (!rawTokens.isEmpty()) {
      pieces.split(rawTokens::split);
    }
    for (Normalizer normalizer : normalizers) {
      pieces.rewrite(normalizer::normalize);
    }
    if (!normalizedTokens.isEmpty()) {
      pieces.split(normalizedTokens::split);
    }
    if (preTokenizer != null) {
      preTokenizer.apply(pieces);
    }
    int first = out.count;
    tokenize(pieces, desk, out, fromEnd ? Integer.MAX_VALUE : limit);
    if (fromEnd) {
      dropBeginning(pieces, out, first, limit);
    }
    if (word >= 0) {
      Arrays.fill(out.words, first, out.count, word);
    }
    toOriginal(pieces.text(), out, first);
    if (desk.surrogates) {
      toCodePoints(text, out, first);
    }
  }

  /** The limit is looked at behind pieces that the model has cut, not behind added tokens. */
  private void tokenize(Pieces pieces, Desk desk, TokenBuffer out, int limit) {
    AlignedText text = pieces.text();
    char[] chars = text.chars();
    int surface = model.surfaceId();
    int first = out.count;
    for (int i = 0; i < pieces.count(); i++) {
      int mark = out.count;
      int start = pieces.start(i);
      int end = pieces.end(i);
      int id = pieces.id(i);
      if (id == Pieces.TEXT) {
        desk.bench.tokenize(model, chars, start, end, out);
        if (surface >= 0) {
          showSurface(text, out, mark, surface);
        }
      } else {
        out.add(id, start, end);
        String content = text.substring(start, end);
        if (!content.equals(names.modelToken(id))) {
          out.text(mark, content);
        }
      }
      for (int k = mark; k < out.count; k++) {
        out.words[k] = i;
      }
      if (id == Pieces.TEXT && out.count - first >= limit) {
        break;
      }
    }
  }

  /** Drops whole pieces at the beginning as long as enough tokens remain; the rest is renumbered. */
  private static void dropBeginning(Pieces pieces, TokenBuffer out, int first, int limit) {
    int from = out.count;
    int piece = pieces.count();
    while (piece > 0) {
      piece--;
      while (from > first && out.words[from - 1] == piece) {
        from--;
      }
      if (pieces.id(piece) == Pieces.TEXT && out.count - from >= limit) {
        break;
      }
    }
    out.remove(first, from);
    for (int k = first; k < out.count; k++) {
      out.words[k] -= piece;
    }
  }

  private static void showSurface(AlignedText text, TokenBuffer out, int mark, int surface) {
    for (int k = mark; k < out.count; k++) {
      if (out.ids[k] == surface) {
        out.text(k, text.substring(out.starts[k], out.ends[k]));
      }
    }
  }

  private static void toOriginal(AlignedText text, TokenBuffer out, int first) {
    if (text.isIdentity()) {
      return;
    }
    for (int k = first; k < out.count; k++) {
      int start = text.originStart(out.starts[k]);
      out.ends[k] = text.originEnd(out.ends[k] - 1);
      out.starts[k] = start;
    }
  }

  private static void toCodePoints(String text, TokenBuffer out, int first) {
    int[] codePoints = new int[text.length() + 1];
    int n = 0;
    for (int i = 0; i < text.length(); i++) {
      codePoints[i] = n++;
      if (Character.isHighSurrogate(text.charAt(i)) && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        codePoints[++i] = n;
      }
    }
    codePoints[text.length()] = n;
    for (int k = first; k < out.count; k++) {
      out.starts[k] = codePoints[out.starts[k]];
      out.ends[k] = codePoints[out.ends[k]];
    }
  }
}
