package dev.hone.train.task.tag;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.core.DType;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.Objective;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.encode.WordEncoder;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.evaluation.Prediction;
import dev.hone.train.evaluation.Row;
import dev.hone.train.infer.Logits;
import dev.hone.train.infer.TextTagger;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.metric.TagSpan;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * From a model directory and tagged words to a tuned tagger.
 *
 * {@snippet :
 * Dataset<Example.Tagged> data = Dataset.tagged(Path.of("train.conll"), DataOptions.DETECT);
 * TagTuning tuning = TagTuning.adapted(Path.of("bert"), TagTuning.labels(data), LoraConfig.of(8, 16), 42, null);
 * tuning.train(data, null, TrainConfig.defaults(1e-3));
 * tuning.save(Path.of("out/adapter"));
 * tuning.tagger().tag("Anna moved to Oslo.");
 * }
 */
public final class TagTuning extends Tuning<Example.Tagged> {
  private static final String OUTSIDE = "O";
  private static final String PREFIXES = "BILUES";

  private final TextTagger tagger;

  private TagTuning(Path base, TextTagger tagger, Adapter adapter) {
    super(base, tagger.model(), tagger.encoder().tokenizer(), adapter);
    this.tagger = tagger;
  }

  /**
   * A parameter-efficient method on a model; its head is trained as a whole.
   *
   * @param labels see {@link #labels}
   * @param quantized what the base is held in, or null
   */
  public static TagTuning adapted(Path base, Labels labels, AdapterConfig config, long seed, DType quantized) throws IOException {
    PretrainedModel model = load(base, labels, seed, quantized);
    return of(base, model, Adapter.attach(model, config, seed));
  }

  /** All weights of a model. */
  public static TagTuning full(Path base, Labels labels, long seed) throws IOException {
    PretrainedModel model = load(base, labels, seed, null);
    requireWhole(base, model);
    model.setTrainable(true);
    return of(base, model, null);
  }

  private static PretrainedModel load(Path base, Labels labels, long seed, DType quantized) {
    return new ModelLoader(base).task(Task.TOKEN_CLASSIFICATION).labels(labels).seed(seed).quantize(quantized).load();
  }

  private static TagTuning of(Path base, PretrainedModel model, Adapter adapter) throws IOException {
    return new TagTuning(base, new TextTagger(model, Tokenizer.load(base), TextTagger.usualLength(model)), adapter);
  }

  /** Windows of another number of tokens. */
  public TagTuning withMaxLength(int maxLength) {
    return new TagTuning(base(), new TextTagger(model(), tokenizer(), maxLength), adapter());
  }

  /** The tags there are to learn: O, then type by type. */
  public static Labels labels(Dataset<Example.Tagged> data) {
    Set<String> tags = new TreeSet<>(Comparator.comparing((String tag) -> TagSpan.type(tag))
        .thenComparingInt(tag -> PREFIXES.indexOf(tag.charAt(0))));
    for (int i = 0; i < data.size(); i++) {
      data.row(i).tags().stream().filter(tag -> !tag.equals(OUTSIDE)).forEach(tags::add);
    }
    List<String> names = new ArrayList<>(List.of(OUTSIDE));
    names.addAll(tags);
    return new Labels(names, Labels.Kind.SINGLE_LABEL);
  }

  @Override
  protected Objective objective(TrainingSet training, TrainConfig config) {
    if (config.klPenalty() != 0 || config.focalGamma() != 0 || !config.classWeights().isEmpty()) {
      throw new IllegalArgumentException("kl_penalty, focal_gamma and class_weights are not for taggers");
    }
    return new TagObjective(new CrossEntropySettings(null, (float) config.labelSmoothing(), (float) config.zLoss()));
  }

  /** Windows as the model takes them. Fails for a tag that the model does not have. */
  @Override
  public TrainingSet encode(Dataset<Example.Tagged> data) {
    List<String> names = model().labels().names();
    List<int[]> tokens = new ArrayList<>();
    List<TagObjective.Tags> targets = new ArrayList<>();
    for (int i = 0; i < data.size(); i++) {
      Example.Tagged row = data.row(i);
      for (WordEncoder.Window window : tagger.encoder().windows(row.text(), TextTagger.starts(row), TextTagger.ends(row))) {
        int[] target = new int[window.tokens().length];
        for (int t = 0; t < target.length; t++) {
          int word = window.words()[t];
          target[t] = word < 0 ? -1 : names.indexOf(row.words().get(word).tag());
          if (word >= 0 && target[t] < 0) {
            throw new DataException(data.source(), data.line(i), "the tag '" + row.words().get(word).tag()
                + "' does not occur in the rows that are learnt from; tags: " + String.join(", ", names));
          }
        }
        tokens.add(window.tokens());
        targets.add(new TagObjective.Tags(target));
      }
    }
    return new TrainingSet(tokens, null, targets);
  }

  /** The model in its present state, ready to use. */
  public TextTagger tagger() {
    return tagger;
  }

  /** Measures a tagger on rows: words and spans. A word without tokens counts as O. */
  public static Evaluation evaluate(TextTagger tagger, Dataset<Example.Tagged> data, Bootstrap bootstrap) {
    List<TextTagger.Tagging> found = tagger.words(data.rows());
    List<String> names = tagger.model().labels().names();
    List<Prediction> predictions = new ArrayList<>();
    for (int i = 0; i < data.size(); i++) {
      Example.Tagged row = data.row(i);
      double loss = 0;
      for (int w = 0; w < row.words().size(); w++) {
        float[] logits = found.get(i).logits().get(w);
        int truth = names.indexOf(row.words().get(w).tag());
        if (truth < 0) {
          throw new DataException(data.source(), data.line(i), "the tag '" + row.words().get(w).tag()
              + "' is none of the model's: " + String.join(", ", names));
        }
        loss += logits == null ? 0 : Logits.crossEntropy(logits, truth);
      }
      predictions.add(new Prediction.OneTagging(Row.of(data.line(i), row.text()), row.tags(), found.get(i).tags(),
          row.words().isEmpty() ? 0 : loss / row.words().size()));
    }
    return Evaluation.of(List.of(), predictions, bootstrap);
  }
}
