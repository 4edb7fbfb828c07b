package dev.hone.nn.generate;

import dev.hone.core.random.Philox;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.Arrays;
import java.util.stream.IntStream;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a token is chosen from logits: repetition penalty, then temperature, top-k, top-p, min-p, then a draw.
 *
 * @param temperature logits are divided by it; 0 takes the most likely token without a draw
 * @param topK only the k most likely tokens; 0 for all
 * @param topP only the most likely tokens that together reach this probability; 1 for all
 * @param minP only tokens at least this share as likely as the most likely one; 0 for all
 * @param repetitionPenalty logits of tokens that were there are divided by it if positive, multiplied if negative; 1 for
 *     none (Keskar and others 2019)
 * @param seed of the draws
 */
public record Sampling(float temperature, int topK, float topP, float minP, float repetitionPenalty, long seed) {
  /** The most likely token, always. */
  public static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 1, 0);

  private static final double FIRST_THRESHOLD = 0.01;

  public Sampling {
    if (!Range.NOT_NEGATIVE.holds(temperature) || topK < 0 || !Range.FRACTION.holds(topP) || !Range.SHARE.holds(minP)
        || !Range.POSITIVE.holds(repetitionPenalty)) {
      throw new IllegalArgumentException("sampling: temperature " + temperature + ", top-k " + topK + ", top-p " + topP
          + ", min-p " + minP + ", repetition penalty " + repetitionPenalty + "; they must be at least 0 and finite, at least 0, "
          + "above 0 and at most 1, from 0 to 1, above 0 and finite");
    }
  }

  /** The values of {@code generation_config.json}; greedy unless {@code do_sample} is true. */
  static Sampling read(ConfigReader json) {
    float penalty = (float) json.number("repetition_penalty", 1, Range.POSITIVE);
    return json.flag("do_sample", false)
        ? new Sampling((float) json.number("temperature", 1, Range.NOT_NEGATIVE), json.integer("top_k", 50, 0, Integer.MAX_VALUE),
            (float) json.number("top_p", 1, Range.FRACTION), (float) json.number("min_p", 0, Range.SHARE), penalty, 0)
        : new Sampling(0, 0, 1, 0, penalty, 0);
  }

  /** Puts what {@link #read} reads into a tree. The seed belongs to a run, not to a model. */
  void write(ObjectNode tree) {
    tree.put("do_sample", temperature > 0);
    if (repetitionPenalty != 1) {
      tree.put("repetition_penalty", repetitionPenalty);
    }
    if (temperature > 0) {
      tree.put("temperature", temperature).put("top_k", topK).put("top_p", topP).put("min_p", minP);
    }
  }

  /** With draws from another seed. */
  public Sampling withSeed(long other) {
    return new Sampling(temperature, topK, topP, minP, repetitionPenalty, other);
  }

  /** With another temperature. */
  public Sampling withTemperature(float other) {
    return new Sampling(other, topK, topP, minP, repetitionPenalty, seed);
  }

  /**
   * Chooses a token.
   *
   * @param logits V numbers, overwritten; those of forbidden tokens are minus infinity
   * @param before the tokens of the sequence so far
   * @param random draws of this sequence
   * @param step number of the token
   */
  int choose(float[] logits, int[] before, Philox random, int step) {
    if (repetitionPenalty != 1) {
      for (int token : IntStream.of(before).distinct().toArray()) {
        logits[token] = logits[token] > 0 ? logits[token] / repetitionPenalty : logits[token] * repetitionPenalty;
      }
    }
    return temperature == 0 ? largest(logits) : drawn(logits, random.uniform(step));
  }

  private static int largest(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  /**
   * Candidates stand in the order of their probability, equal ones in that of their ids, so a draw has one result. Only those
   * that rules and draw can reach are put in order: sorting a whole vocabulary takes longer than many a model.
   */
  private int drawn(float[] logits, float uniform) {
    double largest = logits[largest(logits)];
    double[] weights = new double[logits.length];
    double all = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = Math.exp((logits[i] - largest) / temperature);
      all += weights[i];
    }
    int[] order = candidates(logits, weights, (topP < 1 ? topP : uniform) * all);
    int count = order.length;
    double total = topK == 0 ? all : sum(weights, order, count);
    if (topP < 1) {
      double reached = 0;
      for (int i = 0; i < order.length; i++) {
        if (reached >= topP * total) {
          count = i;
          break;
        }
        reached += weights[order[i]];
      }
    }
    while (count > 1 && weights[order[count - 1]] < minP) { // the most likely one has weight 1
      count--;
    }
    boolean cut = topK > 0 || topP < 1 || minP > 0;
    double left = uniform * (cut ? sum(weights, order, count) : total);
    for (int i = 0; i < count - 1; i++) {
      left -= weights[order[i]];
      if (left < 0) {
        return order[i];
      }
    }
    return order[count - 1];
  }

  /**
   * The most likely tokens in order: at most top-k; without top-k at least as many as have this weight together, or all that
   * min-p leaves.
   */
  private int[] candidates(float[] logits, double[] weights, double needed) {
    double least = topK == 0 && topP == 1 ? minP : 0;
    for (double threshold = least > 0 ? least : FIRST_THRESHOLD; threshold > Double.MIN_NORMAL; threshold *= FIRST_THRESHOLD) {
      double reached = 0;
      int count = 0;
      for (double weight : weights) {
        if (weight >= threshold) {
          reached += weight;
          count++;
        }
      }
      if (least > 0 || (topK > 0 ? count >= topK : reached > needed * (1 + 1e-9))) {
        return ordered(logits, weights, threshold);
      }
    }
    return ordered(logits, weights, Double.MIN_VALUE);
  }

  /** The tokens of at least this weight in order, at most top-k. */
  private int[] ordered(float[] logits, double[] weights, double threshold) {
    long[] keys = IntStream.range(0, weights.length).filter(i -> weights[i] >= threshold)
        .mapToLong(i -> (long) -rank(logits[i]) << 32 | i).sorted().toArray();
    return Arrays.stream(keys).limit(topK == 0 ? keys.length : topK).mapToInt(key -> (int) key).toArray();
  }

  /** A number that rises with the float, and by one from each to the next. */
  private static int rank(float value) {
    int bits = Float.floatToIntBits(value + 0f); // there is one zero
    return bits >= 0 ? bits : Integer.MIN_VALUE - bits;
  }

  private static double sum(double[] weights, int[] order, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += weights[order[i]];
    }
    return sum;
  }
}
