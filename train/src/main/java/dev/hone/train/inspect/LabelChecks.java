package dev.hone.train.inspect;

import dev.hone.train.data.LabelCheck;
import dev.hone.train.data.LabelSet;
import dev.hone.train.data.SourceRows;
import dev.hone.train.inspect.Finding.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** How rows share out over labels, and how labels are spelled. */
final class LabelChecks {
  /** Fewer rows than this show a model little. */
  static final int FEW = 5;
  /** A label is rare, too, with less than this part of an equal share. */
  static final double RARE = 0.1;

  private final Corpus corpus;
  private final Scan scan;
  private final RowLabels labels;
  private final BiConsumer<Finding, Rows> out;
  private final Map<String, int[]> counts = new TreeMap<>(LabelSet.ORDER); // training, held out

  LabelChecks(Corpus corpus, Scan scan, RowLabels labels, BiConsumer<Finding, Rows> out) {
    this.corpus = corpus;
    this.scan = scan;
    this.labels = labels;
    this.out = out;
  }

  /** Checks; returns the labels with their rows. */
  List<Share> run() {
    Rows missing = new Rows(corpus);
    for (int row = 0; row < corpus.size(); row++) {
      if (!scan.has(row, Scan.MALFORMED) && corpus.lacksLabel(row)) {
        missing.add(row);
      } else if (counts(row)) {
        for (String label : labels.of(row)) {
          counts.computeIfAbsent(label, _ -> new int[2])[corpus.isHeldOut(row) ? 1 : 0]++;
        }
      }
    }
    out.accept(missing.finding(Check.NO_LABEL, Level.ERROR, CopyChecks.count(missing.count(), "has", "have")
        + " no label, which training refuses", "every row has a label"), missing);
    boolean refused = refused();
    if (labels.kind() == InspectSettings.Labels.NUMBERS) {
      numbers();
      return List.of();
    }
    balance();
    if (!refused) {
      names();
    }
    List<Share> shares = new ArrayList<>();
    counts.forEach((name, rows) -> shares.add(new Share(name, rows[0], rows[1])));
    return shares;
  }

  /** Whether a row has a text and a label. */
  private boolean counts(int row) {
    return scan.isUsable(row) && !corpus.lacksLabel(row);
  }

  private void numbers() {
    Rows rows = new Rows(corpus);
    for (int row = 0; row < corpus.size(); row++) {
      if (counts(row)) {
        try {
          if (Float.isFinite(Float.parseFloat(corpus.label(row)))) {
            continue;
          }
        } catch (NumberFormatException _) {
          // falls through
        }
        rows.add(row, -1, "'" + corpus.label(row) + "'");
      }
    }
    out.accept(rows.finding(Check.LABEL_NAMES, Level.ERROR, CopyChecks.count(rows.count(), "has", "have")
        + " a label that is no number, which regression needs", "every label is a number"), rows);
  }

  private void balance() {
    long total = 0;
    int kinds = 0;
    for (int[] rows : counts.values()) {
      total += rows[0];
      kinds += rows[0] > 0 ? 1 : 0;
    }
    List<String> rare = new ArrayList<>();
    String most = null;
    String least = null;
    for (Map.Entry<String, int[]> entry : counts.entrySet()) {
      int rows = entry.getValue()[0];
      if (rows == 0) {
        continue;
      }
      most = most == null || rows > counts.get(most)[0] ? entry.getKey() : most;
      least = least == null || rows < counts.get(least)[0] ? entry.getKey() : least;
      if (rows < FEW || rows < RARE * total / kinds) {
        rare.add(entry.getKey());
      }
    }
    Rows rows = new Rows(corpus);
    for (int row = 0; row < corpus.trained() && !rare.isEmpty(); row++) {
      if (counts(row)) {
        for (String label : labels.of(row)) {
          if (rare.contains(label)) {
            rows.add(row, -1, "'" + label + "'");
            break;
          }
        }
      }
    }
    if (kinds < 2 && labels.kind() == InspectSettings.Labels.ONE) {
      out.accept(new Finding(Check.LABELS, Level.ERROR, kinds == 0 ? "no row has a label" : "all rows have one label ('" + most
          + "'); a classifier needs two", 0, List.of()), rows);
      return;
    }
    String spread = kinds == 0 ? "no labels"
        : counts.get(least)[0] == counts.get(most)[0] ? String.format(Locale.ROOT, "%d labels of %,d rows each", kinds,
            counts.get(most)[0])
        : String.format(Locale.ROOT, "%d labels, '%s' has the fewest rows (%,d), '%s' the most (%,d)", kinds, least,
        counts.get(least)[0], most, counts.get(most)[0]);
    out.accept(rows.finding(Check.LABELS, Level.WARNING, rare.size() + (rare.size() == 1 ? " label is" : " labels are")
        + " rare ("
        + shortened(rare) + "); " + spread, spread), rows);
  }

  private static String shortened(List<String> names) {
    List<String> quoted = names.stream().limit(5).map(name -> "'" + name + "'").toList();
    return String.join(", ", quoted) + (names.size() > 5 ? ", ..." : "");
  }

  private void names() {
    Map<String, String> usual = new HashMap<>(); // the most frequent spelling of each
    counts.forEach((name, rows) -> usual.merge(plain(name), name, (a, b) -> counts.get(a)[0] >= counts.get(b)[0] ? a : b));
    Rows rows = new Rows(corpus);
    boolean unknown = false;
    for (int row = 0; row < corpus.size(); row++) {
      if (!counts(row)) {
        continue;
      }
      for (String label : labels.of(row)) {
        String best = usual.get(plain(label));
        boolean unseen = counts.get(label)[0] == 0;
        unknown |= unseen;
        if (!label.equals(best)) {
          rows.add(row, -1, "'" + label + "', mostly '" + best + "'");
        } else if (unseen) {
          rows.add(row, -1, "'" + label + "'");
        }
      }
    }
    out.accept(rows.finding(Check.LABEL_NAMES, unknown ? Level.ERROR : Level.WARNING, CopyChecks.count(rows.count(), "has",
        "have")
        + " a label that " + (unknown ? "the training data does not have" : "differs from another by its spelling only"),
        "no label is spelled in two ways"), rows);
  }

  /** Labels that training takes for a mistake; whether there are any. */
  private boolean refused() {
    Rows rows = new Rows(corpus);
    String first = null;
    for (int p = 0; p < corpus.parts().size(); p++) {
      SourceRows part = corpus.parts().get(p);
      LabelCheck check = part.labelCheck();
      for (int row = corpus.from(p); row < corpus.from(p) + part.size(); row++) {
        String problem = counts(row) ? check.add(part.number(row - corpus.from(p)), labels.of(row)) : null;
        if (problem != null) {
          first = first == null ? problem : first;
          rows.add(row, -1, "'" + corpus.label(row) + "'");
        }
      }
      String problem = check.end();
      first = first == null ? problem : first;
    }
    if (first == null) {
      return false;
    }
    out.accept(new Finding(Check.LABEL_NAMES, Level.ERROR, "training refuses these labels: " + first, rows.count(), rows.first()),
        rows);
    return true;
  }

  private static String plain(String label) {
    return label.strip().toLowerCase(Locale.ROOT).replace('_', ' ').replace('-', ' ');
  }
}
