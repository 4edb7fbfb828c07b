package dev.hone.train.monitor;

/** Fisher's exact test of two shares (Fisher 1934). */
final class FisherTest {
  private FisherTest() {}

  /**
   * The one-sided chance that a share would be as small as it is or smaller beside another one, were both of one kind:
   * Σ C(n, k) · C(m, s - k) / C(n + m, s) over k up to {@code hits}, with s the hits of both.
   *
   * @param hits of {@code rows}
   * @param otherHits of {@code otherRows}
   */
  static double less(int hits, int rows, int otherHits, int otherRows) {
    int both = hits + otherHits;
    double[] logs = new double[rows + otherRows + 1]; // of factorials
    for (int i = 2; i < logs.length; i++) {
      logs[i] = logs[i - 1] + Math.log(i);
    }
    double whole = choose(logs, rows + otherRows, both);
    double sum = 0;
    for (int k = Math.max(0, both - otherRows); k <= hits; k++) {
      sum += Math.exp(choose(logs, rows, k) + choose(logs, otherRows, both - k) - whole);
    }
    return Math.min(1, sum);
  }

  private static double choose(double[] logs, int n, int k) {
    return logs[n] - logs[k] - logs[n - k];
  }
}
