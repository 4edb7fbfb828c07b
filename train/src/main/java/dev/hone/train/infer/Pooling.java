package dev.hone.train.infer;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.PoolOps;
import dev.hone.autograd.ReduceOps;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.SimilarityOps;
import dev.hone.autograd.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

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

  private static final double MIN_NORM = 1e-12; // below it torch divides by it

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
    public String word() {
      return word;
    }

    /**
     * The mode of a name.
     *
     * @throws IllegalArgumentException naming all that there are
     */
    public static Mode named(String word) {
      return Arrays.stream(values()).filter(mode -> mode.word.equals(word)).findFirst().orElseThrow(() ->
          new IllegalArgumentException("pooling must be one of " + Arrays.stream(values()).map(Mode::word)
              .collect(Collectors.joining(", ")) + ", is '" + word + "'"));
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

  /**
   * The vectors of several texts, with a way back: {@link #vector} for training.
   *
   * @param hidden [N, C]
   * @param offsets S + 1 bounds of the texts
   * @param prompts how many of the first tokens of each text are those of a prompt
   * @return [S, modes · C]; zeros for a text without tokens
   */
  public Variable pool(Variable hidden, int[] offsets, int[] prompts) {
    int[] to = Arrays.copyOfRange(offsets, 1, offsets.length);
    int[] from = new int[to.length];
    Arrays.setAll(from, s -> includePrompt ? offsets[s] : Math.min(to[s], offsets[s] + prompts[s]));
    List<Variable> parts = new ArrayList<>();
    for (Mode mode : modes) {
      parts.add(switch (mode) {
        case CLS -> GatherOps.rows(hidden, ends(from, to, true));
        case LAST_TOKEN -> GatherOps.rows(hidden, ends(from, to, false));
        case MAX -> PoolOps.max(hidden, from, to);
        case MEAN -> isWhole(offsets, from) ? ReduceOps.meanPerSequence(hidden, offsets)
            : PoolOps.weightedSum(hidden, from, to, weights(mode, offsets, from));
        case MEAN_SQRT_LENGTH, WEIGHTED_MEAN -> PoolOps.weightedSum(hidden, from, to, weights(mode, offsets, from));
      });
    }
    Variable vectors = parts.size() == 1 ? parts.getFirst() : ShapeOps.cat(1, parts);
    return normalize ? SimilarityOps.normalize(vectors) : vectors;
  }

  /** Rows of first or last tokens; -1, which gives zeros, where there is none. */
  private static int[] ends(int[] from, int[] to, boolean first) {
    int[] rows = new int[from.length];
    Arrays.setAll(rows, s -> from[s] == to[s] ? -1 : first ? from[s] : to[s] - 1);
    return rows;
  }

  private static boolean isWhole(int[] offsets, int[] from) {
    for (int s = 0; s < from.length; s++) {
      if (from[s] != offsets[s] || offsets[s] == offsets[s + 1]) {
        return false;
      }
    }
    return true;
  }

  /** What each token counts. */
  private static float[] weights(Mode mode, int[] offsets, int[] from) {
    float[] weights = new float[offsets[offsets.length - 1]];
    for (int s = 0; s < from.length; s++) {
      int end = offsets[s + 1];
      double first = from[s] - offsets[s] + 1.0;
      double sum = (first + end - offsets[s]) * (end - from[s]) / 2;
      for (int t = from[s]; t < end; t++) {
        weights[t] = (float) switch (mode) {
          case MEAN -> 1.0 / (end - from[s]);
          case MEAN_SQRT_LENGTH -> 1 / Math.sqrt(end - from[s]);
          default -> (t - offsets[s] + 1) / sum;
        };
      }
    }
    return weights;
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
    double norm = Math.max(Math.sqrt(squares), MIN_NORM);
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / norm);
    }
    return vector;
  }
}
