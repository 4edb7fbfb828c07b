package dev.hone.train.inspect;

import dev.hone.train.inspect.Finding.Level;
import java.util.List;
import java.util.Locale;

/** An inspection as text, for a terminal or a file. */
final class TextReport {
  private static final String PLAIN = "\u001b[0m";
  private static final String LEARNT = "\u001b[1;32m";
  private static final String READ = "\u001b[36m";
  private static final int LABELS = 12;
  private static final int BAR = 30;

  private final Inspection found;
  private final boolean colours;
  private final int rows;
  private final StringBuilder out = new StringBuilder();

  TextReport(Inspection found, boolean colours, int rows) {
    this.found = found;
    this.colours = colours;
    this.rows = rows;
  }

  String text() {
    found.files().forEach(file -> line(printable(file)));
    samples();
    lengths();
    labels();
    line("");
    int width = found.findings().stream().mapToInt(finding -> finding.check().title().length()).max().orElse(0);
    for (Finding finding : found.findings()) {
      String where = rows == 0 ? "" : finding.where(rows);
      line(String.format("%s  %-" + width + "s  %s", level(finding.level()), finding.check().title(),
          printable(finding.verdict() + (where.isEmpty() ? "" : ": " + where))));
    }
    line("");
    line(found.summary());
    return out.toString();
  }

  private String level(Level level) {
    String word = String.format("%-7s", level.word());
    return switch (level) {
      case OK -> coloured("\u001b[32m", word);
      case SKIPPED -> coloured("\u001b[90m", word);
      case NOTE -> coloured("\u001b[34m", word);
      case WARNING -> coloured("\u001b[33m", word);
      case ERROR -> coloured("\u001b[1;31m", word);
    };
  }

  private String coloured(String colour, String text) {
    return colours ? colour + text + PLAIN : text;
  }

  private void samples() {
    String legend = colours ? coloured(LEARNT, "learnt") + ", " + coloured(READ, "only read")
        : "what is learnt is between « and »";
    line("");
    line("samples as training sees them (" + legend(legend)
        + (found.maxLength() == 0 ? "; without --model words, not tokens" : "") + ")");
    for (Sample sample : found.samples()) {
      line("");
      line(printable("  " + sample.place().file() + " " + sample.place().unit() + " " + sample.place().number() + ": "
          + counts(sample, found.task())));
      StringBuilder text = new StringBuilder();
      for (Sample.Span span : sample.spans()) {
        String shown = printable(span.text());
        text.append(colours ? lines(span.trained() ? LEARNT : READ, shown) : span.trained() ? "«" + shown + "»" : shown);
      }
      text.toString().lines().forEach(shown -> out.append("    ").append(shown).append('\n'));
    }
  }

  /** What is learnt, and what the marks mean where there are any. */
  private String legend(String marks) {
    boolean marked = found.samples().stream().anyMatch(sample -> sample.spans().stream().anyMatch(Sample.Span::trained));
    String learnt = found.task().learnt();
    return learnt.isEmpty() ? marks : learnt + (marked ? "; " + marks : "");
  }

  /** A colour ends with its line, so that what comes before the next line is not coloured. */
  private String lines(String colour, String text) {
    return colour + text.replace("\n", PLAIN + "\n" + colour) + PLAIN;
  }

  /** A sample's tokens and its label in words. */
  static String counts(Sample sample, InspectSettings.Task task) {
    String tokens = sample.tokens() == 0 ? "" : sample.tokens() + " tokens" + (sample.cut() == 0 ? "" : ", " + sample.cut()
        + " cut off");
    String learnt = sample.label() != null ? "label '" + sample.label() + "'" : sample.tokens() == 0
        || !task.learnt().isEmpty() && sample.learnt() == 0 ? "" : sample.learnt() + " learnt";
    return tokens + (tokens.isEmpty() || learnt.isEmpty() ? "" : ", ") + learnt;
  }

  private void lengths() {
    Histogram lengths = found.lengths();
    line("");
    line(String.format(Locale.ROOT, "lengths in %s: %,d to %,d, median %,d, 95 %% up to %,d%s", lengths.unit(),
        lengths.smallest(),
        lengths.largest(), lengths.median(), lengths.most95(), found.maxLength() == 0 ? "" : "; cut at " + found.maxLength()));
    int most = 1;
    for (int count : lengths.counts()) {
      most = Math.max(most, count);
    }
    for (int b = 0; b < lengths.counts().length; b++) {
      int count = lengths.counts()[b];
      line(String.format(Locale.ROOT, "  %,7d %,9d %s", lengths.edges()[b], count, bar(count, most)).stripTrailing());
    }
  }

  private static String bar(int count, int most) {
    return "#".repeat(count == 0 ? 0 : Math.max(1, (int) ((long) BAR * count / most)));
  }

  private void labels() {
    List<Share> labels = found.labels();
    if (labels.isEmpty()) {
      return;
    }
    line("");
    line(labels.size() + (labels.size() == 1 ? " label" : " labels") + (found.heldOut() > 0 ? ": rows to train on, rows held out"
        : ""));
    int most = labels.stream().mapToInt(Share::training).max().orElse(1);
    labels.stream().sorted((a, b) -> Integer.compare(b.training(), a.training())).limit(LABELS).forEach(label ->
        line(String.format(Locale.ROOT, "  %,9d %s %s %s", label.training(),
            found.heldOut() > 0 ? String.format(Locale.ROOT, "%,9d", label.heldOut()) : "", shortened(printable(label.name())),
            bar(label.training(), Math.max(1, most))).stripTrailing()));
    if (labels.size() > LABELS) {
      line("  and " + (labels.size() - LABELS) + " more");
    }
  }

  private static String shortened(String name) {
    return String.format("%-20s", name.length() > 20 ? name.substring(0, 19) + "…" : name);
  }

  /** A line of which the colours are ours. */
  private void line(String text) {
    out.append(text).append('\n');
  }

  /** Control characters of a file must not reach a terminal. */
  private static String printable(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints().forEach(c -> shown.appendCodePoint(c == '\r' ? ' ' : c != '\n' && c != '\t' && Character.isISOControl(c)
        ? '\uFFFD' : c));
    return shown.toString();
  }
}
