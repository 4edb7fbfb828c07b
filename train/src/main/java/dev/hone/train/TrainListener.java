package dev.hone.train;

import dev.hone.nn.Work;
import java.nio.file.Path;
import java.util.Map;

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
   * @param figures what else the objective says of its rows, by name
   */
  record Step(int step, int steps, double epoch, double loss, double learningRate, double gradientNorm, int tokens,
      double seconds, long totalTokens, Map<String, Double> figures) {
    /** A step without further figures. */
    public Step(int step, int steps, double epoch, double loss, double learningRate, double gradientNorm, int tokens,
        double seconds, long totalTokens) {
      this(step, steps, epoch, loss, learningRate, gradientNorm, tokens, seconds, totalTokens, Map.of());
    }

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
   * @param metric what the best step is chosen by
   * @param best whether this is the best so far
   * @param figures what else the objective says of the rows, by name
   */
  record Evaluation(int step, double epoch, double loss, double accuracy, float[][] logits, double metric, boolean best,
      Map<String, Double> figures) {
    /** An evaluation without further figures. */
    public Evaluation(int step, double epoch, double loss, double accuracy, float[][] logits, double metric, boolean best) {
      this(step, epoch, loss, accuracy, logits, metric, best, Map.of());
    }
  }

  /**
   * A run begins: its settings, rows and checkpoint have been checked, and fit. What a run leaves is written from here on, so
   * that one that is refused changes nothing. A run that goes on has called {@link #resume} before.
   */
  default void onStart() {}

  /** After every step, also one that was skipped, whose loss or norm is not finite. */
  default void onStep(Step step) {}

  /** After every evaluation. */
  default void onEvaluation(Evaluation evaluation) {}

  /** After a checkpoint was written. */
  default void onCheckpoint(int step, Path file) {}

  /** Something that a person should know: a skipped step, a damaged checkpoint that was passed over. */
  default void onWarning(String message) {}

  /** At the end of a run: what its passes have computed, and what they have left out. */
  default void onEnd(Work work) {}

  /** What this listener needs to go on after an interruption, taken just before a checkpoint is written; the keys are its own. */
  default Map<String, String> save() {
    return Map.of();
  }

  /** Before the first step of a run that goes on from a checkpoint: what {@link #save()} gave for it. */
  default void resume(Map<String, String> saved) {}
}
