package dev.hone.autograd;

import dev.hone.core.ShapeException;

/** How alike rows are: cosines and distances of vectors, in pairs or all with all. */
public final class SimilarityOps {
  /** Added to squared lengths, so that a vector of zeros has a gradient of zeros; nothing next to any other in float32. */
  private static final float TINY = 1e-24f;

  private SimilarityOps() {}

  /** Rows divided by their length; a row of zeros stays one. [S, C] -> [S, C]. */
  public static Variable normalize(Variable x) {
    return MathOps.div(x, length(x, true));
  }

  private static Variable length(Variable x, boolean keepAxis) {
    return MathOps.sqrt(MathOps.add(ReduceOps.sum(MathOps.mul(x, x), keepAxis, -1), TINY));
  }

  /** The cosine of each row of a with the same row of b. [S, C], [S, C] -> [S]. */
  public static Variable cosine(Variable a, Variable b) {
    requirePairs("cosine", a, b);
    return ReduceOps.sum(MathOps.mul(normalize(a), normalize(b)), false, -1);
  }

  /** The cosine of each row of a with each row of b. [S, C], [T, C] -> [S, T]. */
  public static Variable cosines(Variable a, Variable b) {
    return MatMulOps.linear(normalize(a), normalize(b), null);
  }

  /**
   * The Euclidean distance of each row of a from the same row of b; of equal rows the gradient is 0. [S, C], [S, C] -> [S].
   *
   * @param offset added to every difference: 0, or torch's 1e-6 of {@code pairwise_distance}
   */
  public static Variable euclidean(Variable a, Variable b, float offset) {
    requirePairs("euclidean", a, b);
    Variable difference = MathOps.sub(a, b);
    return length(offset == 0 ? difference : MathOps.add(difference, offset), false);
  }

  private static void requirePairs(String op, Variable a, Variable b) {
    if (!a.shape().equals(b.shape()) || a.shape().rank() != 2) {
      throw new ShapeException(op + ": takes pairs of rows of the same width, got " + a.shape() + " and " + b.shape());
    }
  }
}
