package dev.hone.train.inspect;

import dev.hone.core.parallel.Workers;
import dev.hone.tokenizer.chat.ChatTemplate;
import dev.hone.tokenizer.chat.ChatTemplateException;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelCheck;
import java.util.HashMap;
import java.util.Map;

/** What the checks need to know of every row, as numbers: one parallel pass over all texts. */
final class Scan {
  // What was noticed about a row: bits of flags.
  static final int EMPTY = 1;
  static final int MALFORMED = 1 << 1;
  static final int MAIL = 1 << 2;
  static final int PHONE = 1 << 3;
  static final int CARD = 1 << 4;
  static final int DAMAGED = 1 << 5;
  static final int SYMBOLS = 1 << 6;
  static final int DOUBLE_BEGIN = 1 << 7;
  static final int CUT = 1 << 8;
  static final int NOTHING_LEARNT = 1 << 9;
  static final int ALL_CUT = 1 << 10;
  static final int UNKNOWN = 1 << 11;
  static final int JOINED = 1 << 12;
  static final int MISSING = 1 << 13;

  /** A text of fewer characters shows nothing by its symbols. */
  private static final int SHORT = 20;
  private static final int GRAIN = 256;

  /** Hash of a row's text, ignoring case and spacing; 0 where there is none. */
  final long[] keys;
  /** Hash of what is given in a row; 0 where there is nothing given. */
  final long[] prompts;
  /** Bits that tell unlike texts apart. */
  final long[] sketch;
  /** Buckets of likely similar texts, by band. */
  final int[][] bands;
  final int[] flags;
  /** Characters of a row. */
  final int[] characters;
  /** Tokens of a row before it is cut; 0 without a tokenizer. */
  final int[] tokens;
  /** Tokens of a row once it is cut. */
  final int[] kept;
  /** Tokens that are learnt once the row is cut. */
  final int[] learnt;
  /** Tokens that the tokenizer does not know. */
  final int[] unknown;
  final short[] script;
  final byte[] language;
  /** Families of chat templates whose marks a text has. */
  final short[] marks;

  private final Corpus corpus;
  private final TokenView view;

  /**
   * Scans all rows.
   *
   * @param view tokens, or null
   */
  Scan(Corpus corpus, TokenView view) {
    int n = corpus.size();
    this.corpus = corpus;
    this.view = view;
    keys = new long[n];
    prompts = new long[n];
    sketch = new long[n];
    bands = new int[MinHash.BANDS][n];
    flags = new int[n];
    characters = new int[n];
    tokens = new int[n];
    kept = new int[n];
    learnt = new int[n];
    unknown = new int[n];
    script = new short[n];
    language = new byte[n];
    marks = new short[n];
    Workers.ranges(n, GRAIN, (from, to) -> {
      Desk desk = new Desk();
      for (int row = from; row < to; row++) {
        scan(row, desk);
      }
    });
  }

  /** What a thread works with. */
  private static final class Desk {
    final Shingles shingles = new Shingles();
    final MinHash hash = new MinHash();
    final LanguageDetector tongues = new LanguageDetector();
    final Map<Boolean, ChatTemplate> templates = new HashMap<>();
  }

  boolean has(int row, int flag) {
    return (flags[row] & flag) != 0;
  }

  /** Whether a row has a text that can be looked at. */
  boolean isUsable(int row) {
    return !has(row, EMPTY | MALFORMED);
  }

  private void scan(int row, Desk desk) {
    Example example;
    try {
      if (corpus.isEmpty(row)) {
        flags[row] |= EMPTY;
        return;
      }
      example = corpus.row(row);
    } catch (DataException _) {
      flags[row] |= MALFORMED;
      return;
    }
    RowText words = RowText.of(example);
    String all = words.all();
    characters[row] = all.codePointCount(0, all.length());
    flags[row] |= LabelCheck.isMissing(words.answer().isEmpty() ? words.prompt() : words.answer()) ? MISSING : 0;
    if (!(example instanceof Example.Document)) {
      compare(row, example, words, all, desk);
    }
    flags[row] |= (PersonalData.hasMail(all) ? MAIL : 0) | (PersonalData.hasPhone(all) ? PHONE : 0)
        | (PersonalData.hasCard(all) || PersonalData.hasIban(all) ? CARD : 0) | looks(all);
    script[row] = (short) desk.tongues.script(all);
    language[row] = (byte) desk.tongues.language(all);
    marks[row] = (short) ChatMarks.in(all);
    if (view != null) {
      tokens(row, example, desk);
    } else if (ChatMarks.beginning(words.prompt().isEmpty() ? all : words.prompt()) != null) {
      flags[row] |= DOUBLE_BEGIN;
    }
  }

  private void compare(int row, Example example, RowText words, String all, Desk desk) {
    keys[row] = Shingles.key(all) | 1; // never 0
    if (example instanceof Example.Language && !words.prompt().isBlank()) {
      prompts[row] = Shingles.key(words.prompt()) | 1;
    }
    int n = desk.shingles.hash(all);
    desk.hash.of(desk.shingles, n);
    sketch[row] = desk.hash.sketch();
    for (int band = 0; band < MinHash.BANDS; band++) {
      bands[band][row] = desk.hash.band(band);
    }
  }

  private void tokens(int row, Example example, Desk desk) {
    TokenView.Tokens encoded;
    try {
      encoded = view.tokens(example, desk.templates);
    } catch (ChatTemplateException | IllegalArgumentException _) {
      flags[row] |= MALFORMED;
      return;
    }
    int[] ids = encoded.ids();
    for (int id : ids) {
      if (id >= view.vocabulary()) {
        flags[row] |= MALFORMED;
      }
      unknown[row] += id == view.unknown() ? 1 : 0;
    }
    tokens[row] = ids.length;
    kept[row] = encoded.kept().length;
    learnt[row] = learnt(encoded.trained());
    flags[row] |= (encoded.kept().length < ids.length ? CUT : 0) | (unknown[row] > 0 ? UNKNOWN : 0)
        | (encoded.joined() ? JOINED : 0) | (ids.length > 1 && ids[0] == ids[1] && ids[0] == view.begin() ? DOUBLE_BEGIN : 0);
    if (encoded.learnt() != null && learnt[row] == 0) {
      flags[row] |= learnt(encoded.learnt()) > 0 ? ALL_CUT : NOTHING_LEARNT;
    }
  }

  /** How many tokens are learnt; nothing comes before the first, so it is not. */
  private static int learnt(boolean[] marked) {
    int count = 0;
    for (int i = 1; marked != null && i < marked.length; i++) {
      count += marked[i] ? 1 : 0;
    }
    return count;
  }

  /** Signs of damage, and of texts that are no texts. */
  private static int looks(String text) {
    int letters = 0;
    int symbols = 0;
    int found = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 'a' && c <= 'z' || Character.isLetterOrDigit(c)) {
        letters++;
      } else if (!Character.isWhitespace(c)) {
        symbols++;
        if (c == '\uFFFD' || c < ' ' || c >= 0x7F && c < 0xA0) {
          found |= DAMAGED;
        }
      }
      // UTF-8 that was read as Latin-1 or Windows-1252: the two bytes of an accented letter, the first two of a quotation mark
      if ((c == '\u00C3' || c == '\u00C2') && i + 1 < text.length() && text.charAt(i + 1) >= 0xA0 && text.charAt(i + 1) <= 0xBF
          && (i + 2 == text.length() || c == '\u00C3' || text.charAt(i + 1) != '\u00A0')
          || c == '\u00E2' && i + 1 < text.length() && text.charAt(i + 1) == '\u20AC') {
        found |= DAMAGED;
      }
    }
    return text.length() >= SHORT && symbols > letters ? found | SYMBOLS : found;
  }
}
