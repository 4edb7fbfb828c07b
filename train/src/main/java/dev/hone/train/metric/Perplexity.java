package dev.hone.train.metric;

/**
 * How surprised a model is by each token: exp of the mean negative log-likelihood. A value to add to, so that batches of
 * any size give the result of one big batch.
 *
 * @param negativeLogLikelihood the sum over all counted tokens, in nats
 * @param tokens the number of counted tokens
 */
public record Perplexity(double negativeLogLikelihood, long tokens) {
  /** Nothing counted yet. */
  public static final Perplexity NONE = new Perplexity(0, 0);

  /** With another batch added. */
  public Perplexity plus(double moreNegativeLogLikelihood, long moreTokens) {
    return new Perplexity(negativeLogLikelihood + moreNegativeLogLikelihood, tokens + moreTokens);
  }

  /** The mean negative log-likelihood; NaN if no token was counted. */
  public double loss() {
    return tokens == 0 ? Double.NaN : negativeLogLikelihood / tokens;
  }

  /** The perplexity, 1 or more; NaN if no token was counted. */
  public double value() {
    return Math.exp(loss());
  }
}
