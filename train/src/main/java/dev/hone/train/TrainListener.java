package dev.hone.train;

/** Hears what happens in a run. Called on the thread that trains, between steps. */
public interface TrainListener {
  /**
   * A step.
   *
   * @param step from 1
   * @param steps of the whole run
   * @param epoch how far the run is, in passes over the data
   * @param loss mean over the items of the step, before it
   * @param learningRate of the step
   * @param gradientNorm before clipping
   * @param tokens of the step
   * @param seconds since training began, without evaluations
   * @param totalTokens since training began
   */
  record Step(int step, int steps, double epoch, double loss, double learningRate, double gradientNorm, int tokens,
      double seconds, long totalTokens) {
    /** Tokens per second since training began. */
    public double tokensPerSecond() {
      return seconds > 0 ? totalTokens / seconds : 0;
    }
  }

  /**
   * An evaluation on held-out rows.
   *
   * @param step after which step
   * @param epoch how far the run is
   * @param loss mean over the items
   * @param accuracy share of the items that are answered right; NaN where there is no right and wrong
   * @param logits of all rows, [rows, labels], in their order; null for a language model
   * @param best whether this is the lowest loss so far
   */
  record Evaluation(int step, double epoch, double loss, double accuracy, float[][] logits, boolean best) {}

  /** After every step. */
  default void onStep(Step step) {}

  /** After every evaluation. */
  default void onEvaluation(Evaluation evaluation) {}
}
