package dev.hone.train.task.distil;

import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.train.data.BatchSampler;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Inference;
import dev.hone.train.infer.Logits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a large model takes the tokens for that are to be learnt, once for all rows: its k likeliest tokens at each place with
 * their log-probabilities. A row's target has it behind the number per token that says what is learnt: k token ids and k
 * log-probabilities for each of these.
 *
 * @param model the large model
 * @param temperature that its logits are divided by
 * @param top k, at most the size of the vocabulary
 */
record Teacher(PretrainedModel model, double temperature, int top) {
  private static final int BATCH = 8;

  /**
   * The rows with what the teacher says of them.
   *
   * @param file that has it if the same teacher was asked the same; else it is written; null for no file
   * @param fingerprint of the teacher
   */
  TrainingSet teach(TrainingSet set, Path file, String fingerprint) throws IOException {
    return TeacherFile.of(set, file, fingerprint + " " + temperature + " " + top, () -> ask(set));
  }

  private float[][] ask(TrainingSet set) {
    float[][] said = new float[set.size()][];
    int width = model.config().vocabSize();
    Inference.overBatches(BatchSampler.ofRows(set.lengths(), BATCH, 0), rows -> {
      int[] labels = labels(set, rows);
      float[] logits = model.tokenLogits(set.batch(rows), labels, Pass.inference()).value().toFloatArray();
      int at = 0;
      for (int row : rows) {
        int learnt = learnt(set, row);
        float[] found = new float[2 * top * learnt];
        for (int i = 0; i < learnt; i++) {
          best(Arrays.copyOfRange(logits, at * width, (at + 1) * width), found, 2 * top * i);
          at++;
        }
        said[row] = found;
      }
    });
    return said;
  }

  /** Puts the likeliest tokens, the first of equals, and their log-probabilities into a row. */
  private void best(float[] logits, float[] into, int at) {
    float[] scaled = new float[logits.length];
    for (int j = 0; j < scaled.length; j++) {
      scaled[j] = (float) (logits[j] / temperature);
    }
    double[] probabilities = Logits.softmax(scaled);
    Integer[] order = new Integer[logits.length];
    Arrays.setAll(order, j -> j);
    if (top < logits.length) {
      Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a])); // stable
    }
    for (int k = 0; k < top; k++) {
      into[at + k] = order[k];
      into[at + top + k] = (float) Math.log(probabilities[order[k]]);
    }
  }

  /** The labels of rows, without those of first tokens, which nothing comes before. */
  static int[] labels(TrainingSet set, int[] rows) {
    TokenBatch batch = set.batch(rows);
    int[] labels = set.labels(rows).clone();
    for (int s = 0; s < batch.sequences(); s++) {
      labels[batch.offsets()[s]] = -1;
    }
    return labels;
  }

  private static int learnt(TrainingSet set, int row) {
    return (int) Arrays.stream(labels(set, new int[] {row})).filter(label -> label >= 0).count();
  }

  /**
   * Log-probabilities over the whole vocabulary, of the learnt tokens of rows: [M · V]. Tokens that were not kept share evenly
   * what the others leave.
   */
  static float[] spread(TrainingSet set, int[] rows, int vocabulary, int top) {
    List<float[]> places = new ArrayList<>();
    for (int row : rows) {
      float[] target = set.targets().get(row);
      for (int at = set.tokens().get(row).length; at < target.length; at += 2 * top) {
        float[] place = new float[vocabulary];
        double rest = 1;
        for (int k = 0; k < top; k++) {
          rest -= Math.exp(target[at + top + k]);
        }
        Arrays.fill(place, top == vocabulary ? 0 : (float) Math.log(Math.max(rest, 1e-12) / (vocabulary - top)));
        for (int k = 0; k < top; k++) {
          place[(int) target[at + k]] = target[at + top + k];
        }
        places.add(place);
      }
    }
    float[] all = new float[places.size() * vocabulary];
    for (int i = 0; i < places.size(); i++) {
      System.arraycopy(places.get(i), 0, all, i * vocabulary, vocabulary);
    }
    return all;
  }
}
