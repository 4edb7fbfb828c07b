package dev.hone.train.monitor;

import dev.hone.core.random.Philox;
import dev.hone.train.config.UserError;
import dev.hone.train.infer.TextVectors;
import dev.hone.train.metric.Bootstrap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Compares what a served classifier answered with the held-out rows of its training.
 *
 * {@snippet :
 * MonitorReference reference = MonitorReference.read(Path.of("out/reference.json"));
 * AnswerLog log = AnswerLog.read(Path.of("log"), Instant.now().minus(Duration.ofDays(7)), answered -> true);
 * MonitorReport report = Monitor.USUAL.check(reference, log, TextVectors.load(Path.of("minilm")));
 * if (report.alarm()) {
 *   System.out.println(report.text());
 * }
 * }
 *
 * @param alarmRate how often rows of the reference's own kind may alarm, over all signals together
 * @param leastRows rows that a figure needs
 * @param seed of the draws
 */
public record Monitor(double alarmRate, int leastRows, long seed) {
  /** One false alarm in fifty looks; fifty rows at least. */
  public static final Monitor USUAL = new Monitor(0.02, 50, 0);

  private static final int DEALS = 499;
  private static final int MAX_ROWS = 2000;
  private static final int SHOWN = 10;
  private static final int LEAST_SLICE = 30;
  private static final double NEW_SHARE = 0.95; // of the reference's rows lie nearer to another than a new row does
  private static final Bootstrap INTERVALS = Bootstrap.USUAL;

  /** Checks ranges. */
  public Monitor {
    if (!(alarmRate >= 0.005 && alarmRate < 1)) {
      throw new IllegalArgumentException("alarm_rate must be from 0.005 to 1, is " + alarmRate);
    }
    if (leastRows < 10) {
      throw new IllegalArgumentException("least_rows must be 10 or more, is " + leastRows);
    }
  }

  /** What may differ, and how much of it is worth an alarm. */
  private enum Kind {
    LABELS("labels", 0.05), CONFIDENCE("confidence", 0.05), LENGTH("length", 0.08), UNKNOWN("unknown tokens", 0.05),
    MEANING("meaning", 0.001);

    private final String word;
    private final double least;

    Kind(String word, double least) {
      this.word = word;
      this.least = least;
    }
  }

  /**
   * Compares.
   *
   * @param model the untuned model, as the reference's vectors were made by it; null where the log has no texts or the model is
   *     not at hand
   * @throws UserError if the reference has too few rows or is of another model
   */
  public MonitorReport check(MonitorReference reference, AnswerLog log, TextVectors model) {
    if (model != null && !reference.isOf(model)) {
      throw new UserError("the reference was made with another model: give the one that was tuned, untuned (--model)");
    }
    return check(reference, log, model == null ? null : (Vectors) model::of);
  }

  /** Makes vectors of texts. */
  interface Vectors {
    List<float[]> of(List<String> texts);
  }

  MonitorReport check(MonitorReference reference, AnswerLog log, Vectors model) {
    if (reference.rows().size() < leastRows) {
      throw new UserError("the reference has " + reference.rows().size() + " rows, " + leastRows
          + " are needed: hold out more when "
          + "training (--val-size)");
    }
    List<String> remarks = new ArrayList<>();
    List<AnswerLog.Entry> given = log.entries().stream().filter(entry -> !ShadowReport.isShadow(entry)).toList();
    List<AnswerLog.Entry> all = given.stream().filter(entry -> entry.answered().labels().equals(reference.labels()))
        .toList();
    if (all.size() < given.size()) {
      remarks.add(given.size() - all.size() + " answers are left out: they have not the labels of the reference");
    }
    List<AnswerLog.Entry> rows = drawn(all);
    if (rows.size() < all.size()) {
      remarks.add("compared are " + rows.size() + " rows drawn from " + all.size());
    }
    List<MonitorReport.Signal> signals = List.of();
    boolean[] isNew = new boolean[rows.size()];
    List<MonitorReport.NewRow> newest = List.of();
    ExpectedAccuracy expected = null;
    if (rows.size() < leastRows) {
      remarks.add("too few rows to say anything: " + rows.size() + ", " + leastRows + " are needed");
    } else {
      float[][] distances = model == null ? null : distances(reference, rows, model, remarks);
      if (model == null) {
        remarks.add("what texts mean is not compared: that needs the model (--model) and a log with texts");
      }
      double[] nearest = distances == null ? null : nearest(distances, reference.rows().size(), rows.size());
      double bound = distances == null ? Double.NaN : bound(distances, reference.rows().size());
      signals = signals(reference, rows, distances, nearest, bound);
      boolean other = signals.stream().anyMatch(MonitorReport.Signal::alarm);
      if (nearest != null) {
        newest = newest(rows, nearest, bound);
      }
      for (int i = 0; i < isNew.length && other; i++) {
        isNew[i] = nearest == null || nearest[i] > bound; // without vectors any row may be one of them
      }
      expected = ExpectedAccuracy.of(reference, rows.stream().mapToDouble(row -> row.answered().confidence()).toArray(), isNew,
          0.95);
    }
    MonitorReport.Measured audited = measured(all, log.feedback(), true);
    MonitorReport.Measured spoken = measured(all, log.feedback(), false);
    int[] before = {(int) reference.rows().stream().filter(MonitorReference.Row::right).count(), reference.rows().size()};
    boolean worse = audited.rows() >= LEAST_SLICE && isLess(audited.right(), audited.rows(), before[0], before[1]);
    return new MonitorReport(all.size(), reference.rows().size(), reference.accuracy(), signals, expected, audited, spoken, worse,
        newest, slices(all, log.feedback()), remarks);
  }

  private List<AnswerLog.Entry> drawn(List<AnswerLog.Entry> all) {
    if (all.size() <= MAX_ROWS) {
      return all;
    }
    Philox random = new Philox(seed, Philox.stream(0x64726177L, 0));
    int[] order = IntStream.range(0, all.size()).boxed().sorted(Comparator.comparingDouble(i ->
        random.uniform(i))).limit(MAX_ROWS)
        .mapToInt(i -> i).sorted().toArray();
    return IntStream.of(order).mapToObj(all::get).toList();
  }

  // Distances

  private static float[][] distances(MonitorReference reference, List<AnswerLog.Entry> rows, Vectors model,
      List<String> remarks) {
    if (rows.stream().anyMatch(row -> row.answered().input() == null)) {
      remarks.add("what texts mean is not compared: the log has rows without texts (hone serve --log-text)");
      return null;
    }
    List<float[]> vectors = model.of(rows.stream().map(row -> row.answered().input()).toList());
    int width = vectors.getFirst().length;
    List<float[]> all = new ArrayList<>();
    reference.rows().forEach(row -> all.add(row.vector()));
    all.addAll(vectors);
    float[][] distances = new float[all.size()][all.size()];
    for (int i = 0; i < all.size(); i++) {
      for (int j = 0; j < i; j++) {
        float[] a = all.get(i);
        float[] b = all.get(j);
        float sum = 0;
        for (int c = 0; c < width; c++) {
          float difference = a[c] - b[c];
          sum += difference * difference;
        }
        distances[i][j] = distances[j][i] = (float) Math.sqrt(sum);
      }
    }
    return distances;
  }

  /** How far each row is from the nearest of the reference. */
  private static double[] nearest(float[][] distances, int reference, int rows) {
    double[] nearest = new double[rows];
    for (int i = 0; i < rows; i++) {
      nearest[i] = IntStream.range(0, reference).mapToDouble(nearestRow(distances, reference + i)).min().orElse(0);
    }
    return nearest;
  }

  private static IntToDoubleFunction nearestRow(float[][] distances, int row) {
    return j -> distances[row][j];
  }

  /** What nineteen of twenty of the reference's rows are nearer to another than. */
  private static double bound(float[][] distances, int reference) {
    double[] nearest = new double[reference];
    for (int i = 0; i < reference; i++) {
      int row = i;
      nearest[i] = IntStream.range(0, reference).filter(j -> j != row).mapToDouble(j -> distances[row][j]).min().orElse(0);
    }
    Arrays.sort(nearest);
    return nearest[(int) Math.ceil(NEW_SHARE * reference) - 1];
  }

  // Signals

  private List<MonitorReport.Signal> signals(MonitorReference reference, List<AnswerLog.Entry> rows, float[][] distances,
      double[] nearest, double bound) {
    int m = reference.rows().size();
    int n = rows.size();
    int[] labels = new int[m + n];
    double[] confidence = new double[m + n];
    double[] length = new double[m + n];
    double[] unknown = new double[m + n];
    for (int i = 0; i < m; i++) {
      MonitorReference.Row row = reference.rows().get(i);
      labels[i] = row.label();
      confidence[i] = row.confidence();
      length[i] = row.tokens();
      unknown[i] = row.unknown() / (double) Math.max(1, row.tokens());
    }
    for (int i = 0; i < n; i++) {
      Answered row = rows.get(i).answered();
      labels[m + i] = best(row.probabilities());
      confidence[m + i] = row.confidence();
      length[m + i] = row.promptTokens();
      unknown[m + i] = Math.max(0, row.unknownTokens()) / (double) Math.max(1, row.promptTokens());
    }
    List<Kind> kinds = new ArrayList<>(List.of(Kind.LABELS, Kind.CONFIDENCE, Kind.LENGTH));
    List<ToDoubleFunction<int[]>> tests = new ArrayList<>(List.of(
        TwoSample.shareOfChange(labels, reference.labels().size(), n), TwoSample.largestGap(confidence, n),
        TwoSample.largestGap(length, n)));
    if (rows.stream().allMatch(row -> row.answered().unknownTokens() >= 0)) {
      kinds.add(Kind.UNKNOWN);
      tests.add(TwoSample.largestGap(unknown, n));
    }
    if (distances != null) {
      kinds.add(Kind.MEANING);
      tests.add(TwoSample.energy(distances, n));
    }
    List<TwoSample.Distance> found = new TwoSample(m, n, DEALS, seed).compare(tests);
    List<MonitorReport.Signal> signals = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      TwoSample.Distance distance = found.get(i);
      MonitorReport.Change change = switch (kinds.get(i)) {
        case LABELS -> labelChange(reference, labels, m);
        case CONFIDENCE -> change("mean confidence", confidence, m);
        case LENGTH -> change("mean tokens", length, m);
        case UNKNOWN -> change("mean share of unknown tokens", unknown, m);
        case MEANING -> newShare(nearest, bound);
      };
      signals.add(new MonitorReport.Signal(kinds.get(i).word, distance.value(), distance.usual(), distance.p(), change,
          distance.p() <= alarmRate && distance.value() - distance.mean() >= kinds.get(i).least));
    }
    return signals;
  }

  private static int best(float[] probabilities) {
    int best = 0;
    for (int i = 1; i < probabilities.length; i++) {
      best = probabilities[i] > probabilities[best] ? i : best;
    }
    return best;
  }

  /** The difference of two means, the second's less the first's, with a 95 % interval. */
  private static MonitorReport.Change change(String what, double[] values, int first) {
    double[] one = Arrays.copyOf(values, first);
    double[] two = Arrays.copyOfRange(values, first, values.length);
    double before = mean(one);
    double after = mean(two);
    double half = 1.96 * Math.sqrt(variance(one, before) / one.length + variance(two, after) / two.length);
    return new MonitorReport.Change(what, before, after, after - before - half, after - before + half);
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(0);
  }

  private static double variance(double[] values, double mean) {
    return Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum() / Math.max(1, values.length - 1);
  }

  /** The label whose share changed most. */
  private static MonitorReport.Change labelChange(MonitorReference reference, int[] labels, int first) {
    return IntStream.range(0, reference.labels().size()).mapToObj(label -> change("share of " + reference.labels().get(label),
        IntStream.of(labels).mapToDouble(each -> each == label ? 1 : 0).toArray(), first))
        .max(Comparator.comparingDouble(change -> Math.abs(change.after() - change.before()))).orElseThrow();
  }

  private static MonitorReport.Change newShare(double[] nearest, double bound) {
    long count = Arrays.stream(nearest).filter(distance -> distance > bound).count();
    Bootstrap.Interval share = INTERVALS.share(count, nearest.length);
    double before = 1 - NEW_SHARE;
    return new MonitorReport.Change("share of rows unlike any of the reference", before, count / (double) nearest.length,
        share.low() - before, share.high() - before);
  }

  private static List<MonitorReport.NewRow> newest(List<AnswerLog.Entry> rows, double[] nearest, double bound) {
    return IntStream.range(0, nearest.length).filter(i -> nearest[i] > bound).boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -nearest[i])).limit(SHOWN)
        .map(i -> new MonitorReport.NewRow(rows.get(i).answered().id(), nearest[i] / bound,
            rows.get(i).answered().input())).toList();
  }

  // What people said

  /** Rows of which it is known whether they are right: of those that are labelled in any case, or of all others. */
  private static MonitorReport.Measured measured(List<AnswerLog.Entry> rows, Map<String, Feedback> feedback, boolean audited) {
    int right = 0;
    int count = 0;
    for (AnswerLog.Entry row : rows) {
      Boolean known = isRight(row.answered(), feedback.get(row.answered().id()));
      if (known != null && row.audit() == audited) {
        count++;
        right += known ? 1 : 0;
      }
    }
    Bootstrap.Interval interval = count == 0 ? new Bootstrap.Interval(Double.NaN, Double.NaN) : INTERVALS.share(right, count);
    return new MonitorReport.Measured(count, right, interval.low(), interval.high());
  }

  /** Whether an answer is right, as far as anybody said so. */
  static Boolean isRight(Answered answered, Feedback said) {
    if (said == null) {
      return null;
    }
    if (said.label() != null) {
      return said.label().equals(answered.output());
    }
    return said.isGood() ? Boolean.TRUE : said.isBad() ? Boolean.FALSE : null;
  }

  /** Whether a share is less than another one beyond chance: Fisher's exact test, one-sided, at half the alarm rate. */
  private boolean isLess(int right, int rows, int rightBefore, int rowsBefore) {
    return FisherTest.less(right, rows, rightBefore, rowsBefore) <= alarmRate / 2;
  }

  private static Map<String, List<MonitorReport.Slice>> slices(List<AnswerLog.Entry> rows, Map<String, Feedback> feedback) {
    Map<String, Map<String, List<AnswerLog.Entry>>> groups = new TreeMap<>();
    rows.forEach(row -> row.answered().metadata().forEach((column, value) ->
        groups.computeIfAbsent(column, _ -> new TreeMap<>()).computeIfAbsent(value, _ -> new ArrayList<>()).add(row)));
    Map<String, List<MonitorReport.Slice>> slices = new TreeMap<>();
    groups.forEach((column, values) -> {
      List<MonitorReport.Slice> found = new ArrayList<>();
      values.forEach((value, group) -> {
        if (group.size() < LEAST_SLICE) {
          return;
        }
        double[] confidence = group.stream().mapToDouble(row -> row.answered().confidence()).toArray();
        double mean = mean(confidence);
        double half = 1.96 * Math.sqrt(variance(confidence, mean) / confidence.length);
        int right = 0;
        int known = 0;
        for (AnswerLog.Entry row : group) {
          Boolean said = isRight(row.answered(), feedback.get(row.answered().id()));
          known += said == null ? 0 : 1;
          right += said == Boolean.TRUE ? 1 : 0;
        }
        Bootstrap.Interval interval = known < LEAST_SLICE ? new Bootstrap.Interval(Double.NaN, Double.NaN)
            : INTERVALS.share(right, known);
        found.add(new MonitorReport.Slice(value, group.size(), mean, mean - half, mean + half,
            new MonitorReport.Measured(known, right, interval.low(), interval.high())));
      });
      if (!found.isEmpty()) {
        slices.put(column, found);
      }
    });
    return slices;
  }
}
