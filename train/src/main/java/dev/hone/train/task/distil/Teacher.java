package dev.hone.train.task.distil;

import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.data.BatchSampler;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingBatch;
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
 * their log-probabilities.
 *
 * @param model the large model
 * @param temperature that its logits are divided by
 * @param top k, at most the size of the vocabulary
 */
record Teacher(PretrainedModel model, double temperature, int top) {
  private static final int BATCH = 8;

  /**
   * A row's target.
   *
   * @param learnt which tokens are to be learnt
   * @param said k token ids, then k log-probabilities, for each of these
   */
  private record Taught(boolean[] learnt, float[] said) implements Target.OfTokens {
    @Override
    public float[] numbers() {
      return TeacherFile.joined(Target.OfTokens.super.numbers(), said);
    }
  }

  /**
   * The rows with what the teacher says of them.
   *
   * @param file that has it if the same teacher was asked the same; else it is written; null for no file
   * @param fingerprint of the teacher
   */
  TrainingSet teach(TrainingSet set, Path file, String fingerprint) throws IOException {
    return TeacherFile.of(set, file, fingerprint + " " + temperature + " " + top, () -> ask(set),
        (row, said) -> new Taught(set.target(row, Target.OfTokens.class).learnt(), said));
  }

  private float[][] ask(TrainingSet set) {
    float[][] said = new float[set.size()][];
    int width = model.config().vocabSize();
    Inference.overBatches(BatchSampler.ofRows(set.lengths(), BATCH, 0), rows -> {
      TrainingBatch batch = set.batch(rows);
      float[] logits = model.tokenLogits(batch.tokens(), batch.labels(), Pass.inference()).value().toFloatArray();
      int at = 0;
      for (int row : rows) {
        int learnt = set.batch(new int[] {row}).learnt();
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

  /**
   * Log-probabilities over the whole vocabulary, of the learnt tokens of rows: [M · V]. Tokens that were not kept share evenly
   * what the others leave.
   */
  static float[] spread(TrainingBatch batch, int vocabulary, int top) {
    List<float[]> places = new ArrayList<>();
    for (Taught target : batch.targets(Taught.class)) {
      float[] said = target.said();
      for (int at = 0; at < said.length; at += 2 * top) {
        float[] place = new float[vocabulary];
        double rest = 1;
        for (int k = 0; k < top; k++) {
          rest -= Math.exp(said[at + top + k]);
        }
        Arrays.fill(place, top == vocabulary ? 0 : (float) Math.log(Math.max(rest, 1e-12) / (vocabulary - top)));
        for (int k = 0; k < top; k++) {
          place[(int) said[at + k]] = said[at + top + k];
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
