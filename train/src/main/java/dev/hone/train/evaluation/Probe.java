package dev.hone.train.evaluation;

import dev.hone.lora.Adapter;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.generate.Likelihood;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.infer.TextGenerator;
import java.util.Arrays;
import java.util.Locale;

/**
 * What a language model forgets: its loss on general text before and after it is tuned.
 *
 * @param tokens of the text, at least two
 * @param window tokens that the model sees at once
 */
public record Probe(int[] tokens, int window) {
  private static final int MAX = 20_000; // enough for a mean that is good to about a hundredth

  /** A text, of which the first 20,000 tokens are read. */
  public static Probe of(String text, Tokenizer tokenizer, PretrainedModel model) {
    int[] all = tokenizer.encode(text, EncodeOptions.DEFAULT).ids();
    if (all.length < 2) {
      throw new IllegalArgumentException("probe: the text has " + all.length + " tokens, at least 2 are needed");
    }
    return new Probe(Arrays.copyOf(all, Math.min(all.length, MAX)), TextGenerator.usualLength(model));
  }

  /** Mean negative log-probability of a token. */
  public double loss(PretrainedModel model) {
    int seen = Math.min(window, model.maxLength());
    return Math.log(Likelihood.perplexity(model, tokens, seen, seen - 1));
  }

  /** The loss of the base alone, for the time before. */
  public double baseLoss(PretrainedModel model, Adapter adapter) {
    if (adapter == null) {
      return loss(model);
    }
    try (Adapter.Off _ = adapter.off()) {
      return loss(model);
    }
  }

  /** One line about the change. */
  public String report(double before, double after) {
    return String.format(Locale.ROOT, "general text (%d tokens): loss %.4f before, %.4f after, change %+.4f; "
        + "perplexity %.2f before, "
        + "%.2f after", tokens.length, before, after, after - before, Math.exp(before), Math.exp(after));
  }
}
