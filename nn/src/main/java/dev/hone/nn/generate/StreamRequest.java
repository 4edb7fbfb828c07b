package dev.hone.nn.generate;

import dev.hone.nn.PretrainedModel;
import java.util.Map;
import java.util.Set;

/**
 * A text that {@link Streams} are to go on with.
 *
 * @param model what it goes through; texts with the same object share batches
 * @param route which of several adapters in the model, see {@link dev.hone.nn.Pass#routes}; -1 where there is one way
 * @param prompt token ids, at least one and fewer than the model's context
 * @param settings length, sampling and end tokens; stop strings are the listener's business
 * @param draw which of several answers to one prompt and seed this is, from 0: each draws numbers of its own
 * @param choice what else decides on tokens
 */
public record StreamRequest(PretrainedModel model, int route, int[] prompt, GenerationSettings settings, int draw,
    Choice choice) {
  /**
   * What decides on tokens besides {@link Sampling}.
   *
   * @param bias added to the logits of tokens, by id
   * @param presence taken from the logits of tokens that were written before
   * @param frequency the same, as often as they were
   * @param stopTokens ids that end the text besides its end tokens
   * @param ignoreEnd whether end tokens do not end the text
   * @param likeliest of so many tokens the log-probabilities are told, likeliest first; -1 not even of the chosen one
   */
  public record Choice(Map<Integer, Float> bias, float presence, float frequency, Set<Integer> stopTokens, boolean ignoreEnd,
      int likeliest) {
    /** As {@link Sampling} alone says. */
    public static final Choice PLAIN = new Choice(Map.of(), 0, 0, Set.of(), false, -1);

    public Choice {
      bias = Map.copyOf(bias);
      stopTokens = Set.copyOf(stopTokens);
      if (!Float.isFinite(presence) || !Float.isFinite(frequency) || likeliest < -1) {
        throw new IllegalArgumentException("choice: penalties " + presence + " and " + frequency + ", likeliest " + likeliest
            + "; the first two must be finite, the third at least -1");
      }
    }
  }

  /** Whether a token ends the text. */
  boolean ends(int token) {
    return choice.stopTokens.contains(token) || !choice.ignoreEnd && settings.endTokens().contains(token);
  }
}
