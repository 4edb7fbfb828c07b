package dev.hone.train.monitor;

import dev.hone.train.metric.Bootstrap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a challenger that answers for the log only makes of the champion's requests.
 *
 * @param rows that both answered
 * @param alike how many of them with one label
 * @param labelled how many of them somebody spoke of
 * @param champion how many of these the champion has right
 * @param challenger how many the challenger has
 * @param low of the 95 % interval of the challenger's gain in accuracy on these, by a paired bootstrap; NaN below 30 rows
 * @param high of the 95 % interval
 */
public record ShadowReport(int rows, int alike, int labelled, int champion, int challenger, double low, double high) {
  /** The route of answers that nobody got. */
  public static final String ROUTE = "shadow";

  private static final int LEAST = 30;

  /** Compares; null where no challenger answered. */
  public static ShadowReport of(AnswerLog log) {
    Map<String, Answered> answers = new HashMap<>();
    log.entries().stream().filter(entry -> !isShadow(entry)).forEach(entry -> answers.put(entry.answered().id(),
        entry.answered()));
    int rows = 0;
    int alike = 0;
    int champion = 0;
    int challenger = 0;
    int labelled = 0;
    double[] gains = new double[log.entries().size()];
    for (AnswerLog.Entry entry : log.entries()) {
      Answered answered = answers.get(entry.answered().id());
      if (!isShadow(entry) || answered == null) {
        continue;
      }
      rows++;
      alike += answered.output().equals(entry.answered().output()) ? 1 : 0;
      String truth = truth(answered, log.feedback().get(answered.id()));
      if (truth != null) {
        int first = truth.equals(answered.output()) ? 1 : 0;
        int second = truth.equals(entry.answered().output()) ? 1 : 0;
        champion += first;
        challenger += second;
        gains[labelled++] = second - first;
      }
    }
    Bootstrap.Interval gain = labelled < LEAST ? new Bootstrap.Interval(Double.NaN, Double.NaN)
        : Bootstrap.USUAL.interval(labelled, drawn -> IntStream.of(drawn).mapToDouble(i -> gains[i]).average().orElse(0));
    return rows == 0 ? null : new ShadowReport(rows, alike, labelled, champion, challenger, gain.low(), gain.high());
  }

  /** Whether an answer is one that nobody got. */
  static boolean isShadow(AnswerLog.Entry entry) {
    return entry.answered().route().equals(ROUTE);
  }

  /** The right label, as far as somebody said which; that an answer is bad does not say what is right. */
  private static String truth(Answered answered, Feedback said) {
    return said == null ? null : said.label() != null ? said.label() : said.isGood() ? answered.output() : null;
  }

  /** For people. */
  public String text() {
    String text = String.format(Locale.ROOT, "challenger: answered %d rows besides, %.3f of them as the champion did; ", rows,
        alike / (double) rows);
    return text + (labelled == 0 ? "nobody said which label is right" : String.format(Locale.ROOT,
        "of %d rows whose label is known the champion has %d right, the challenger %d%s", labelled, champion, challenger,
        Double.isNaN(low) ? " (30 rows are needed for an interval)" : String.format(Locale.ROOT, " (gain %.3f to %.3f)", low,
            high)));
  }

  /** For programs. */
  public ObjectNode json() {
    ObjectNode root = LogLines.JSON.createObjectNode().put("rows", rows).put("alike", alike).put("labelled", labelled)
        .put("champion_right", champion).put("challenger_right", challenger);
    return Double.isNaN(low) ? root : root.put("gain_low", low).put("gain_high", high);
  }
}
