package dev.hone.train.monitor;

import java.time.Instant;

/**
 * What somebody said of an answer: a score, the right label, or the right text.
 *
 * @param id of the answer
 * @param time when it came
 * @param score from -1 to 1: above one half is good, 0 and less is bad; NaN for none
 * @param label the right one; null for none
 * @param answer the right text; null for none
 * @param comment more words; null for none
 * @param source who said it, such as {@code page}; null if that is not known
 */
public record Feedback(String id, Instant time, double score, String label, String answer, String comment, String source) {
  private static final int MAX_LABEL = 1000;
  private static final int MAX_TEXT = 100_000;

  /** Checks that there is something in it. */
  public Feedback {
    if (!id.matches("[A-Za-z0-9.]{1,40}-[0-9a-zA-Z]{1,64}(/[0-9]{1,6})?")) {
      throw new IllegalArgumentException("id must be that of an answer, such as classify-1f0c...");
    }
    if (!Double.isNaN(score) && !(score >= -1 && score <= 1)) {
      throw new IllegalArgumentException("score must be from -1 to 1, is " + score);
    }
    if (label != null && answer != null || Double.isNaN(score) && label == null && answer == null && comment == null) {
      throw new IllegalArgumentException("feedback must have a score, a label, an answer or a comment, and not both a label "
          + "and an answer");
    }
    if (label != null && label.length() > MAX_LABEL || answer != null && answer.length() > MAX_TEXT
        || comment != null && comment.length() > MAX_TEXT || source != null && source.length() > MAX_LABEL) {
      throw new IllegalArgumentException("feedback may have " + MAX_LABEL + " characters of label and source and " + MAX_TEXT
          + " of answer and comment");
    }
  }

  /** Whether it says that the answer was good. */
  public boolean isGood() {
    return score > 0.5;
  }

  /** Whether it says that the answer was bad. */
  public boolean isBad() {
    return score <= 0;
  }
}
