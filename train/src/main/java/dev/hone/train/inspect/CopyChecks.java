package dev.hone.train.inspect;

import dev.hone.train.inspect.Finding.Level;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/** Rows that occur more than once: within the training data, in what is held out, with other labels or other answers. */
final class CopyChecks {
  private final Corpus corpus;
  private final Scan scan;
  private final double likeness;
  private final RowLabels labels;
  private final BiConsumer<Finding, Rows> out;

  /**
   * Checks of copies.
   *
   * @param likeness from which on rows are near copies
   * @param labels of the rows
   * @param out gets each finding with its rows
   */
  CopyChecks(Corpus corpus, Scan scan, double likeness, RowLabels labels, BiConsumer<Finding, Rows> out) {
    this.corpus = corpus;
    this.scan = scan;
    this.likeness = likeness;
    this.labels = labels;
    this.out = out;
  }

  void run(InspectSettings.Task task) {
    Copies copies = new Copies(usable(scan.keys), corpus.trained(), row -> RowText.of(corpus.row(row)).all());
    exact(copies);
    NearCopies near = NearCopies.find(scan, corpus, row -> scan.isUsable(row) && scan.keys[row] != 0
        && (corpus.isHeldOut(row) ? copies.trained(row) < 0 : copies.earlier(row) < 0), likeness);
    near(near);
    leakage(copies, near);
    if (corpus.isLabelled()) {
      conflicts(copies);
    } else if (task == InspectSettings.Task.GENERATE) {
      answers();
    }
  }

  private long[] usable(long[] keys) {
    long[] usable = keys.clone();
    for (int row = 0; row < usable.length; row++) {
      usable[row] = scan.isUsable(row) ? keys[row] : 0;
    }
    return usable;
  }

  private void exact(Copies copies) {
    Rows rows = new Rows(corpus);
    Map<Labelled, Integer> earliest = new HashMap<>(); // of texts that occur again, for each of their labels
    for (int row = 0; row < corpus.trained(); row++) {
      int first = copies.earlier(row);
      if (first >= 0) {
        earliest.putIfAbsent(new Labelled(first, label(first)), first);
        Integer same = earliest.putIfAbsent(new Labelled(first, label(row)), row);
        if (same != null) {
          rows.add(row, same, "");
        }
      }
    }
    out.accept(rows.finding(Check.DUPLICATES, Level.WARNING, count(rows.count(), "repeats", "repeat") + " an earlier row"
        + share(rows), "no row repeats another"), rows);
  }

  /** A text, by the first row that has it, with a label. */
  private record Labelled(int text, Set<String> label) {}

  /** The label of a row; several have no order. */
  private Set<String> label(int row) {
    return Set.copyOf(labels.of(row));
  }

  private String share(Rows rows) {
    return String.format(Locale.ROOT, " (%.1f %% of the training data)", 100.0 * rows.count() / Math.max(1, corpus.trained()));
  }

  private void near(NearCopies near) {
    Rows rows = new Rows(corpus);
    Rows removed = new Rows(corpus); // another label may be the right one: for the user to decide
    int others = 0;
    for (int row = 0; row < corpus.trained(); row++) {
      int twin = near.twin(row);
      if (twin >= 0) {
        boolean sameLabel = label(row).equals(label(twin));
        rows.add(row, twin, detail(near, row) + (sameLabel ? "" : ", other label"));
        if (sameLabel) {
          removed.add(row);
        } else {
          others++;
        }
      }
    }
    Finding finding = rows.finding(Check.NEAR_DUPLICATES, Level.WARNING, count(rows.count(), "is", "are")
        + " much like an earlier row" + (others == 0 ? "" : ", " + others + " of them with another label"),
        "no row is much like another");
    out.accept(finding, removed);
  }

  private static String detail(NearCopies near, int row) {
    return String.format(Locale.ROOT, "%.2f", near.likeness(row));
  }

  private void leakage(Copies copies, NearCopies near) {
    if (corpus.trained() == corpus.size()) {
      String why = "needs rows that are held out, too (--eval-data)";
      out.accept(Finding.skipped(Check.LEAKAGE, why), new Rows(corpus));
      out.accept(Finding.skipped(Check.NEAR_LEAKAGE, why), new Rows(corpus));
      return;
    }
    Rows exact = new Rows(corpus);
    Rows like = new Rows(corpus);
    Set<Long> leakedKeys = new HashSet<>();
    Rows leaked = new Rows(corpus);
    Rows alike = new Rows(corpus);
    for (int row = corpus.trained(); row < corpus.size(); row++) {
      if (copies.trained(row) >= 0) {
        exact.add(row, copies.trained(row), "");
        leakedKeys.add(scan.keys[row]);
      } else if (near.twin(row) >= 0) {
        like.add(row, near.twin(row), detail(near, row));
        alike.all.set(near.twin(row));
      }
    }
    for (int row = 0; row < corpus.trained(); row++) {
      if (scan.isUsable(row) && leakedKeys.contains(scan.keys[row])) {
        leaked.all.set(row);
      }
    }
    int heldOut = corpus.size() - corpus.trained();
    out.accept(exact.finding(Check.LEAKAGE, Level.ERROR, exact.count() + " of " + heldOut
        + " held-out rows are in the training data: what is measured on them is memory",
            "no held-out row is in the training data"),
        leaked);
    out.accept(like.finding(Check.NEAR_LEAKAGE, Level.WARNING, like.count() + " of " + heldOut
        + " held-out rows are much like a row of the training data", "no held-out row is much like one of the training data"),
            alike);
  }

  private void conflicts(Copies copies) {
    Rows rows = new Rows(corpus);
    Map<Integer, Integer> others = new HashMap<>(); // by the first row of a text, the first one with another label
    for (int row = 0; row < corpus.trained(); row++) {
      int first = copies.earlier(row);
      if (first >= 0 && !label(first).equals(label(row))) {
        others.putIfAbsent(first, row);
      }
    }
    for (int row = 0; row < corpus.trained(); row++) {
      int first = copies.earlier(row) < 0 ? row : copies.earlier(row);
      Integer other = others.get(first);
      if (other != null) {
        int against = label(row).equals(label(first)) ? other : first;
        rows.add(row, against, "'" + corpus.label(row) + "' and '" + corpus.label(against) + "'");
      }
    }
    out.accept(rows.finding(Check.CONFLICTS, Level.WARNING, rows.count()
        + " rows have a text that also occurs with another label",
        "every text has one label"), rows);
  }

  private void answers() {
    Copies prompts = new Copies(usable(scan.prompts), corpus.trained(), row -> RowText.of(corpus.row(row)).prompt());
    Rows rows = new Rows(corpus);
    for (int row = 0; row < corpus.trained(); row++) {
      int first = prompts.earlier(row);
      if (first >= 0 && !Shingles.same(RowText.of(corpus.row(row)).answer(), RowText.of(corpus.row(first)).answer())) {
        rows.add(row, first, "");
      }
    }
    out.accept(rows.finding(Check.ANSWERS, Level.NOTE, count(rows.count(), "has", "have")
        + " the prompt of an earlier row and another answer", "no prompt has two answers"), rows);
  }

  /** "1 row repeats", "2 rows repeat". */
  static String count(int rows, String one, String several) {
    return String.format(Locale.ROOT, "%,d %s", rows, rows == 1 ? "row " + one : "rows " + several);
  }
}
