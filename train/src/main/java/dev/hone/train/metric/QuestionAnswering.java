package dev.hone.train.metric;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Exact match and token F1 of short answers, 0 to 1, by the rules of SQuAD 2.0: case, ASCII punctuation, the words a, an,
 * the, and spacing do not count; of several references the best one does.
 */
public final class QuestionAnswering {
  private static final Pattern PUNCTUATION = Pattern.compile("[!-/:-@\\[-`{-~]");
  private static final Pattern ARTICLE = Pattern.compile("\\b(a|an|the)\\b", Pattern.UNICODE_CHARACTER_CLASS);

  private QuestionAnswering() {}

  /** 1 if the prediction equals a reference after {@link #normalized}, else 0. */
  public static double exactMatch(String prediction, List<String> references) {
    return references.stream().anyMatch(r -> normalized(prediction).equals(normalized(r))) ? 1 : 0;
  }

  /** F1 of the words of prediction and reference; with an empty side 1 if both are empty, else 0. */
  public static double f1(String prediction, List<String> references) {
    return references.stream().mapToDouble(r -> f1(words(prediction), words(r))).max().orElse(0);
  }

  /** What is compared: lower case, without punctuation and articles, one space between words. */
  public static String normalized(String answer) {
    return String.join(" ", words(answer));
  }

  private static List<String> words(String answer) {
    String bare = PUNCTUATION.matcher(answer.toLowerCase(Locale.ROOT)).replaceAll("");
    return TextUnits.split(ARTICLE.matcher(bare).replaceAll(" "));
  }

  private static double f1(List<String> predicted, List<String> wanted) {
    if (predicted.isEmpty() || wanted.isEmpty()) {
      return predicted.equals(wanted) ? 1 : 0;
    }
    return Scores.of(TextUnits.overlap(TextUnits.ngrams(predicted, 1), TextUnits.ngrams(wanted, 1)),
        predicted.size(), wanted.size()).f1();
  }
}
