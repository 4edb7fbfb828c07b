package dev.hone.nn.generate;

/**
 * Is told what becomes of a text. Called by the thread that all texts share: it must return at once, and leave waiting (such as
 * writing to a client) to others.
 */
public interface StreamListener {
  /**
   * A token was chosen.
   *
   * @return false if the text is to end here, for instance because a stop string came up
   */
  boolean token(Token token);

  /**
   * No more tokens come.
   *
   * @param reason {@link StopReason#INTERRUPTED} if the text was given up
   */
  void end(StopReason reason);

  /** Something went wrong, and no more tokens come. */
  void fail(Throwable failure);

  /**
   * A new token.
   *
   * @param id its id
   * @param logProbability the natural log of what the model takes for its probability, before sampling changes anything; NaN if
   *     nobody asked
   * @param likeliest ids of the likeliest tokens in order, as many as were asked for
   * @param likeliestLogs the log-probabilities of these
   * @param ends whether it ends the text, of which it is then no part
   */
  record Token(int id, float logProbability, int[] likeliest, float[] likeliestLogs, boolean ends) {}
}
