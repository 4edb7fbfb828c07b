package dev.hone.train.task.distil;

import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Inference;
import dev.hone.train.infer.Logits;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.task.WeightsHash;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A large classifier that a small one learns from: how likely it takes each label to be says more than the right label alone.
 * Both cut texts into tokens of their own.
 *
 * {@snippet :
 * ClassifierTeacher teacher = ClassifierTeacher.load(Path.of("large"), null, DistilSettings.of(Map.of()));
 * ClassifierTuning small = ClassifierTuning.full(Path.of("small"), teacher.labels(), 42);
 * teacher.teach(small);
 * small.train(teacher.encode(small, data, null), null, TrainConfig.defaults(5e-5));
 * }
 */
public final class ClassifierTeacher {
  private static final int BATCH = 32;

  private final TextClassifier classifier;
  private final DistilSettings settings;
  private final String hash;

  private ClassifierTeacher(TextClassifier classifier, DistilSettings settings, String hash) {
    this.classifier = classifier;
    this.settings = settings;
    this.hash = hash;
  }

  /**
   * Loads the large classifier.
   *
   * @param adapter its adapter, or null
   * @throws IllegalArgumentException if it does not give one label of several
   */
  public static ClassifierTeacher load(Path directory, Path adapter, DistilSettings settings) throws IOException {
    TextClassifier classifier = TextClassifier.load(directory, adapter);
    Labels labels = classifier.model().labels();
    if (labels.kind() != Labels.Kind.SINGLE_LABEL || labels.size() < 2) {
      throw new IllegalArgumentException("teacher " + directory + " is for " + labels.kind().problemType() + " (" + labels.size()
          + (labels.size() == 1 ? " number" : " labels") + "); a teacher has to tell one label of two or more");
    }
    return new ClassifierTeacher(classifier, settings, WeightsHash.of(directory, adapter));
  }

  /** What the large classifier tells apart, and so the small one. */
  public Labels labels() {
    return classifier.model().labels();
  }

  /** Lets the runs to come of a small classifier learn from what the teacher said in {@link #encode}. */
  public void teach(ClassifierTuning small) {
    if (!small.model().labels().equals(labels())) {
      throw new IllegalArgumentException("the teacher's labels are " + labels().names() + ", the model's "
          + small.model().labels().names() + "; both must have the same");
    }
    small.setObjective((_, config) -> objective(config));
  }

  private ClassDistilObjective objective(TrainConfig config) {
    if (!config.classWeights().isEmpty() || config.focalGamma() != 0 || config.labelSmoothing() != 0 || config.zLoss() != 0
        || config.klPenalty() != 0) {
      throw new IllegalArgumentException("class_weights, focal_gamma, label_smoothing_factor, z_loss and kl_penalty are not "
          + "for distillation");
    }
    return new ClassDistilObjective(settings);
  }

  /**
   * Rows as the small classifier takes them, with what the teacher says of them. Fails for a label that the teacher does not
   * have.
   *
   * @param file where that is kept, or null
   */
  public TrainingSet encode(ClassifierTuning small, Dataset<Example.Labelled> data, Path file) throws IOException {
    TrainingSet set = small.encode(data);
    PretrainedModel model = classifier.model();
    TextClassifier reader = new TextClassifier(model, classifier.tokenizer(),
        Math.min(model.maxLength(), Math.max(classifier.maxLength(), small.classifier().maxLength())));
    TrainingSet asked = ClassifierTuning.encode(reader, data);
    String question = hash + " " + settings.temperature() + " " + labels().size() + " " + asked.fingerprint(null);
    return TeacherFile.of(set, file, question, () -> {
      List<float[]> said = new ArrayList<>();
      for (float[] logits : Inference.logits(model, asked, BATCH)) {
        said.add(logProbabilities(logits, settings.temperature()));
      }
      return said.toArray(float[][]::new);
    }, (row, said) -> new ClassDistilObjective.Taught(set.target(row, Target.OfClass.class).label(), said));
  }

  /** Of logits divided by a temperature. */
  static float[] logProbabilities(float[] logits, double temperature) {
    float[] scaled = new float[logits.length];
    for (int j = 0; j < scaled.length; j++) {
      scaled[j] = (float) (logits[j] / temperature);
    }
    double[] probabilities = Logits.softmax(scaled);
    for (int j = 0; j < scaled.length; j++) {
      scaled[j] = (float) Math.log(Math.max(probabilities[j], Double.MIN_NORMAL));
    }
    return scaled;
  }
}
