package dev.hone.train.inspect;

import dev.hone.train.inspect.Finding.Level;
import dev.hone.train.page.Charts;
import dev.hone.train.page.Page;
import dev.hone.train.page.Span;
import dev.hone.train.page.Table;
import dev.hone.train.page.Verdict;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An inspection as a page that needs nothing but itself. */
final class HtmlReport {
  /** Rows that a check names in its line, and in the table below it. */
  private static final int FIRST = 5;
  private static final int LISTED = 100;

  private final Inspection found;

  HtmlReport(Inspection found) {
    this.found = found;
  }

  String html() {
    Page page = new Page("Data inspection");
    found.files().forEach(page::text);
    page.text(found.summary());
    page.section("Checks");
    for (Level level : List.of(Level.ERROR, Level.WARNING, Level.NOTE)) {
      found.findings().stream().filter(finding -> finding.level() == level).forEach(finding -> finding(page, finding));
    }
    found.findings().stream().filter(finding -> finding.level() == Level.OK).forEach(finding -> finding(page, finding));
    skipped(page);
    samples(page);
    plots(page);
    figures(page);
    page.details("What the checks mean", inner -> {
      Table table = Table.of("", "check", "finds");
      found.findings().forEach(finding -> table.row(finding.check().title(), finding.check().meaning()));
      inner.table(table);
    });
    return page.html();
  }

  private static void finding(Page page, Finding finding) {
    String where = finding.where(FIRST);
    page.verdict(switch (finding.level()) {
      case OK, SKIPPED -> Verdict.GOOD;
      case NOTE -> Verdict.NOTICE;
      case WARNING -> Verdict.WARNING;
      case ERROR -> Verdict.ERROR;
    }, finding.check().title() + ": " + finding.verdict() + (where.isEmpty() ? "" : ": " + where));
    if (finding.rows() > FIRST) {
      page.details(String.format(Locale.ROOT, finding.rows() > LISTED ? "The first %d of %,d rows" : "All %2$d rows", LISTED,
          finding.rows()), inner -> inner.table(rows(finding)));
    }
  }

  private static Table rows(Finding finding) {
    boolean compared = finding.first().getFirst().other() != null;
    Table table = compared ? Table.of("", "row", "compared with", "detail") : Table.of("", "row", "detail");
    for (Finding.Hit hit : finding.first().subList(0, Math.min(LISTED, finding.first().size()))) {
      if (compared) {
        table.row(place(hit.row()), place(hit.other()), hit.detail());
      } else {
        table.row(place(hit.row()), hit.detail());
      }
    }
    return table;
  }

  private static String place(Finding.Place place) {
    return place.file() + " " + place.unit() + " " + place.number();
  }

  private void skipped(Page page) {
    List<Finding> skipped = found.findings().stream().filter(finding -> finding.level() == Level.SKIPPED).toList();
    if (!skipped.isEmpty()) {
      page.note("Not looked at: " + String.join("; ", skipped.stream().map(f -> f.check().title() + " " + f.verdict()).toList()));
    }
  }

  private void samples(Page page) {
    page.section("Samples as training sees them");
    String learnt = found.task().learnt();
    page.note((learnt.isEmpty() ? "Marked and underlined: what is learnt. The rest is only read."
        : learnt.substring(0, 1).toUpperCase(Locale.ROOT) + learnt.substring(1) + ".")
        + (found.maxLength() == 0 ? " Without a model these are words, not tokens."
            : " Special tokens are written out."));
    for (Sample sample : found.samples()) {
      page.subsection(place(sample.place()) + ": " + TextReport.counts(sample, found.task()));
      page.spans(sample.spans().stream().map(span -> new Span(span.text(), span.trained())).toList());
    }
  }

  private void plots(Page page) {
    page.section("How the rows are spread");
    Histogram lengths = found.lengths();
    long[] counts = Arrays.stream(lengths.counts()).asLongStream().toArray();
    int width = counts.length > 1 ? lengths.edges()[1] - lengths.edges()[0] : Math.max(1,
        lengths.edges()[1] - lengths.edges()[0]);
    boolean open = counts.length > 1 && lengths.edges()[counts.length] - lengths.edges()[counts.length - 1] > width;
    double end = lengths.edges()[0] + (double) width * counts.length;
    boolean cut = found.maxLength() > 0 && found.maxLength() <= 1.5 * end;
    Charts.Rule[] rules = cut ? new Charts.Rule[] {new Charts.Rule("cut at " + found.maxLength(), found.maxLength())}
        : new Charts.Rule[0];
    page.figure(Charts.histogram("Length of rows" + (open ? " (the last bin holds all longer ones)" : ""), lengths.unit(),
        lengths.edges()[0], width, counts, open, rules));
    shares(page, "Labels", found.labels());
    shares(page, "Languages", found.languages());
    shares(page, "Writing systems", found.scripts());
  }

  private void shares(Page page, String title, List<Share> shares) {
    if (shares.isEmpty()) {
      return;
    }
    boolean both = found.heldOut() > 0;
    long all = shares.stream().mapToLong(Share::training).sum();
    page.figure(Charts.bars(title + (both ? " (rows to train on)" : ""), "rows", shares.stream()
        .sorted((a, b) -> Integer.compare(b.training(), a.training())).map(share -> new Charts.Bar(share.name(), share.training(),
            String.format(Locale.ROOT, "%,d (%.1f %%)%s", share.training(), 100.0 * share.training() / Math.max(1, all),
                both ? String.format(Locale.ROOT, ", %,d held out", share.heldOut()) : ""))).toList()));
  }

  private void figures(Page page) {
    page.section("In figures");
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("rows to train on", found.training());
    values.put("rows held out", found.heldOut());
    Histogram lengths = found.lengths();
    values.put("length in " + lengths.unit(), String.format(Locale.ROOT, "%,d to %,d, median %,d, 95 %% up to %,d",
        lengths.smallest(),
        lengths.largest(), lengths.median(), lengths.most95()));
    if (found.maxLength() > 0) {
      values.put("cut at", found.maxLength() + " tokens");
    }
    if (found.fit() != null) {
      values.put("tokens per word", found.fit().perWord());
      values.put("characters per token", found.fit().characters());
      values.put("unknown tokens", String.format(Locale.ROOT, "%.2f %%", 100 * found.fit().unknown()));
    }
    page.values(values);
  }
}
