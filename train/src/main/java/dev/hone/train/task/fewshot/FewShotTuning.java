package dev.hone.train.task.fewshot;

import dev.hone.lora.AdapterConfig;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.Trainer;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.infer.FewShotClassifier;
import dev.hone.train.infer.LogisticRegression;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.task.embed.EmbeddingSettings;
import dev.hone.train.task.embed.EmbeddingTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * A classifier from a few texts a class, in SetFit's way: the model learns that the cosine of two texts is 1 if they have one
 * label and
 * 0 if not, from all pairs of the texts; a logistic regression on the vectors is the classifier. The same rows and seed give
 * the same
 * bits.
 *
 * {@snippet :
 * Dataset<Example.Labelled> rows = Dataset.labelled(Path.of("sixteen.csv"), DataOptions.DETECT);
 * FewShotTuning tuning = FewShotTuning.full(Path.of("minilm"), LabelSet.of(rows));
 * FewShotClassifier classifier = tuning.train(rows, FewShotTuning.usual(42));
 * tuning.save(Path.of("out/model"));
 * }
 *
 * <p>Source: Tunstall and others 2022.
 */
public final class FewShotTuning {
  /** Rows a class up to which this way usually wins over training a classifier. */
  public static final int FEW = 16;
  private static final int PAIRS_PER_TEXT = 40;
  private static final double C = 1;

  private final EmbeddingTuning body;
  private final LabelSet labels;
  private FewShotClassifier classifier;

  private FewShotTuning(EmbeddingTuning body, LabelSet labels) {
    this.body = body;
    this.labels = labels;
  }

  /** All weights of a model. */
  public static FewShotTuning full(Path base, LabelSet labels) throws IOException {
    return new FewShotTuning(EmbeddingTuning.full(base, EmbeddingSettings.USUAL.with("loss", "cosine")), labels);
  }

  /** A parameter-efficient method on a model. */
  public static FewShotTuning adapted(Path base, AdapterConfig config, LabelSet labels, long seed) throws IOException {
    return new FewShotTuning(EmbeddingTuning.adapted(base, config, EmbeddingSettings.USUAL.with("loss", "cosine"), seed), labels);
  }

  /** This tuning with texts cut to another number of tokens. */
  public FewShotTuning withMaxLength(int tokens) {
    return new FewShotTuning(body.withMaxLength(tokens), labels);
  }

  /** SetFit's settings: one pass over the pairs in batches of 16, a rate of 2e-5. */
  public static TrainConfig usual(long seed) {
    return TrainConfig.defaults(2e-5).with("num_train_epochs", 1).with("batch_size", 16).with("seed", seed);
  }

  /** Adds a listener to the training of the body. */
  public void addListener(TrainListener listener) {
    body.addListener(listener);
  }

  /** The classes. */
  public LabelSet labels() {
    return labels;
  }

  /** Fits the head and writes it whenever the body is saved, as a run does at its end. */
  public void fitWhenSaved(Dataset<Example.Labelled> rows) {
    body.setCompanion(directory -> fitHead(rows).saveHead(directory));
  }

  /** What is trained. */
  public EmbeddingTuning body() {
    return body;
  }

  /** The pairs that the body learns from. */
  public Dataset<Example.Related> pairs(Dataset<Example.Labelled> rows, long seed) {
    int[] classes = classes(rows);
    if (IntStream.of(classes).distinct().count() < 2) {
      throw new DataException(rows.source(), "all texts have the label '" + rows.row(0).label()
          + "', so that there is nothing to tell "
          + "apart; give at least two labels");
    }
    List<Example.Related> pairs = new ArrayList<>();
    for (FewShotPairs.Pair pair : FewShotPairs.some(FewShotPairs.of(classes), PAIRS_PER_TEXT * rows.size(), seed)) {
      pairs.add(new Example.Related(List.of(rows.row(pair.first()).text(), rows.row(pair.second()).text()), pair.same() ? 1 : 0,
          null));
    }
    return Dataset.of(rows.source(), pairs);
  }

  private int[] classes(Dataset<Example.Labelled> rows) {
    IntUnaryOperator id = labels.id(rows);
    return IntStream.range(0, rows.size()).map(id).toArray();
  }

  /** Trains body and head; returns the classifier. */
  public FewShotClassifier train(Dataset<Example.Labelled> rows, TrainConfig config) {
    trainBody(rows, config);
    return fitHead(rows);
  }

  /** Trains the body alone. */
  public Trainer.Result trainBody(Dataset<Example.Labelled> rows, TrainConfig config) {
    return body.train(pairs(rows, config.seed()), null, config);
  }

  /** Fits the head to the vectors that the body makes now; before training this is a probe of frozen vectors. */
  public FewShotClassifier fitHead(Dataset<Example.Labelled> rows) {
    TextEmbedder embedder = body.embedder();
    float[][] vectors = embedder.embed(rows.map(Example.Labelled::text)).toArray(float[][]::new);
    classifier = new FewShotClassifier(embedder, labels.names(), LogisticRegression.fit(vectors, classes(rows), labels.size(), C,
        false));
    return classifier;
  }

  /** Writes the model's directory, or the adapter's, with the head in it. */
  public void save(Path directory) throws IOException {
    body.save(directory);
    classifier.saveHead(directory);
  }
}
