package dev.hone.train.metric;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * BLEU (Papineni et al. 2002) of a set of sentences, 0 to 100, computed as sacrebleu does.
 *
 * @param tokenization how sentences are cut
 * @param lowerCase whether case is ignored
 * @param smoothing what a precision of 0 becomes
 * @param effectiveOrder whether only the n-gram lengths that the texts have count; for single sentences
 */
public record Bleu(Tokenization tokenization, boolean lowerCase, Smoothing smoothing, boolean effectiveOrder) {
  /** For a corpus: 13a, case counts, exponential smoothing. */
  public static final Bleu CORPUS = new Bleu(Tokenization.MTEVAL_13A, false, Smoothing.EXPONENTIAL, false);
  /** BLEU of one sentence. */
  public static final Bleu SENTENCE = new Bleu(Tokenization.MTEVAL_13A, false, Smoothing.EXPONENTIAL, true);

  private static final int ORDERS = 4;
  private static final double FLOOR = 0.1;

  /**
   * Scores predictions.
   *
   * @param predictions one text per sentence
   * @param references one or more reference texts per sentence
   */
  public Score score(List<String> predictions, List<List<String>> references) {
    List<Counts> counts = counts(predictions, references);
    return score(counts, IntStream.range(0, counts.size()).toArray());
  }

  /** The score of any draw of the sentences, given by number, some perhaps more than once: sentences are counted only once. */
  public ToDoubleFunction<int[]> ofRows(List<String> predictions, List<List<String>> references) {
    List<Counts> counts = counts(predictions, references);
    return rows -> score(counts, rows).value();
  }

  /** What one sentence adds to the sums that the score is made of. */
  private record Counts(long[] hits, long[] totals, int length, int referenceLength) {}

  private List<Counts> counts(List<String> predictions, List<List<String>> references) {
    if (predictions.size() != references.size()) {
      throw new IllegalArgumentException("Bleu: " + predictions.size() + " predictions, references for "
          + references.size());
    }
    List<Counts> all = new ArrayList<>();
    for (int i = 0; i < predictions.size(); i++) {
      List<String> predicted = tokens(predictions.get(i));
      List<List<String>> wanted = references.get(i).stream().map(this::tokens).toList();
      long[] hits = new long[ORDERS];
      long[] totals = new long[ORDERS];
      for (int n = 1; n <= ORDERS; n++) {
        Map<List<String>, Integer> most = new HashMap<>();
        for (List<String> reference : wanted) {
          TextUnits.ngrams(reference, n).forEach((gram, count) -> most.merge(gram, count, Integer::max));
        }
        hits[n - 1] = TextUnits.overlap(TextUnits.ngrams(predicted, n), most);
        totals[n - 1] = Math.max(0, predicted.size() - n + 1);
      }
      all.add(new Counts(hits, totals, predicted.size(), nearestLength(predicted.size(), wanted)));
    }
    return all;
  }

  private Score score(List<Counts> all, int[] rows) {
    long[] hits = new long[ORDERS];
    long[] totals = new long[ORDERS];
    long length = 0;
    long referenceLength = 0;
    for (int row : rows) {
      Counts counts = all.get(row);
      for (int n = 0; n < ORDERS; n++) {
        hits[n] += counts.hits[n];
        totals[n] += counts.totals[n];
      }
      length += counts.length;
      referenceLength += counts.referenceLength;
    }
    double brevity = length >= referenceLength ? 1 : length == 0 ? 0 : Math.exp(1 - referenceLength / (double) length);
    return new Score(brevity * precision(hits, totals), hits, totals, brevity, length, referenceLength);
  }

  /** The geometric mean of the precisions, 0 to 100. */
  private double precision(long[] hits, long[] totals) {
    double logs = 0;
    int orders = 0;
    double halving = 1;
    if (hits[0] == 0) {
      return 0; // no word in common, so no longer n-gram either
    }
    for (int n = 0; n < ORDERS; n++) {
      int added = smoothing == Smoothing.ADD_ONE && n > 0 ? 1 : 0;
      double hit = hits[n] + added;
      double total = totals[n] + added;
      if (total == 0) {
        if (!effectiveOrder) {
          return 0;
        }
        break;
      }
      if (hit == 0) {
        halving *= 2;
        hit = switch (smoothing) {
          case EXPONENTIAL -> 1 / halving;
          case FLOOR -> FLOOR;
          case ADD_ONE, NONE -> 0;
        };
      }
      logs += Math.log(100 * hit / total);
      orders++;
    }
    return Math.exp(logs / orders);
  }

  private static int nearestLength(int length, List<List<String>> references) {
    int nearest = Integer.MAX_VALUE;
    for (List<String> reference : references) {
      int distance = Math.abs(reference.size() - length);
      int best = Math.abs(nearest - length);
      if (nearest == Integer.MAX_VALUE || distance < best || (distance == best && reference.size() < nearest)) {
        nearest = reference.size();
      }
    }
    return nearest;
  }

  private List<String> tokens(String text) {
    return tokenization.tokens(lowerCase ? text.toLowerCase(Locale.ROOT) : text);
  }

  /**
   * A score and what it is made of.
   *
   * @param value BLEU, 0 to 100
   * @param hits matching n-grams, by length from 1
   * @param totals n-grams of the predictions, by length from 1
   * @param brevityPenalty the factor for predictions that are too short
   * @param length tokens of the predictions
   * @param referenceLength tokens of the references nearest in length
   */
  public record Score(double value, long[] hits, long[] totals, double brevityPenalty, long length, long referenceLength) {}

  /** What a precision of 0 becomes. */
  public enum Smoothing {
    /** 1/2, 1/4, ... of a hit, at the first, second, ... length without one. */
    EXPONENTIAL,
    /** A tenth of a hit. */
    FLOOR,
    /** One is added to hits and totals of all lengths from 2. */
    ADD_ONE,
    /** It stays 0, and so does the score. */
    NONE
  }

  /** How sentences are cut into tokens. */
  public enum Tokenization {
    /** The rules of mteval-v13a: ASCII punctuation stands alone, except point and comma within numbers. */
    MTEVAL_13A {
      @Override
      List<String> tokens(String text) {
        String line = text.replace("<skipped>", "").replace("-\n", "").replace('\n', ' ').replace("&quot;", "\"")
            .replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
        line = ASCII_SYMBOL.matcher(" " + line + " ").replaceAll(" $1 ");
        line = POINT_AFTER_OTHER.matcher(line).replaceAll("$1 $2 ");
        line = POINT_BEFORE_OTHER.matcher(line).replaceAll(" $1 $2");
        return TextUnits.split(DASH_AFTER_DIGIT.matcher(line).replaceAll("$1 $2 "));
      }
    },
    /** The rules of mteval-v14: punctuation and symbols of every script stand alone, except within numbers. */
    INTERNATIONAL {
      @Override
      List<String> tokens(String text) {
        String line = MARK_AFTER_OTHER.matcher(text).replaceAll("$1 $2 ");
        line = MARK_BEFORE_OTHER.matcher(line).replaceAll(" $1 $2");
        return TextUnits.split(SYMBOL.matcher(line).replaceAll(" $1 "));
      }
    },
    /** Every character is a token, white space is dropped. */
    CHARACTERS {
      @Override
      List<String> tokens(String text) {
        return TextUnits.characters(text);
      }
    },
    /** Cut at white space alone. */
    NONE {
      @Override
      List<String> tokens(String text) {
        return TextUnits.split(text);
      }
    };

    private static final Pattern ASCII_SYMBOL =
        Pattern.compile("([\\x20-\\x26\\x28-\\x2B\\x2F\\x3A-\\x40\\x5B-\\x60\\x7B-\\x7E])");
    private static final Pattern POINT_AFTER_OTHER = Pattern.compile("([^0-9])([.,])", Pattern.DOTALL);
    private static final Pattern POINT_BEFORE_OTHER = Pattern.compile("([.,])([^0-9])", Pattern.DOTALL);
    private static final Pattern DASH_AFTER_DIGIT = Pattern.compile("([0-9])(-)");
    private static final Pattern MARK_AFTER_OTHER = Pattern.compile("(\\P{N})(\\p{P})");
    private static final Pattern MARK_BEFORE_OTHER = Pattern.compile("(\\p{P})(\\P{N})");
    private static final Pattern SYMBOL = Pattern.compile("(\\p{S})");

    abstract List<String> tokens(String text);
  }
}
