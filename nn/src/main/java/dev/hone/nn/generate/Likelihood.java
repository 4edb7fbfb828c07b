package dev.hone.nn.generate;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.GradMode;
import dev.hone.core.Scope;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import java.util.Arrays;
import java.util.List;

/** How likely a language model takes given texts to be. */
public final class Likelihood {
  private Likelihood() {}

  /** The natural log of the probability of each token of a continuation, given the prompt and the tokens before it. */
  public static float[] continuation(PretrainedModel model, int[] prompt, int[] continuation) {
    if (prompt.length == 0) {
      throw new IllegalArgumentException("likelihood: the prompt must have at least one token");
    }
    int[] all = Arrays.copyOf(prompt, prompt.length + continuation.length);
    System.arraycopy(continuation, 0, all, prompt.length, continuation.length);
    return logProbabilities(model, all, prompt.length);
  }

  /**
   * The log-probabilities of a sequence's tokens from {@code first} on, each given all before it.
   *
   * @param first at least 1
   */
  public static float[] logProbabilities(PretrainedModel model, int[] tokens, int first) {
    int[] labels = tokens.clone();
    Arrays.fill(labels, 0, first, -1);
    try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
      float[] losses = model.loss(TokenBatch.of(List.of(tokens)), labels, CrossEntropySettings.PLAIN, 1, Pass.inference())
          .rowLosses().toFloatArray();
      for (int i = 0; i < losses.length; i++) {
        losses[i] = -losses[i];
      }
      return losses;
    }
  }

  /**
   * e to the mean negative log-probability of all tokens but the first. A text longer than the window is read in windows;
   * every token counts once, in the first window that it is in.
   *
   * @param tokens at least two
   * @param window tokens that the model sees at once, at least 2 and at most its context
   * @param stride distance of the windows, from 1 to {@code window - 1}; the smaller, the more every token sees
   */
  public static double perplexity(PretrainedModel model, int[] tokens, int window, int stride) {
    if (tokens.length < 2 || window < 2 || window > model.maxLength() || stride < 1 || stride >= window) {
      throw new IllegalArgumentException("perplexity: " + tokens.length + " tokens, window " + window + ", stride " + stride
          + "; there must be at least two tokens, a window from 2 to " + model.maxLength() + ", a stride below the window");
    }
    double sum = 0;
    int counted = 1;
    for (int start = 0; counted < tokens.length; start += stride) {
      int end = Math.min(tokens.length, start + window);
      for (float logP : logProbabilities(model, Arrays.copyOfRange(tokens, start, end), counted - start)) {
        sum -= logP;
      }
      counted = end;
    }
    return Math.exp(sum / (tokens.length - 1));
  }
}
