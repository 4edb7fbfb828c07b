package dev.hone.train.inspect;

import dev.hone.train.data.Example;
import dev.hone.train.inspect.Finding.Level;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * What training makes of the rows: marks of chat templates, begin tokens, what is cut and what is learnt, and how it is
 * spelled.
 */
final class TokenChecks {
  /** Training refuses more rows without anything to learn, and more cut rows are more than a few. */
  private static final double FEW = 0.05;
  /** A tokenizer needs 1.2 to 1.6 tokens for a word of a language that it was made for. */
  private static final double MANY_TOKENS = 3;
  /** Words of more characters on average are of a script without spaces between words. */
  private static final double LONG_WORDS = 15;
  /** A larger share of unknown tokens is not a few emojis. */
  private static final double UNKNOWN = 0.01;
  /** Rows whose tokens and words are counted: enough for two digits. */
  private static final int SAMPLE = 2000;

  private final InspectSettings.Task task;
  private final Corpus corpus;
  private final Scan scan;
  private final TokenView view;
  private final BiConsumer<Finding, Rows> out;

  /**
   * Checks of tokens.
   *
   * @param task what rows are for
   * @param view the tokenizer, or null: then what needs one is skipped
   */
  TokenChecks(InspectSettings.Task task, Corpus corpus, Scan scan, TokenView view, BiConsumer<Finding, Rows> out) {
    this.task = task;
    this.corpus = corpus;
    this.scan = scan;
    this.view = view;
    this.out = out;
  }

  void templates() {
    Map<Integer, Integer> rowsWith = new HashMap<>();
    for (int row = 0; row < corpus.size(); row++) {
      if (scan.isUsable(row)) {
        rowsWith.merge((int) scan.marks[row], 1, Integer::sum);
      }
    }
    int usual = rowsWith.entrySet().stream().max(Map.Entry.<Integer, Integer>comparingByValue()
        .thenComparing(entry -> -entry.getKey())).map(Map.Entry::getKey).orElse(0);
    boolean chat = corpus.hasChat();
    Rows rows = new Rows(corpus);
    int families = 0;
    for (int row = 0; row < corpus.size(); row++) {
      int foreign = scan.isUsable(row) ? foreign(scan.marks[row], usual, chat) : 0;
      if (foreign != 0) {
        families |= foreign;
        rows.add(row, -1, rows.isShown() ? ChatMarks.mark(RowText.of(corpus.row(row)).all(), foreign) : "");
      }
    }
    String why = chat ? " although the chat template writes its own" : view != null ? " which the model does not know as tokens"
        : ", unlike the other rows";
    out.accept(rows.finding(Check.TEMPLATE, Level.ERROR, CopyChecks.count(rows.count(), "holds", "hold")
        + " marks of a chat template (" + ChatMarks.names(families) + ")" + why, "no marks of another chat template"), rows);
  }

  /** The families of marks that a row should not have. */
  private int foreign(int marks, int usual, boolean chat) {
    if (marks == 0) {
      return 0;
    }
    if (chat) {
      return marks; // the template writes all marks there are to be
    }
    int expected = view != null ? view.marks() : usual;
    int foreign = marks & ChatMarks.SPECIAL & ~expected;
    return foreign != 0 ? foreign : usual != 0 ? marks & ~usual : 0; // else written in plain letters, as some models want it
  }

  void begin() {
    Rows rows = new Rows(corpus);
    for (int row = 0; row < corpus.size(); row++) {
      if (scan.has(row, Scan.DOUBLE_BEGIN)) {
        rows.add(row);
      }
    }
    String token = view == null || view.begin() < 0 ? "" : " '" + view.tokenizer().token(view.begin()) + "'";
    out.accept(view != null ? rows.finding(Check.DOUBLE_BOS, Level.ERROR, CopyChecks.count(rows.count(), "begins", "begin")
        + " with the begin token" + token + " twice: the text spells out what the tokenizer or the template adds",
        "no row begins with the begin token twice")
        : rows.finding(Check.DOUBLE_BOS, Level.WARNING, CopyChecks.count(rows.count(), "spells", "spell")
            + " out a begin token, which most tokenizers add themselves", "no row spells out a begin token"), rows);
  }

  /** What is cut and what is learnt; these need tokens. */
  void lengths() {
    if (view == null) {
      String why = "needs a tokenizer (--model)";
      out.accept(Finding.skipped(Check.TRUNCATED, why), new Rows(corpus));
      if (task.isLanguage()) {
        out.accept(Finding.skipped(Check.LONG_PROMPTS, why), new Rows(corpus));
        unanswered(why);
        out.accept(Finding.skipped(Check.TRAINED_TOKENS, why), new Rows(corpus));
      }
      return;
    }
    truncated();
    if (task == InspectSettings.Task.TAG) {
      trained();
    } else if (view.learnsTokens()) {
      unlearnt(Check.LONG_PROMPTS, Scan.ALL_CUT, "so long a prompt that all that is to be learnt is cut off",
          "every prompt leaves something to learn");
      unlearnt(Check.NOTHING_LEARNT, Scan.NOTHING_LEARNT, "no token that is learnt", "every row has tokens that are learnt");
      trained();
    }
  }

  private void truncated() {
    Rows rows = new Rows(corpus);
    if (task == InspectSettings.Task.TAG) {
      out.accept(Finding.ok(Check.TRUNCATED, "texts of more than " + view.maxLength() + " tokens are read in windows; nothing is "
          + "cut"), rows);
      return;
    }
    for (int row = 0; row < corpus.size(); row++) {
      if (scan.has(row, Scan.CUT) && scan.isUsable(row)) {
        rows.add(row, -1, String.format(Locale.ROOT, "%,d tokens", scan.tokens[row]));
      }
    }
    double share = (double) rows.count() / Math.max(1, corpus.size());
    out.accept(rows.finding(Check.TRUNCATED, share > FEW ? Level.WARNING : Level.NOTE, CopyChecks.count(rows.count(), "is", "are")
        + String.format(Locale.ROOT, " cut at %d tokens (%.1f %%)", view.maxLength(), 100 * share),
        "every row fits into " + view.maxLength() + " tokens"), rows);
  }

  private void unlearnt(Check check, int flag, String what, String none) {
    Rows rows = new Rows(corpus);
    for (int row = 0; row < corpus.size(); row++) {
      if (scan.has(row, flag) && scan.isUsable(row)) {
        rows.add(row, -1, scan.has(row, Scan.CUT) ? String.format(Locale.ROOT, "%,d tokens", scan.tokens[row])
            : rows.isShown() ? lacksAnswer(row) : "");
      }
    }
    lost(check, rows, what, none);
  }

  private String lacksAnswer(int row) {
    return corpus.row(row) instanceof Example.Chat chat ? chat.lacksAnswer() : "";
  }

  /** Conversations in which nobody says what could be learnt, which shows without tokens, too. */
  private void unanswered(String why) {
    Rows rows = new Rows(corpus);
    for (int row = 0; row < corpus.size() && corpus.hasChat(); row++) {
      String lacking = scan.isUsable(row) ? lacksAnswer(row) : "";
      if (!lacking.isEmpty()) {
        rows.add(row, -1, lacking);
      }
    }
    if (rows.isEmpty()) {
      out.accept(Finding.skipped(Check.NOTHING_LEARNT, why), rows);
    } else {
      lost(Check.NOTHING_LEARNT, rows, "nothing that is learnt", "");
    }
  }

  private void lost(Check check, Rows rows, String what, String none) {
    boolean many = rows.count() > FEW * corpus.size();
    out.accept(rows.finding(check, many ? Level.ERROR : Level.WARNING, CopyChecks.count(rows.count(), "has", "have") + " " + what
        + (many ? "; training refuses more than 5 %" : "; training drops them"), none), rows);
  }

  private void trained() {
    long all = 0;
    long learnt = 0;
    for (int row = 0; row < corpus.trained(); row++) {
      all += scan.kept[row];
      learnt += scan.learnt[row];
    }
    String verdict = String.format(Locale.ROOT, "%.1f %% of %,d tokens are learnt", 100.0 * learnt / Math.max(1, all), all);
    out.accept(learnt == 0 ? new Finding(Check.TRAINED_TOKENS, Level.ERROR, verdict, 0, List.of())
        : Finding.ok(Check.TRAINED_TOKENS, verdict), new Rows(corpus));
  }

  /** How well the tokenizer fits; null without one. */
  TokenizerFit fit() {
    if (view == null) {
      out.accept(Finding.skipped(Check.TOKENIZER, "needs a tokenizer (--model)"), new Rows(corpus));
      out.accept(Finding.skipped(Check.UNKNOWN, "needs a tokenizer (--model)"), new Rows(corpus));
      return null;
    }
    long words = 0;
    long characters = 0;
    long tokens = 0;
    int every = Math.max(1, corpus.size() / SAMPLE);
    for (int row = 0; row < corpus.size(); row += every) {
      if (scan.isUsable(row)) {
        String text = RowText.of(corpus.row(row)).all();
        words += words(text);
        characters += scan.characters[row];
        tokens += view.count(text);
      }
    }
    if (tokens == 0) {
      out.accept(Finding.skipped(Check.TOKENIZER, "no row can be read"), new Rows(corpus));
      out.accept(Finding.skipped(Check.UNKNOWN, "no row can be read"), new Rows(corpus));
      return null;
    }
    TokenizerFit fit = new TokenizerFit(tokens / Math.max(1.0, words), characters / Math.max(1.0, tokens), unknown());
    boolean spaced = characters < LONG_WORDS * words;
    String verdict = String.format(Locale.ROOT, "%.2f tokens per word, %.1f characters per token", fit.perWord(),
        fit.characters());
    boolean bad = spaced ? fit.perWord() > MANY_TOKENS : fit.characters() < 0.5;
    out.accept(bad ? new Finding(Check.TOKENIZER, Level.NOTE, verdict
        + ": this tokenizer was made for other texts; they cost many tokens",
        0, List.of()) : Finding.ok(Check.TOKENIZER, verdict), new Rows(corpus));
    return fit;
  }

  private double unknown() {
    Rows rows = new Rows(corpus);
    long all = 0;
    long unknown = 0;
    for (int row = 0; row < corpus.size(); row++) {
      all += scan.tokens[row];
      unknown += scan.unknown[row];
      if (scan.has(row, Scan.UNKNOWN) && scan.isUsable(row)) {
        rows.add(row, -1, scan.unknown[row] + " of " + scan.tokens[row]);
      }
    }
    double share = (double) unknown / Math.max(1, all);
    out.accept(rows.finding(Check.UNKNOWN, share > UNKNOWN ? Level.WARNING : Level.NOTE, String.format(Locale.ROOT,
        "%.2f %% of the tokens are unknown to the tokenizer, in %,d rows", 100 * share, rows.count()),
            "the tokenizer knows every token"),
        rows);
    return share;
  }

  private static int words(String text) {
    int words = 0;
    boolean inside = false;
    for (int i = 0; i < text.length(); i++) {
      boolean space = Character.isWhitespace(text.charAt(i));
      words += !space && !inside ? 1 : 0;
      inside = !space;
    }
    return words;
  }
}
