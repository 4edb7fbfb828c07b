package dev.hone.train.infer;

import java.util.List;

/**
 * How the hidden states of a text's tokens become one vector, as sentence-transformers does it.
 *
 * @param modes what is made of them; the results of several stand one after the other
 * @param includePrompt whether the tokens of a prompt before the text count
 * @param normalize whether the vector is divided by its length
 */
public record Pooling(List<Mode> modes, boolean includePrompt, boolean normalize) {
  /** The mean of all tokens, as a unit vector: what a directory that says nothing stands for. */
  public static final Pooling MEAN = of(Mode.MEAN);

  private static final double LEAST_NORM = 1e-12; // below it torch divides by it

  /** What is made of the tokens. */
  public enum Mode {
    /** The first token. */
    CLS("cls", "pooling_mode_cls_token"),
    /** The largest value of each channel. */
    MAX("max", "pooling_mode_max_tokens"),
    /** The mean. */
    MEAN("mean", "pooling_mode_mean_tokens"),
    /** The sum, divided by the root of the number of tokens. */
    MEAN_SQRT_LENGTH("mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens"),
    /** The mean with weights 1, 2, 3 ... by position. */
    WEIGHTED_MEAN("weightedmean", "pooling_mode_weightedmean_tokens"),
    /** The last token. */
    LAST_TOKEN("lasttoken", "pooling_mode_lasttoken");

    private final String word;
    private final String flag;

    Mode(String word, String flag) {
      this.word = word;
      this.flag = flag;
    }

    /** Its name in {@code pooling_mode}. */
    String word() {
      return word;
    }

    /** The key that older files have for it. */
    String flag() {
      return flag;
    }
  }

  /** Checks the modes. */
  public Pooling {
    modes = List.copyOf(modes);
    if (modes.isEmpty()) {
      throw new IllegalArgumentException("Pooling: give at least one mode");
    }
  }

  /** One mode, with the prompt and normalised. */
  public static Pooling of(Mode mode) {
    return new Pooling(List.of(mode), true, true);
  }

  /**
   * The vector of one text.
   *
   * @param hidden [N, C], row-major
   * @param from the row of its first token
   * @param to the row behind its last token
   * @param prompt how many of its first tokens are those of a prompt
   * @return [modes · C]; zeros for a text without tokens
   */
  float[] vector(float[] hidden, int width, int from, int to, int prompt) {
    int first = includePrompt ? from : Math.min(to, from + prompt);
    float[] vector = new float[modes.size() * width];
    for (int m = 0; m < modes.size(); m++) {
      Mode mode = modes.get(m);
      for (int c = 0; c < width && first < to; c++) {
        vector[m * width + c] = (float) switch (mode) {
          case CLS -> hidden[first * width + c];
          case LAST_TOKEN -> hidden[(to - 1) * width + c];
          case MAX -> largest(hidden, width, first, to, c);
          case MEAN -> sum(hidden, width, first, to, c) / (to - first);
          case MEAN_SQRT_LENGTH -> sum(hidden, width, first, to, c) / Math.sqrt(to - first);
          case WEIGHTED_MEAN -> weighted(hidden, width, from, first, to, c);
        };
      }
    }
    return normalize ? unit(vector) : vector;
  }

  private static double sum(float[] hidden, int width, int first, int to, int channel) {
    double sum = 0;
    for (int t = first; t < to; t++) {
      sum += hidden[t * width + channel];
    }
    return sum;
  }

  private static double largest(float[] hidden, int width, int first, int to, int channel) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int t = first; t < to; t++) {
      largest = Math.max(largest, hidden[t * width + channel]);
    }
    return largest;
  }

  /** Positions count from the beginning of the text, also where the prompt does not. */
  private static double weighted(float[] hidden, int width, int from, int first, int to, int channel) {
    double sum = 0;
    double weights = 0;
    for (int t = first; t < to; t++) {
      sum += (t - from + 1.0) * hidden[t * width + channel];
      weights += t - from + 1;
    }
    return sum / weights;
  }

  private static float[] unit(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    double norm = Math.max(Math.sqrt(squares), LEAST_NORM);
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / norm);
    }
    return vector;
  }
}
