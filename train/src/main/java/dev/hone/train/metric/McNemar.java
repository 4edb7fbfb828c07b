package dev.hone.train.metric;

/** McNemar's exact test: whether two systems differ on the same rows (McNemar 1947). */
public final class McNemar {
  private McNemar() {}

  /**
   * The two-sided chance of a split at least as uneven if both systems were equally good: min(1, 2 · P(X ≤ min(b, c)))
   * with X binomial over b + c rows at ½; 1 if no row tells them apart.
   *
   * @param onlyFirst rows that only the first system gets right
   * @param onlySecond rows that only the second system gets right
   */
  public static double pValue(long onlyFirst, long onlySecond) {
    if (onlyFirst < 0 || onlySecond < 0) {
      throw new IllegalArgumentException("McNemar: counts must be 0 or more, got " + onlyFirst + " and " + onlySecond);
    }
    long n = onlyFirst + onlySecond;
    double log = -n * Math.log(2); // of the binomial probability of k, in logs: 2^-n underflows from 1,075 rows on
    double sum = 0;
    for (long k = 0; k <= Math.min(onlyFirst, onlySecond); k++) {
      log += k == 0 ? 0 : Math.log(n - k + 1) - Math.log(k);
      sum += Math.exp(log);
    }
    return n == 0 ? 1 : Math.min(1, 2 * sum);
  }
}
