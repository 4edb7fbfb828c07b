package dev.hone.train.task.embed;

import dev.hone.train.encode.TrainingSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows of several texts each as rows of a {@link TrainingSet}: tokens one text after the other, and as target a score and the
 * length of each text. The first text is the anchor, the second what it is compared with, all others are negatives.
 */
final class RelatedTexts {
  private RelatedTexts() {}

  /** Rows as a set. */
  static TrainingSet set(List<List<int[]>> rows, float[] scores) {
    List<int[]> tokens = new ArrayList<>();
    List<float[]> targets = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      List<int[]> texts = rows.get(i);
      int[] all = new int[texts.stream().mapToInt(text -> text.length).sum()];
      float[] target = new float[texts.size() + 1];
      target[0] = scores[i];
      int at = 0;
      for (int t = 0; t < texts.size(); t++) {
        System.arraycopy(texts.get(t), 0, all, at, texts.get(t).length);
        at += texts.get(t).length;
        target[t + 1] = texts.get(t).length; // exact: far below 2^24
      }
      tokens.add(all);
      targets.add(target);
    }
    return new TrainingSet(tokens, null, targets);
  }

  /** The texts of a row. */
  static List<int[]> texts(TrainingSet set, int row) {
    float[] target = set.targets().get(row);
    int[] all = set.tokens().get(row);
    List<int[]> texts = new ArrayList<>();
    int at = 0;
    for (int t = 1; t < target.length; t++) {
      texts.add(Arrays.copyOfRange(all, at, at + (int) target[t]));
      at += (int) target[t];
    }
    return texts;
  }

  /** How many negatives these rows have together. */
  static int negatives(TrainingSet set, int[] rows) {
    return Arrays.stream(rows).map(row -> set.targets().get(row).length - 3).sum();
  }

  /** The score of each of these rows. */
  static float[] scores(TrainingSet set, int[] rows) {
    float[] scores = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      scores[i] = set.targets().get(rows[i])[0];
    }
    return scores;
  }
}
