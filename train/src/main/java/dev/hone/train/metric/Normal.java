package dev.hone.train.metric;

/** The standard normal distribution, and Student's t by way of it. */
final class Normal {
  private static final double FAR = 8; // beyond, the distribution is 0 or 1 to 15 digits

  private Normal() {}

  /** The share below {@code z}: ½ + φ(z) · (z + z³/3 + z⁵/(3·5) + ...). */
  static double share(double z) {
    if (!(Math.abs(z) < FAR)) {
      return z > 0 ? 1 : 0;
    }
    double term = z;
    double sum = z;
    for (int k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
      term *= z * z / k;
      sum += term;
    }
    return 0.5 + Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * sum;
  }

  /** The inverse of {@link #share}, by halving, to 12 digits. */
  static double quantile(double share) {
    double low = -FAR;
    double high = FAR;
    while (high - low > 1e-12) {
      double middle = (low + high) / 2;
      if (share(middle) < share) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  /** A share's quantile of Student's t, z being the normal one (Abramowitz and Stegun 26.7.5, three terms). */
  static double student(double z, double freedom) {
    double square = z * z;
    return z + z * (square + 1) / (4 * freedom) + z * ((5 * square + 16) * square + 3) / (96 * freedom * freedom)
        + z * (((3 * square + 19) * square + 17) * square - 15) / (384 * freedom * freedom * freedom);
  }
}
