package dev.hone.train.task.embed;

import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What several texts are to each other that are one row of a {@link TrainingSet}, its tokens one text after the other. The first
 * text is the anchor, the second what it is compared with, all others are negatives.
 *
 * @param score NaN for rows without
 * @param lengths tokens of each text
 */
record RelatedTexts(float score, int[] lengths) implements Target {
  /** Rows as a set. */
  static TrainingSet set(List<List<int[]>> rows, float[] scores) {
    List<int[]> tokens = new ArrayList<>();
    List<RelatedTexts> targets = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      List<int[]> texts = rows.get(i);
      tokens.add(texts.stream().flatMapToInt(Arrays::stream).toArray());
      targets.add(new RelatedTexts(scores[i], texts.stream().mapToInt(text -> text.length).toArray()));
    }
    return new TrainingSet(tokens, null, targets);
  }

  /** Whether the rows of a set have scores. */
  static boolean scored(TrainingSet set) {
    return !Float.isNaN(set.target(0, RelatedTexts.class).score);
  }

  /** The texts of a row with these tokens. */
  List<int[]> texts(int[] tokens) {
    List<int[]> texts = new ArrayList<>();
    int at = 0;
    for (int length : lengths) {
      texts.add(Arrays.copyOfRange(tokens, at, at + length));
      at += length;
    }
    return texts;
  }

  /** The texts of a row. */
  static List<int[]> texts(TrainingSet set, int row) {
    return set.target(row, RelatedTexts.class).texts(set.tokens().get(row));
  }

  /** How many negatives the row has. */
  int negatives() {
    return lengths.length - 2;
  }

  @Override
  public float[] numbers() {
    float[] numbers = new float[lengths.length + 1];
    numbers[0] = score;
    for (int t = 0; t < lengths.length; t++) {
      numbers[t + 1] = lengths[t]; // exact: far below 2^24
    }
    return numbers;
  }
}
