package dev.hone.train.metric;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * ROUGE (Lin 2004) without stemming: how much of a reference a summary says again, 0 to 1. Texts are lower-cased and cut
 * at everything but a-z and 0-9, as the original does, so other scripts vanish.
 */
public enum Rouge {
  /** TextUnits in common. */
  ROUGE_1 {
    @Override
    Scores one(String prediction, String reference) {
      return grams(prediction, reference, 1);
    }
  },
  /** Pairs of words in common. */
  ROUGE_2 {
    @Override
    Scores one(String prediction, String reference) {
      return grams(prediction, reference, 2);
    }
  },
  /** The longest common subsequence of words, over the whole text. */
  ROUGE_L {
    @Override
    Scores one(String prediction, String reference) {
      List<String> predicted = words(prediction);
      List<String> wanted = words(reference);
      return scores(common(predicted, wanted).size(), predicted.size(), wanted.size());
    }
  },
  /**
   * For each line of the reference the union of its longest common subsequences with every line of the prediction; no
   * word counts more often than it occurs on either side.
   */
  ROUGE_L_SUM {
    @Override
    Scores one(String prediction, String reference) {
      List<List<String>> predicted = prediction.lines().map(Rouge::words).toList();
      List<List<String>> wanted = reference.lines().map(Rouge::words).toList();
      Map<String, Integer> left = count(predicted);
      Map<String, Integer> right = count(wanted);
      long hits = 0;
      for (List<String> line : wanted) {
        TreeSet<Integer> union = new TreeSet<>();
        predicted.forEach(other -> union.addAll(common(other, line)));
        for (int at : union) {
          String word = line.get(at);
          if (left.getOrDefault(word, 0) > 0 && right.get(word) > 0) {
            hits++;
            left.merge(word, -1, Integer::sum);
            right.merge(word, -1, Integer::sum);
          }
        }
      }
      return scores(hits, size(predicted), size(wanted));
    }
  };

  /** Scores against the reference that gives the largest F, averaged over {@code predictions}. */
  public Scores best(List<String> predictions, List<List<String>> references) {
    return mean(predictions, references, scores -> scores.stream()
        .max(Comparator.comparingDouble(Scores::f1)).orElseThrow());
  }

  /** The mean of the scores against each reference, averaged over {@code predictions}. */
  public Scores average(List<String> predictions, List<List<String>> references) {
    return mean(predictions, references, Rouge::mean);
  }

  /** Precision, recall and F of one pair of texts. */
  abstract Scores one(String prediction, String reference);

  private Scores mean(List<String> predictions, List<List<String>> references,
      Function<List<Scores>, Scores> overReferences) {
    if (predictions.size() != references.size()) {
      throw new IllegalArgumentException("Rouge: " + predictions.size() + " predictions, references for "
          + references.size());
    }
    List<Scores> all = new ArrayList<>();
    for (int i = 0; i < predictions.size(); i++) {
      String prediction = predictions.get(i);
      all.add(overReferences.apply(references.get(i).stream().map(reference -> one(prediction, reference)).toList()));
    }
    return mean(all);
  }

  /** F from precision and recall: written so, it also rounds as elsewhere, which decides between references of equal F. */
  private static Scores scores(long hits, long predicted, long wanted) {
    double precision = Scores.share(hits, predicted);
    double recall = Scores.share(hits, wanted);
    return new Scores(precision, recall, Scores.share(2 * precision * recall, precision + recall));
  }

  private static Scores mean(List<Scores> scores) {
    int n = scores.size();
    return new Scores(Scores.share(scores.stream().mapToDouble(Scores::precision).sum(), n),
        Scores.share(scores.stream().mapToDouble(Scores::recall).sum(), n),
        Scores.share(scores.stream().mapToDouble(Scores::f1).sum(), n));
  }

  private static Scores grams(String prediction, String reference, int n) {
    List<String> predicted = words(prediction);
    List<String> wanted = words(reference);
    return scores(TextUnits.overlap(TextUnits.ngrams(predicted, n), TextUnits.ngrams(wanted, n)),
        Math.max(0, predicted.size() - n + 1), Math.max(0, wanted.size() - n + 1));
  }

  private static List<String> words(String text) {
    return TextUnits.split(text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", " "));
  }

  private static Map<String, Integer> count(List<List<String>> lines) {
    Map<String, Integer> counts = new HashMap<>();
    lines.forEach(line -> line.forEach(word -> counts.merge(word, 1, Integer::sum)));
    return counts;
  }

  private static int size(List<List<String>> lines) {
    return lines.stream().mapToInt(List::size).sum();
  }

  /** Positions in {@code b} of a longest common subsequence; of several, the one that skips words of {@code b} last. */
  private static List<Integer> common(List<String> a, List<String> b) {
    int[][] length = new int[a.size() + 1][b.size() + 1];
    for (int i = 1; i <= a.size(); i++) {
      for (int j = 1; j <= b.size(); j++) {
        length[i][j] = a.get(i - 1).equals(b.get(j - 1)) ? length[i - 1][j - 1] + 1
            : Math.max(length[i - 1][j], length[i][j - 1]);
      }
    }
    List<Integer> positions = new ArrayList<>();
    int i = a.size();
    int j = b.size();
    while (i > 0 && j > 0) {
      if (a.get(i - 1).equals(b.get(j - 1))) {
        positions.add(j - 1);
        i--;
        j--;
      } else if (length[i - 1][j] > length[i][j - 1]) {
        i--;
      } else {
        j--;
      }
    }
    return positions;
  }
}
