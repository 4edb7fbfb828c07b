package dev.hone.train.inspect;

import dev.hone.train.data.DataException;
import dev.hone.train.data.Example;
import dev.hone.train.inspect.Finding.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;

/** Texts by themselves: missing, damaged or unlike the others, in which letters and language, and about persons. */
final class TextChecks {
  /** More than this share of rows is not a few strays but a part of the data. */
  private static final double STRAY = 0.05;
  /** Distance from the median, in (robust) standard deviations of the length's logarithm, from which on a row is an outlier. */
  private static final double FAR = 5;
  /** And a row must be this many times as long, or as short, as the median. */
  private static final double TIMES = 8;
  /** Of this few rows nobody can say what is usual. */
  private static final int MIN_ROWS = 20;
  private static final double MAD_TO_DEVIATION = 1.4826; // for normally distributed numbers

  private final Corpus corpus;
  private final Scan scan;
  private final TokenView view;
  private final BiConsumer<Finding, Rows> out;

  TextChecks(Corpus corpus, Scan scan, TokenView view, BiConsumer<Finding, Rows> out) {
    this.corpus = corpus;
    this.scan = scan;
    this.view = view;
    this.out = out;
  }

  /** Rows that training skips or refuses. */
  void readable() {
    Rows malformed = new Rows(corpus);
    Rows empty = new Rows(corpus);
    for (int row = 0; row < corpus.size(); row++) {
      if (scan.has(row, Scan.MALFORMED)) {
        malformed.add(row, -1, malformed.isShown() ? problem(row) : "");
      } else if (scan.has(row, Scan.EMPTY)) {
        empty.add(row);
      }
    }
    out.accept(malformed.finding(Check.MALFORMED, Level.ERROR, CopyChecks.count(malformed.count(), "cannot", "cannot")
        + " be read as training reads them", "every row can be read"), malformed);
    boolean many = empty.count() > STRAY * corpus.size();
    out.accept(empty.finding(Check.EMPTY, many ? Level.ERROR : Level.WARNING, CopyChecks.count(empty.count(), "has", "have")
        + (corpus.isLabelled() ? " no text" : " nothing to learn") + (many ? "; training refuses more than 5 %"
            : "; training skips them"),
        corpus.isLabelled() ? "every row has a text" : "every row has something to learn"), empty);
  }

  private String problem(int row) {
    try {
      Example example = corpus.row(row); // fails where reading it does
      String problem = view == null ? "" : view.problem(example);
      return problem.length() > 120 ? problem.substring(0, 120) + "..." : problem;
    } catch (DataException e) {
      return e.getMessage().replaceFirst("^.*? line \\d+: ", "");
    }
  }

  /** Rows unlike the others, and damaged ones. */
  void looks() {
    Rows odd = new Rows(corpus);
    Rows damaged = new Rows(corpus);
    double[] usual = usualLength();
    for (int row = 0; row < corpus.size(); row++) {
      if (!scan.isUsable(row)) {
        continue;
      }
      if (scan.has(row, Scan.MISSING)) {
        odd.add(row, -1, "a sign of a missing text");
      } else if (isFar(scan.characters[row], usual)) {
        odd.add(row, -1, String.format(Locale.ROOT, "%,d characters", scan.characters[row]));
      } else if (scan.has(row, Scan.SYMBOLS)) {
        odd.add(row, -1, "mostly symbols");
      }
      if (scan.has(row, Scan.DAMAGED)) {
        damaged.add(row);
      }
    }
    String middle = usual[2] == 0 ? "no row can be read"
        : String.format(Locale.ROOT, "the median row has %,.0f characters", Math.exp(usual[0]));
    out.accept(odd.finding(Check.OUTLIERS, Level.NOTE, CopyChecks.count(odd.count(), "is", "are") + " unlike the others; "
        + middle,
        "no row stands out; " + middle), odd);
    out.accept(damaged.finding(Check.DAMAGE, Level.WARNING, CopyChecks.count(damaged.count(), "holds", "hold")
        + " damaged characters (wrong encoding, control characters)", "no damaged characters"), damaged);
  }

  /** Median and robust standard deviation of the logarithm of the lengths of training rows. */
  private double[] usualLength() {
    double[] logs = new double[corpus.trained()];
    int n = 0;
    for (int row = 0; row < logs.length; row++) {
      if (scan.isUsable(row)) {
        logs[n++] = Math.log(Math.max(1, scan.characters[row]));
      }
    }
    if (n == 0) {
      return new double[] {0, 0, 0};
    }
    Arrays.sort(logs, 0, n);
    double median = logs[n / 2];
    for (int i = 0; i < n; i++) {
      logs[i] = Math.abs(logs[i] - median);
    }
    Arrays.sort(logs, 0, n);
    return new double[] {median, MAD_TO_DEVIATION * logs[n / 2], n};
  }

  private static boolean isFar(int characters, double[] usual) {
    double distance = Math.abs(Math.log(Math.max(1, characters)) - usual[0]);
    return usual[2] >= MIN_ROWS && distance > Math.max(FAR * usual[1], Math.log(TIMES));
  }

  /** Rows in another script, or in another language, than most; returns the shares of both. */
  List<List<Share>> tongues() {
    List<Share> scripts = shares(row -> scan.script[row], LanguageDetector.scripts(), LanguageDetector::scriptName);
    List<Share> languages = shares(row -> scan.language[row], LanguageDetector.languages(), LanguageDetector::languageName);
    strays(Check.SCRIPTS, scripts, row -> scan.script[row], LanguageDetector::scriptName, "writing system");
    strays(Check.LANGUAGES, languages, row -> scan.language[row], LanguageDetector::languageName, "language");
    return List.of(scripts, languages);
  }

  private List<Share> shares(IntUnaryOperator of, int kinds, IntFunction<String> name) {
    int[][] counts = new int[kinds][2];
    for (int row = 0; row < corpus.size(); row++) {
      if (scan.isUsable(row)) {
        counts[of.applyAsInt(row)][corpus.isHeldOut(row) ? 1 : 0]++;
      }
    }
    List<Share> shares = new ArrayList<>();
    for (int kind = 0; kind < kinds; kind++) {
      if (counts[kind][0] + counts[kind][1] > 0) {
        shares.add(new Share(name.apply(kind), counts[kind][0], counts[kind][1]));
      }
    }
    shares.sort((a, b) -> Integer.compare(b.training() + b.heldOut(), a.training() + a.heldOut()));
    return shares;
  }

  private void strays(Check check, List<Share> shares, IntUnaryOperator of, IntFunction<String> name, String what) {
    long all = 0;
    long unclear = 0;
    for (Share share : shares) {
      all += share.training() + share.heldOut();
      unclear += share.name().equals(name.apply(LanguageDetector.NONE)) ? share.training() + share.heldOut() : 0;
    }
    Map<String, Integer> few = new HashMap<>();
    List<String> words = new ArrayList<>();
    for (Share share : shares) {
      int rows = share.training() + share.heldOut();
      if (words.size() < 6) {
        words.add(String.format(Locale.ROOT, "%s %.1f %%", share.name(), 100.0 * rows / all));
      }
      if (!share.name().equals(name.apply(LanguageDetector.NONE)) && rows <= STRAY * (all - unclear)) {
        few.put(share.name(), rows);
      }
    }
    Rows rows = new Rows(corpus);
    for (int row = 0; row < corpus.size() && !few.isEmpty(); row++) {
      if (scan.isUsable(row) && few.containsKey(name.apply(of.applyAsInt(row)))) {
        rows.add(row, -1, name.apply(of.applyAsInt(row)));
      }
    }
    String mix = words.isEmpty() ? "nothing to read" : String.join(", ", words);
    out.accept(rows.finding(check, Level.NOTE, CopyChecks.count(rows.count(), "is", "are") + " in another " + what
        + " than most; "
        + mix, mix), rows);
  }

  /** Addresses and numbers of persons. */
  void persons() {
    Rows rows = new Rows(corpus);
    int[] kinds = new int[3];
    for (int row = 0; row < corpus.size(); row++) {
      if (scan.has(row, Scan.MAIL | Scan.PHONE | Scan.CARD)) {
        List<String> found = new ArrayList<>();
        for (int kind = 0; kind < kinds.length; kind++) {
          if (scan.has(row, Scan.MAIL << kind)) {
            kinds[kind]++;
            found.add(List.of("mail", "phone", "card or account").get(kind));
          }
        }
        rows.add(row, -1, String.join(", ", found));
      }
    }
    out.accept(rows.finding(Check.PERSONAL, Level.WARNING, CopyChecks.count(rows.count(), "holds", "hold") + " personal data: "
        + kinds[0] + " with a mail address, " + kinds[1] + " with a phone number, " + kinds[2]
        + " with the number of a card or account",
        "no mail address, and no number of a phone, card or account"), rows);
  }
}
