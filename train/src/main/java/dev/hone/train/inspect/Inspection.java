package dev.hone.train.inspect;

import dev.hone.train.inspect.Finding.Level;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;

/** What an inspection found: a finding for each check, and what plots show. */
public final class Inspection {
  private final InspectSettings.Task task;
  private final Corpus corpus;
  private final Map<Check, BitSet> rows;
  private final List<Finding> findings;
  private final String begin;
  private final Histogram lengths;
  private final int maxLength;
  private final List<Share> labels;
  private final List<Share> scripts;
  private final List<Share> languages;
  private final TokenizerFit fit;
  private final List<Sample> samples;
  private final IntFunction<Optional<Sample>> rowAt;

  /**
   * An inspection.
   *
   * @param task what rows are for
   * @param rows the rows of each check, which a cleaned copy can leave out
   * @param begin the begin token that may stand in a text, or null
   * @param rowAt a row as training sees it; empty if it cannot be read or has no text
   */
  Inspection(InspectSettings.Task task, Corpus corpus, Map<Check, BitSet> rows, List<Finding> findings, String begin,
      Histogram lengths, int maxLength, List<Share> labels, List<Share> scripts, List<Share> languages, TokenizerFit fit,
      List<Sample> samples, IntFunction<Optional<Sample>> rowAt) {
    this.task = task;
    this.corpus = corpus;
    this.rows = new EnumMap<>(rows);
    this.findings = List.copyOf(findings);
    this.begin = begin;
    this.lengths = lengths;
    this.maxLength = maxLength;
    this.labels = List.copyOf(labels);
    this.scripts = List.copyOf(scripts);
    this.languages = List.copyOf(languages);
    this.fit = fit;
    this.samples = List.copyOf(samples);
    this.rowAt = rowAt;
  }

  /** A finding for each check that applies, in their order. */
  public List<Finding> findings() {
    return findings;
  }

  /**
   * The finding of a check.
   *
   * @throws IllegalArgumentException if it does not apply to such rows
   */
  public Finding finding(Check check) {
    return findings.stream().filter(finding -> finding.check() == check).findFirst()
        .orElseThrow(() -> new IllegalArgumentException("check " + check.title() + " does not apply to these rows"));
  }

  /** The worst level of all findings. */
  public Level worst() {
    return findings.stream().map(Finding::level).max(Level::compareTo).orElse(Level.OK);
  }

  /** Each file in one line: what was read and how. */
  public List<String> files() {
    return corpus.parts().stream().map(part -> part.description()).toList();
  }

  /** Rows to train on, unusable ones included. */
  public int training() {
    return corpus.trained();
  }

  /** Rows that are held out. */
  public int heldOut() {
    return corpus.size() - corpus.trained();
  }

  /** What rows are for; where the columns were to say so, what they said. */
  public InspectSettings.Task task() {
    return task;
  }

  /** Whether rows are texts with labels. */
  public boolean isLabelled() {
    return corpus.isLabelled();
  }

  /** How long the rows to train on are, in tokens before they are cut, or in characters without a tokenizer. */
  public Histogram lengths() {
    return lengths;
  }

  /** Tokens that rows are cut to; 0 without a tokenizer. */
  public int maxLength() {
    return maxLength;
  }

  /** Rows by label; empty for a language model, and for numbers. */
  public List<Share> labels() {
    return labels;
  }

  /** Rows by writing system, the most frequent first. */
  public List<Share> scripts() {
    return scripts;
  }

  /** Rows by language, the most frequent first. */
  public List<Share> languages() {
    return languages;
  }

  /** How well the tokenizer fits, or null without one. */
  public TokenizerFit fit() {
    return fit;
  }

  /** Rows as training sees them. */
  public List<Sample> samples() {
    return samples;
  }

  /**
   * A row to train on as training sees it; empty if it cannot be read or has no text.
   *
   * @param row from 0, below {@link #training()}
   */
  public Optional<Sample> sample(int row) {
    if (row < 0 || row >= training()) {
      throw new IllegalArgumentException("inspection: there is no row " + row + " to train on, they are " + training());
    }
    return rowAt.apply(row);
  }

  /** How many findings there are of each level, the worst first, in words. */
  public String summary() {
    List<String> parts = new ArrayList<>();
    for (Level level : List.of(Level.ERROR, Level.WARNING, Level.NOTE, Level.SKIPPED)) {
      long count = findings.stream().filter(finding -> finding.level() == level).count();
      if (count > 0) {
        parts.add(level == Level.SKIPPED ? count + " skipped" : count + " " + level.word() + (count == 1 ? "" : "s"));
      }
    }
    boolean clean = worst().compareTo(Level.NOTE) < 0;
    return (clean ? "nothing is wrong with these rows" : "") + (clean && !parts.isEmpty() ? "; " : "") + String.join(", ", parts);
  }

  /** The findings as a page with plots that needs nothing but itself. */
  public String html() {
    return new HtmlReport(this).html();
  }

  /** The findings as one JSON object. */
  public String json() {
    return JsonReport.of(this);
  }

  /**
   * The findings as text.
   *
   * @param colours whether to colour it for a terminal; else what is learnt is put between «»
   * @param rows how many rows each finding names
   */
  public String text(boolean colours, int rows) {
    return new TextReport(this, colours, rows).text();
  }

  /**
   * Writes a copy of the training files without the rows of these checks. Rows whose only fault is a begin token that they spell
   * out keep their place and lose the token.
   *
   * @param target the new file, or a directory for several
   * @param checks whose rows are left out
   * @param overwrite whether files that are there may be replaced
   * @return what was taken out, a line for each check and one for each file
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if a file is there already, or no row would be left
   */
  public List<String> clean(Path target, Set<Check> checks, boolean overwrite) throws IOException {
    return new CleanCopy(corpus, rows, begin).write(target, checks, overwrite);
  }
}
