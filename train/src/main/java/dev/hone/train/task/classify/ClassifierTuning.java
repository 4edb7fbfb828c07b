package dev.hone.train.task.classify;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.Objective;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

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
public final class ClassifierTuning extends Tuning<Example.Labelled> {
  /** Rows that are encoded at a time where they do not stay in memory. */
  private static final int PASSING = 1024;

  private final TextClassifier classifier;

  private ClassifierTuning(Path base, TextClassifier classifier, Adapter adapter) {
    super(base, classifier.model(), classifier.tokenizer(), adapter);
    this.classifier = classifier;
  }

  /** LoRA on a model; its head is trained as a whole. */
  public static ClassifierTuning lora(Path base, LabelSet labels, LoraConfig config, long seed) throws IOException {
    return adapted(base, single(labels), config, seed);
  }

  /** A parameter-efficient method on a model; its head is trained as a whole. Labels may be of any kind; see {@link #labels}. */
  public static ClassifierTuning adapted(Path base, Labels labels, AdapterConfig config, long seed) throws IOException {
    return adapted(base, labels, config, seed, null);
  }

  /**
   * A parameter-efficient method on a model with quantised weights.
   *
   * @param quantized {@link DType#NF4}, {@link DType#Q8_0}, {@link DType#INT8_ROWS} or null
   */
  public static ClassifierTuning adapted(Path base, Labels labels, AdapterConfig config, long seed, DType quantized)
      throws IOException {
    PretrainedModel model = PretrainedModel.load(base, labels, seed, quantized);
    Adapter adapter = Adapter.attach(model, config, seed);
    return new ClassifierTuning(base, classifier(base, model), adapter);
  }

  /** All weights of a model. */
  public static ClassifierTuning full(Path base, LabelSet labels, long seed) throws IOException {
    return full(base, single(labels), seed);
  }

  /** All weights of a model, for labels of any kind; see {@link #labels}. */
  public static ClassifierTuning full(Path base, Labels labels, long seed) throws IOException {
    PretrainedModel model = PretrainedModel.load(base, labels, seed);
    requireWhole(base, model);
    model.setTrainable(true);
    return new ClassifierTuning(base, classifier(base, model), null);
  }

  private static Labels single(LabelSet labels) {
    return new Labels(labels.names(), Labels.Kind.SINGLE_LABEL);
  }

  /** What there is to learn in rows of a kind: their classes, the labels that they carry, or one number. */
  public static Labels labels(Dataset<Example.Labelled> data, Labels.Kind kind) {
    return switch (kind) {
      case SINGLE_LABEL -> single(LabelSet.of(data));
      case MULTI_LABEL -> new Labels(LabelSet.ofSeveral(data).names(), kind);
      case REGRESSION -> new Labels(List.of("value"), kind);
    };
  }

  private static TextClassifier classifier(Path base, PretrainedModel model) throws IOException {
    return new TextClassifier(model, Tokenizer.load(base), TextClassifier.usualLength(model));
  }

  /** This tuning with texts cut to another number of tokens. */
  public ClassifierTuning withMaxLength(int maxLength) {
    return new ClassifierTuning(base(), new TextClassifier(model(), tokenizer(), maxLength), adapter());
  }

  @Override
  protected Objective objective(TrainingSet training, TrainConfig config) {
    if (config.klPenalty() != 0) {
      throw new IllegalArgumentException("kl_penalty is for language models: a classifier "
          + "has answers that its base does not have");
    }
    List<String> weights = config.classWeights();
    return ClassificationObjective.of(model().labels(),
        new CrossEntropySettings(weights.isEmpty() ? null : classWeights(training, weights), (float) config.labelSmoothing(),
            (float) config.zLoss()), config.focalGamma());
  }

  /** The weights given, or balanced ones: rows / (classes · rows of the class), so that all classes weigh the same. */
  private Tensor classWeights(TrainingSet training, List<String> given) {
    List<String> names = model().labels().names();
    float[] weights = new float[names.size()];
    if (given.equals(List.of("balanced"))) {
      for (int row = 0; row < training.size(); row++) {
        weights[training.target(row, Target.OfClass.class).label()]++;
      }
      for (int i = 0; i < weights.length; i++) {
        weights[i] = weights[i] == 0 ? 0 : training.size() / (weights.length * weights[i]);
      }
      return Tensor.of(weights, weights.length);
    }
    if (given.size() != weights.length) {
      throw new IllegalArgumentException("class_weights: " + given.size() + " weights for " + weights.length + " classes ("
          + String.join(", ", names) + ")");
    }
    for (int i = 0; i < weights.length; i++) {
      try {
        weights[i] = Float.parseFloat(given.get(i));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("class_weights must be numbers or 'balanced', are " + String.join(",", given), e);
      }
    }
    return Tensor.of(weights, weights.length);
  }

  /** Rows as the model takes them. Fails for a label that the classifier does not have. */
  @Override
  public TrainingSet encode(Dataset<Example.Labelled> data) {
    return encode(classifier, data);
  }

  /** Rows as a classifier takes them. Fails for a label that it does not have. */
  public static TrainingSet encode(TextClassifier classifier, Dataset<Example.Labelled> data) {
    IntFunction<Target> targets = targets(classifier.model().labels(), data);
    if (!data.onDemand()) {
      return classifier.encode(data.rows().stream().map(Example.Labelled::text).toList(),
          IntStream.range(0, data.size()).mapToObj(targets).toList());
    }
    TrainingSet.Gathering rows = new TrainingSet.Gathering();
    for (int from = 0; from < data.size(); from += PASSING) {
      List<Example.Labelled> some = data.rows().subList(from, Math.min(data.size(), from + PASSING));
      List<int[]> tokens = classifier.tokens(some.stream().map(Example.Labelled::text).toList());
      for (int i = 0; i < tokens.size(); i++) {
        rows.add(tokens.get(i), targets.apply(from + i));
      }
    }
    return rows.onDemand(i -> new TrainingSet.Row(classifier.tokens(List.of(data.row(i).text())).getFirst(), targets.apply(i)));
  }

  private static IntFunction<Target> targets(Labels labels, Dataset<Example.Labelled> data) {
    LabelSet known = new LabelSet(labels.names());
    return switch (labels.kind()) {
      case SINGLE_LABEL -> {
        IntUnaryOperator id = known.id(data);
        yield i -> new Target.OneClass(id.applyAsInt(i));
      }
      case MULTI_LABEL -> {
        IntFunction<float[]> several = known.several(data);
        yield i -> new Target.SomeLabels(several.apply(i));
      }
      case REGRESSION -> i -> new Target.Numbers(new float[] {number(data, i)});
    };
  }

  private static float number(Dataset<Example.Labelled> data, int i) {
    float number;
    try {
      number = Float.parseFloat(data.row(i).label());
    } catch (NumberFormatException _) {
      number = Float.NaN;
    }
    if (!Float.isFinite(number)) {
      throw new DataException(data.source(), data.line(i), "'" + data.row(i).label() + "' is not a number, which regression needs"
          + (data.row(i).label().matches("[+-]?[\\d.]*,\\d+") ? "; write a point for the decimal comma" : ""));
    }
    return number;
  }

  /** The classifier in its present state. */
  public TextClassifier classifier() {
    return classifier;
  }
}
