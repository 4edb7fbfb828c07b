package dev.hone.train.metric;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * chrF (Popović 2015, 2017): F-score over character n-grams up to 6, and for chrF++ word n-grams up to 2; recall counts
 * twice as much as precision. 0 to 100, white space ignored, computed as sacrebleu does.
 *
 * @param wordOrder the longest word n-gram, 0 for none
 */
public record ChrF(int wordOrder) {
  /** Characters alone. */
  public static final ChrF CHRF = new ChrF(0);
  /** Characters and words. */
  public static final ChrF CHRF_PLUS_PLUS = new ChrF(2);

  private static final int CHARACTER_ORDER = 6;
  private static final double BETA_SQUARED = 4;
  private static final String PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

  /**
   * Scores predictions; of several references of a sentence the best-scoring one counts.
   *
   * @param predictions one text per sentence
   * @param references one or more reference texts per sentence
   */
  public double score(List<String> predictions, List<List<String>> references) {
    return ofRows(predictions, references).applyAsDouble(IntStream.range(0, predictions.size()).toArray());
  }

  /** The score of any draw of the sentences, given by number, some perhaps more than once: sentences are counted only once. */
  public ToDoubleFunction<int[]> ofRows(List<String> predictions, List<List<String>> references) {
    if (predictions.size() != references.size()) {
      throw new IllegalArgumentException("ChrF: " + predictions.size() + " predictions, references for "
          + references.size());
    }
    List<long[][]> all = new ArrayList<>();
    for (int i = 0; i < predictions.size(); i++) {
      long[][] best = new long[CHARACTER_ORDER + wordOrder][3];
      boolean first = true;
      for (String reference : references.get(i)) {
        long[][] counts = counts(predictions.get(i), reference);
        best = first || fScore(counts) > fScore(best) ? counts : best;
        first = false;
      }
      all.add(best);
    }
    return rows -> fScore(sum(all, rows));
  }

  private long[][] sum(List<long[][]> all, int[] rows) {
    long[][] sum = new long[CHARACTER_ORDER + wordOrder][3];
    for (int row : rows) {
      for (int n = 0; n < sum.length; n++) {
        for (int k = 0; k < 3; k++) {
          sum[n][k] += all.get(row)[n][k];
        }
      }
    }
    return sum;
  }

  /** [order][predicted, reference, both]: how many n-grams there are. */
  private long[][] counts(String prediction, String reference) {
    long[][] counts = new long[CHARACTER_ORDER + wordOrder][];
    List<String> predicted = TextUnits.characters(prediction);
    List<String> wanted = TextUnits.characters(reference);
    for (int n = 1; n <= CHARACTER_ORDER; n++) {
      counts[n - 1] = match(predicted, wanted, n);
    }
    for (int n = 1; n <= wordOrder; n++) {
      counts[CHARACTER_ORDER + n - 1] = match(words(prediction), words(reference), n);
    }
    return counts;
  }

  private static long[] match(List<String> predicted, List<String> wanted, int n) {
    Map<List<String>, Integer> grams = TextUnits.ngrams(wanted, n);
    long available = Math.max(0, wanted.size() - n + 1);
    long said = available == 0 ? 0 : Math.max(0, predicted.size() - n + 1); // nothing to compare with: does not count
    return new long[] {said, available, TextUnits.overlap(TextUnits.ngrams(predicted, n), grams)};
  }

  private static double fScore(long[][] counts) {
    double precision = 0;
    double recall = 0;
    int orders = 0;
    for (long[] c : counts) {
      if (c[0] > 0 && c[1] > 0) {
        precision += c[2] / (double) c[0];
        recall += c[2] / (double) c[1];
        orders++;
      }
    }
    if (precision + recall == 0) {
      return 0;
    }
    precision /= orders;
    recall /= orders;
    return 100 * (1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall);
  }

  /** TextUnits; one punctuation mark at the end, or else at the beginning, stands alone. */
  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    for (String word : TextUnits.split(text)) {
      int last = word.offsetByCodePoints(word.length(), -1);
      int first = word.offsetByCodePoints(0, 1);
      if (last == 0) {
        words.add(word);
      } else if (PUNCTUATION.contains(word.substring(last))) {
        words.add(word.substring(0, last));
        words.add(word.substring(last));
      } else if (PUNCTUATION.contains(word.substring(0, first))) {
        words.add(word.substring(0, first));
        words.add(word.substring(first));
      } else {
        words.add(word);
      }
    }
    return words;
  }
}
