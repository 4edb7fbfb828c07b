package dev.hone.train;

import dev.hone.autograd.Parameter;
import dev.hone.core.DType;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraAdapter;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * A classification task from a model directory and labelled texts to a tuned classifier.
 *
 * {@snippet :
 * Dataset<Example.Labelled> data = Dataset.labelled(Path.of("reviews.csv"), DataOptions.DETECT);
 * ClassifierTuning tuning = ClassifierTuning.lora(Path.of("minilm"), LabelSet.of(data), LoraConfig.of(8, 16), 42);
 * tuning.train(data, null, TrainConfig.defaults(1e-3));
 * tuning.save(Path.of("out/adapter"));
 * tuning.classifier().predict(List.of("works like a charm"));
 * }
 */
public final class ClassifierTuning {
  private final Path base;
  private final TextClassifier classifier;
  private final LoraAdapter adapter; // null: the whole model is trained
  private final List<TrainListener> listeners = new ArrayList<>();
  private Trainer trainer;

  private ClassifierTuning(Path base, TextClassifier classifier, LoraAdapter adapter) {
    this.base = base;
    this.classifier = classifier;
    this.adapter = adapter;
  }

  /** LoRA on a model; its head is trained as a whole. */
  public static ClassifierTuning lora(Path base, LabelSet labels, LoraConfig config, long seed) throws IOException {
    PretrainedModel model = load(base, labels, seed);
    return new ClassifierTuning(base, classifier(base, model, 0), LoraAdapter.attach(model, config, seed));
  }

  /** All weights of a model. */
  public static ClassifierTuning full(Path base, LabelSet labels, long seed) throws IOException {
    PretrainedModel model = load(base, labels, seed);
    model.setTrainable(true);
    return new ClassifierTuning(base, classifier(base, model, 0), null);
  }

  private static PretrainedModel load(Path base, LabelSet labels, long seed) {
    return PretrainedModel.load(base, new Labels(labels.names(), Labels.Kind.SINGLE_LABEL), seed);
  }

  private static TextClassifier classifier(Path base, PretrainedModel model, int maxLength) throws IOException {
    return new TextClassifier(model, Tokenizer.load(base), maxLength == 0 ? TextClassifier.usualLength(model) : maxLength);
  }

  /** The same with texts cut to another number of tokens. */
  public ClassifierTuning withMaxLength(int maxLength) {
    return new ClassifierTuning(base, new TextClassifier(classifier.model(), classifier.tokenizer(), maxLength), adapter);
  }

  /** Adds a listener to the runs to come. */
  public void addListener(TrainListener listener) {
    listeners.add(listener);
  }

  /**
   * Trains.
   *
   * @param heldOut rows to evaluate on and to choose the best step by, or null
   */
  public Trainer.Result train(Dataset<Example.Labelled> training, Dataset<Example.Labelled> heldOut, TrainConfig config) {
    PretrainedModel model = classifier.model();
    trainer = new Trainer(model, parameters(), Objective.classification(model.labels()), config);
    listeners.forEach(trainer::addListener);
    return trainer.train(encode(training), heldOut == null ? null : encode(heldOut));
  }

  /** Ends a run after its current step. */
  public void stop() {
    if (trainer != null) {
      trainer.stop();
    }
  }

  /** Rows as the model takes them. Fails for a label that the classifier does not have. */
  public TrainingSet encode(Dataset<Example.Labelled> data) {
    return encode(classifier, data);
  }

  /** Rows as a classifier takes them. Fails for a label that it does not have. */
  public static TrainingSet encode(TextClassifier classifier, Dataset<Example.Labelled> data) {
    int[] ids = new LabelSet(classifier.model().labels().names()).ids(data);
    List<float[]> targets = new ArrayList<>();
    for (int id : ids) {
      targets.add(new float[] {id});
    }
    return classifier.encode(data.rows().stream().map(Example.Labelled::text).toList(), targets);
  }

  /** What is trained. */
  public Collection<Parameter> parameters() {
    return adapter == null ? classifier.model().parameters().values() : adapter.parameters().values();
  }

  /** The classifier in its present state. */
  public TextClassifier classifier() {
    return classifier;
  }

  /** The adapter, or null if the whole model is trained. */
  public LoraAdapter adapter() {
    return adapter;
  }

  /** Writes the adapter's directory, or the whole model's with its tokenizer. */
  public void save(Path directory) throws IOException {
    if (adapter != null) {
      AdapterFiles.save(adapter, directory, base.toString());
    } else {
      classifier.model().save(directory, DType.F32);
      classifier.tokenizer().save(directory.resolve("tokenizer.json"));
    }
  }
}
