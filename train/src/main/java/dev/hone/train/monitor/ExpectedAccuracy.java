package dev.hone.train.monitor;

import dev.hone.core.random.Philox;
import java.util.Arrays;

/**
 * What share of answers is right, judged by the model's own confidence as it held on the reference: the chance of being right is
 * σ(a · logit(confidence) + b), with a and b from the reference's rows.
 *
 * @param known whether the rows are like the reference, so that confidence means there what it meant here
 * @param value the share
 * @param low of its interval: rows that are unlike the reference may be right by chance only
 * @param high of its interval
 */
public record ExpectedAccuracy(boolean known, double value, double low, double high) {
  private static final int DRAWS = 500;
  private static final int STEPS = 12;
  private static final double RIDGE = 1; // rows' worth of belief that confidence is right as it is
  private static final double EDGE = 1e-6;

  /**
   * The share of some rows.
   *
   * @param confidences of the rows
   * @param isNew which of them are unlike the reference; none where the rows are of its kind
   * @param level how often the interval is to hold the truth
   */
  static ExpectedAccuracy of(MonitorReference reference, double[] confidences, boolean[] isNew, double level) {
    double[] x = reference.rows().stream().mapToDouble(row -> logit(row.confidence())).toArray();
    boolean[] right = new boolean[x.length];
    for (int i = 0; i < x.length; i++) {
      right[i] = reference.rows().get(i).right();
    }
    double chance = 1.0 / Math.max(1, reference.labels().size());
    int[] all = new int[x.length];
    Arrays.setAll(all, i -> i);
    double[] fit = fit(x, right, all);
    double value = 0;
    for (double confidence : confidences) {
      value += share(fit, confidence) / confidences.length;
    }
    double[] lows = new double[DRAWS];
    double[] highs = new double[DRAWS];
    for (int draw = 0; draw < DRAWS; draw++) {
      Philox random = new Philox(draw, Philox.stream(0x65787063L, 0));
      int[] rows = new int[x.length];
      long at = 0;
      for (int i = 0; i < rows.length; i++) {
        rows[i] = (int) (random.uniform(at++) * x.length);
      }
      double[] drawn = fit(x, right, rows);
      for (int i = 0; i < confidences.length; i++) {
        double p = share(drawn, confidences[i]);
        double u = random.uniform(at++);
        highs[draw] += u < p ? 1 : 0; // answers are right or wrong
        lows[draw] += u < (isNew[i] ? Math.min(p, chance) : p) ? 1 : 0;
      }
      highs[draw] /= confidences.length;
      lows[draw] /= confidences.length;
    }
    Arrays.sort(lows);
    Arrays.sort(highs);
    int cut = (int) Math.floor((1 - level) / 2 * DRAWS);
    boolean some = false;
    for (boolean each : isNew) {
      some |= each;
    }
    return new ExpectedAccuracy(!some, value, Math.min(value, lows[cut]), Math.max(value, highs[DRAWS - 1 - cut]));
  }

  private static double share(double[] fit, double confidence) {
    return 1 / (1 + Math.exp(-(fit[0] * logit(confidence) + fit[1])));
  }

  private static double logit(double confidence) {
    double p = Math.clamp(confidence, EDGE, 1 - EDGE);
    return Math.log(p / (1 - p));
  }

  /** The likeliest a and b by Newton's steps, drawn a little to 1 and 0. */
  private static double[] fit(double[] x, boolean[] right, int[] rows) {
    double a = 1;
    double b = 0;
    for (int step = 0; step < STEPS; step++) {
      double ga = -RIDGE * (a - 1);
      double gb = -RIDGE * b;
      double haa = RIDGE;
      double hab = 0;
      double hbb = RIDGE;
      for (int row : rows) {
        double p = 1 / (1 + Math.exp(-(a * x[row] + b)));
        double w = Math.max(p * (1 - p), 1e-9);
        double miss = (right[row] ? 1 : 0) - p;
        ga += miss * x[row];
        gb += miss;
        haa += w * x[row] * x[row];
        hab += w * x[row];
        hbb += w;
      }
      double det = haa * hbb - hab * hab;
      double da = (hbb * ga - hab * gb) / det;
      double db = (haa * gb - hab * ga) / det;
      double most = Math.max(Math.abs(da), Math.abs(db));
      double shorter = most > 1 ? 1 / most : 1; // far from the solution a whole step may overshoot
      a += shorter * da;
      b += shorter * db;
    }
    return new double[] {a, b};
  }
}
