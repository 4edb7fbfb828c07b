package dev.hone.train.evaluation;

import dev.hone.train.infer.Logits;
import dev.hone.train.metric.TagSpan;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** What a model made of one row: a record per kind of task. */
public sealed interface Prediction {
  /** The row. */
  Row row();

  /** Its loss: cross-entropy in nats (of labels and tokens a mean), or the squared error of a number. */
  double loss();

  /** Whether it is right, where there is right and wrong. */
  Optional<Boolean> right();

  /**
   * One class of several.
   *
   * @param truth the true class by number
   * @param probabilities of all classes
   */
  record OneClass(Row row, int truth, double[] probabilities, double loss) implements Prediction {
    /** From the logits of the classes. */
    public static OneClass ofLogits(Row row, int truth, float[] logits) {
      return new OneClass(row, truth, Logits.softmax(logits), Logits.crossEntropy(logits, truth));
    }

    /** The likeliest class, the first of equals. */
    public int predicted() {
      int best = 0;
      for (int i = 1; i < probabilities.length; i++) {
        best = probabilities[i] > probabilities[best] ? i : best;
      }
      return best;
    }

    @Override
    public Optional<Boolean> right() {
      return Optional.of(predicted() == truth);
    }
  }

  /**
   * Any number of labels.
   *
   * @param truth whether each label holds
   * @param probabilities of each label; one above one half is predicted
   */
  record SomeLabels(Row row, boolean[] truth, double[] probabilities, double loss) implements Prediction {
    /**
     * From the logits of the labels.
     *
     * @param truth 1 for labels that hold, else 0
     */
    public static SomeLabels ofLogits(Row row, float[] truth, float[] logits) {
      boolean[] holds = new boolean[logits.length];
      double loss = 0;
      for (int i = 0; i < logits.length; i++) {
        holds[i] = truth[i] >= 0.5f;
        double wrong = holds[i] ? -logits[i] : logits[i];
        loss += Math.max(wrong, 0) + Math.log1p(Math.exp(-Math.abs(wrong))); // ln(1 + e^wrong), without overflow
      }
      return new SomeLabels(row, holds, Logits.sigmoid(logits), loss / logits.length);
    }

    /** Which labels are predicted. */
    public boolean[] predicted() {
      boolean[] predicted = new boolean[probabilities.length];
      for (int i = 0; i < predicted.length; i++) {
        predicted[i] = probabilities[i] > 0.5;
      }
      return predicted;
    }

    @Override
    public Optional<Boolean> right() {
      return Optional.of(Arrays.equals(predicted(), truth));
    }
  }

  /**
   * A number.
   *
   * @param truth what it is
   * @param predicted what the model says
   */
  record OneNumber(Row row, double truth, double predicted) implements Prediction {
    @Override
    public double loss() {
      return (predicted - truth) * (predicted - truth);
    }

    @Override
    public Optional<Boolean> right() {
      return Optional.empty();
    }
  }

  /**
   * A better and a worse answer.
   *
   * @param chosen the log-probability of the better one, or what a reward model gives it
   * @param rejected that of the other
   * @param chosenTokens how many tokens of the better one count; 0 for a reward model
   * @param rejectedTokens how many of the other
   * @param chosenReward β times how much likelier than its reference the model takes the better one to be; NaN without one
   * @param rejectedReward likewise of the other
   * @param loss -log σ(β(chosen - rejected)), or what was trained
   */
  record OnePair(Row row, double chosen, double rejected, int chosenTokens, int rejectedTokens, double chosenReward,
      double rejectedReward, double loss) implements Prediction {
    @Override
    public Optional<Boolean> right() {
      return Optional.of(chosen > rejected);
    }
  }

  /**
   * Words with a tag each.
   *
   * @param truth the true tags
   * @param predicted the model's
   * @param loss mean cross-entropy of a word
   */
  record OneTagging(Row row, List<String> truth, List<String> predicted, double loss) implements Prediction {
    public OneTagging {
      truth = List.copyOf(truth);
      predicted = List.copyOf(predicted);
    }

    /** How many words have the right tag. */
    int rightWords() {
      return (int) IntStream.range(0, truth.size()).filter(i -> truth.get(i).equals(predicted.get(i))).count();
    }

    @Override
    public Optional<Boolean> right() {
      return Optional.of(TagSpan.of(truth).equals(TagSpan.of(predicted)));
    }
  }

  /**
   * A text that a language model was shown, and perhaps what it wrote itself.
   *
   * @param tokens how many tokens count
   * @param hits how many of them the model took for the likeliest
   * @param loss mean negative log-probability of these tokens, in nats
   * @param reference what should follow the row's text; null where the text is all there is
   * @param generated what the model wrote instead; null if it was not asked to
   */
  record OneText(Row row, long tokens, long hits, double loss, String reference, String generated) implements Prediction {
    /** Whether there is something that the model wrote and something to compare it with. */
    boolean written() {
      return generated != null && reference != null;
    }

    /** This prediction with what the model wrote. */
    public OneText withGenerated(String text) {
      return new OneText(row, tokens, hits, loss, reference, text);
    }

    @Override
    public Optional<Boolean> right() {
      return Optional.empty();
    }
  }
}
