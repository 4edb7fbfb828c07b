package dev.hone.train.task.prefer;

import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import java.util.Arrays;
import java.util.List;

/**
 * The log-probabilities of the answers of some rows, and the way back from slopes by them to the model.
 */
final class Answers {
  private final Variable losses; // minus log p of each counted token, [M]
  private final int[] from; // where the tokens of each sequence begin in losses, and behind the last
  private final int[] prompt; // how many of a sequence's are of its prompt
  private final double[] logp;

  private Answers(Variable losses, int[] from, int[] prompt, double[] logp) {
    this.losses = losses;
    this.from = from;
    this.prompt = prompt;
    this.logp = logp;
  }

  /**
   * Runs the model.
   *
   * @param promptsToo whether tokens of the first sequences' prompts are computed as well
   */
  static Answers of(PretrainedModel model, List<PreferenceRow> rows, boolean promptsToo, Pass pass) {
    TokenBatch batch = PreferenceRow.batch(rows);
    int[] labels = batch.tokens().clone();
    int[] from = new int[batch.sequences() + 1];
    int[] prompt = new int[batch.sequences()];
    for (int s = 0; s < batch.sequences(); s++) {
      PreferenceRow row = rows.get(s / 2);
      int begin = batch.offsets()[s];
      int length = batch.offsets()[s + 1] - begin;
      int answer = s % 2 == 0 ? row.firstAnswer() : row.secondAnswer();
      int counted = promptsToo && s % 2 == 0 ? 1 : Math.max(1, answer); // nothing comes before a first token
      Arrays.fill(labels, begin, begin + Math.min(counted, length), -1);
      prompt[s] = Math.max(0, answer - counted);
      from[s + 1] = from[s] + Math.max(0, length - counted);
    }
    Variable losses = model.tokenLosses(batch, labels, pass);
    float[] values = losses.value().toFloatArray();
    double[] logp = new double[batch.sequences()];
    for (int s = 0; s < logp.length; s++) {
      for (int i = from[s] + prompt[s]; i < from[s + 1]; i++) {
        logp[s] -= values[i];
      }
      logp[s] = (float) logp[s]; // as those of the reference are kept: equal models have equal numbers, and rewards of 0
    }
    return new Answers(losses, from, prompt, logp);
  }

  /** The log-probability of answer {@code s}: of the tokens behind its prompt. */
  double logp(int s) {
    return logp[s];
  }

  /** How many tokens that is a sum over; a first token, which nothing comes before, is not among them. */
  int tokens(int s) {
    return from[s + 1] - from[s] - prompt[s];
  }

  /**
   * The sum of minus the log-probabilities of the first sequences.
   *
   * @param promptsToo whether of their prompts as well
   */
  double firstLosses(boolean promptsToo) {
    float[] values = losses.value().toFloatArray();
    double sum = 0;
    for (int s = 0; s < prompt.length; s += 2) {
      for (int i = from[s] + (promptsToo ? 0 : prompt[s]); i < from[s + 1]; i++) {
        sum += values[i];
      }
    }
    return sum;
  }

  /** How many tokens {@link #firstLosses} sums over. */
  int firstTokens(boolean promptsToo) {
    int tokens = 0;
    for (int s = 0; s < prompt.length; s += 2) {
      tokens += from[s + 1] - from[s] - (promptsToo ? 0 : prompt[s]);
    }
    return tokens;
  }

  /**
   * A loss of these log-probabilities, computed in float64.
   *
   * @param value the loss
   * @param slopes by the log-probability of each answer
   * @param tokenWeight what is added to the slope by minus log p of each token of the first sequences
   * @param promptsToo whether of their prompts as well
   */
  Variable loss(double value, double[] slopes, double tokenWeight, boolean promptsToo) {
    float[] gradient = new float[from[prompt.length]];
    for (int s = 0; s < prompt.length; s++) {
      for (int i = from[s]; i < from[s + 1]; i++) {
        boolean answer = i >= from[s] + prompt[s];
        gradient[i] = (float) ((answer ? -slopes[s] : 0) + (s % 2 == 0 && (answer || promptsToo) ? tokenWeight : 0));
      }
    }
    return Variable.of("preference", losses.value().scalarLike((float) value)).pullback(losses, up -> {
      float[] scaled = gradient.clone();
      float factor = up.item();
      for (int i = 0; i < scaled.length; i++) {
        scaled[i] *= factor;
      }
      return Tensor.of(scaled, scaled.length).to(up.device());
    }).saves();
  }
}
