package dev.hone.nn.generate;

import dev.hone.autograd.GradMode;
import dev.hone.nn.CausalHead;
import dev.hone.nn.KvCache;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.DecoderConfig;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Guesses what a smaller model of the same vocabulary finds likeliest: speculative decoding (Leviathan and others 2023), with the
 * large model's own choice in place of a test of probabilities, so that the text is the one it writes alone, drawn or not.
 */
public final class DraftModel implements Drafting {
  private final PretrainedModel model;
  private final int most;

  /**
   * A way to guess by a model.
   *
   * @param model much smaller than the one that writes, loaded for {@link dev.hone.nn.Task#CAUSAL_LM}
   * @param most the most tokens that are guessed at a time, at least 1
   */
  public DraftModel(PretrainedModel model, int most) {
    if (!(model.head() instanceof CausalHead)) {
      throw new IllegalArgumentException("draft model: it was loaded for " + model.task() + ", and does not write");
    }
    if (most < 1) {
      throw new IllegalArgumentException("draft model: " + most + " guesses, at least 1");
    }
    this.model = model;
    this.most = most;
  }

  /** The model. */
  public PretrainedModel model() {
    return model;
  }

  @Override
  public Drafter begin() {
    return new Guesses();
  }

  private final class Guesses implements Drafter {
    private final DraftLength length = new DraftLength(most);
    private final KvCache cache = new KvCache(model.config().layers(), 1, 64);
    private int[] seen = {}; // the tokens whose keys are in the cache

    @Override
    public int[] draft(int[] tokens, int bound) {
      int longest = Math.min(model.maxLength(), ((DecoderConfig) model.config()).reach());
      int count = Math.min(Math.min(bound, length.take()), longest - tokens.length);
      if (count <= 0) {
        return new int[0];
      }
      int[] text = tokens;
      try (GradMode _ = GradMode.generating()) {
        for (int i = 0; i < count; i++) {
          int next = likeliest(text);
          text = Arrays.copyOf(text, text.length + 1);
          text[text.length - 1] = next;
        }
      }
      return Arrays.copyOfRange(text, tokens.length, text.length);
    }

    private int likeliest(int[] text) {
      int common = Arrays.mismatch(seen, text);
      int from = Math.min(common < 0 ? seen.length : common, text.length - 1);
      if (from < seen.length) {
        cache.shorten(0, from);
      }
      int[] fresh = Arrays.copyOfRange(text, from, text.length);
      TokenBatch batch = new TokenBatch(fresh, IntStream.range(from, text.length).toArray(), new int[] {0, fresh.length}, null);
      float[] logits = Generator.logits(model, batch, cache, new int[] {fresh.length - 1})[0];
      seen = text;
      int best = 0;
      for (int i = 1; i < logits.length; i++) {
        best = logits[i] > logits[best] ? i : best;
      }
      return best;
    }

    @Override
    public void accepted(int guesses, int right) {
      length.accepted(guesses, right);
    }
  }
}
