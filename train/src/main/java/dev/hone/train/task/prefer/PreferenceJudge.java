package dev.hone.train.task.prefer;

import dev.hone.core.DType;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.load.ModelLoader;
import dev.hone.tokenizer.chat.ChatTemplates;
import dev.hone.train.Evaluated;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.evaluation.Prediction;
import dev.hone.train.evaluation.Row;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.metric.Bootstrap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Measures on judged answers which of them a model takes for the better ones: a language model by their log-probabilities, a
 * reward model by its numbers.
 *
 * {@snippet :
 * PreferenceJudge judge = PreferenceJudge.load(Path.of("stories260K"), Path.of("out/adapter"), null);
 * Dataset<Example.Judged> pairs = Dataset.judged(Path.of("pairs.jsonl"), DataOptions.DETECT);
 * Figure accuracy = judge.evaluate(pairs, Bootstrap.USUAL).figure("accuracy");
 * }
 */
public final class PreferenceJudge {
  private static final int BATCH = 16;

  private final PretrainedModel model;
  private final UnaryOperator<List<PreferenceRow>> reference; // null: none, so that there are no rewards
  private final LanguageEncoder language;
  private final PreferenceSettings settings;

  PreferenceJudge(PretrainedModel model, UnaryOperator<List<PreferenceRow>> reference, LanguageEncoder language,
      PreferenceSettings settings) {
    this.model = model;
    this.reference = reference;
    this.language = language;
    this.settings = settings;
  }

  /**
   * Loads a model. With an adapter its base is the reference that rewards compare with.
   *
   * @param adapter the adapter's directory, or null; one of a classifier with a single number is a reward model
   * @param quantized what the base is held in, or null
   */
  public static PreferenceJudge load(Path directory, Path adapter, DType quantized) throws IOException {
    Task task = adapter == null ? ModelLoader.taskOf(directory) : AdapterFiles.task(adapter, directory);
    boolean reward = task == Task.SEQUENCE_CLASSIFICATION;
    PreferenceSettings settings = PreferenceSettings.of(Map.of("preference_loss", reward ? "reward" : "sigmoid"));
    if (reward) {
      TextClassifier classifier = TextClassifier.load(directory, adapter, quantized);
      if (classifier.model().labels().size() != 1) {
        throw new IllegalArgumentException("a reward model answers with one number, and this classifier has the labels "
            + String.join(", ", classifier.model().labels().names()));
      }
      ChatTemplates templates = ChatTemplates.read(directory);
      Map<String, String> own = adapter == null ? Map.of() : ChatTemplates.read(adapter).sources();
      LanguageEncoder language = LanguageEncoder.of(classifier.tokenizer(),
          own.isEmpty() ? templates : new ChatTemplates(own, templates.specialTokens()), GenerationSettings.read(directory),
          classifier.model().config().vocabSize(), usualLength(classifier.model()));
      return new PreferenceJudge(classifier.model(), null, language, settings);
    }
    TextGenerator generator = TextGenerator.load(directory, adapter, quantized);
    PretrainedModel base = adapter == null ? null : PretrainedModel.load(directory, Task.CAUSAL_LM, quantized);
    return new PreferenceJudge(generator.model(), base == null ? null : rows -> Reference.of(base, rows, BATCH, null),
        generator.encoder().withRows(usualLength(generator.model()), false), settings);
  }

  private static int usualLength(PretrainedModel model) {
    return Math.min(PreferenceTuning.USUAL_LENGTH, model.maxLength());
  }

  /** This judge with rows cut to another number of tokens. */
  public PreferenceJudge withMaxLength(int length) {
    return new PreferenceJudge(model, reference, language.withRows(length, false), settings);
  }

  /** Which rows {@link #evaluate} measures, by number: those that are not left out, in the order of its predictions. */
  public int[] source(Dataset<Example.Judged> data) {
    return encoder(data).encode(data).source();
  }

  private PreferenceEncoder encoder(Dataset<Example.Judged> data) {
    PreferenceLoss as = data.row(0) instanceof Example.Rated ? PreferenceLoss.KTO
        : settings.loss() == PreferenceLoss.REWARD ? PreferenceLoss.REWARD : PreferenceLoss.SIGMOID;
    return new PreferenceEncoder(language, as, BATCH);
  }

  /**
   * Measures rows: pairs by {@code accuracy}, {@code margin} and, where there is a reference, figures of rewards; single answers
   * as rows with the one label {@code liked}, which is predicted of a reward above 0.
   */
  public Evaluation evaluate(Dataset<Example.Judged> data, Bootstrap bootstrap) {
    if (data.row(0) instanceof Example.Rated) {
      return rated(data, bootstrap);
    }
    boolean reward = settings.loss() == PreferenceLoss.REWARD;
    PreferenceEncoder.Encoded encoded = encoder(data).encode(data);
    List<PreferenceRow> pairs = encoded.rows();
    List<Prediction> predictions = new ArrayList<>();
    if (reward) {
      TrainingSet set = PreferenceRow.set(pairs);
      float[][] rewards = Evaluated.of(model, new RewardObjective(settings), set, BATCH).logits();
      for (int i = 0; i < rewards.length; i++) {
        predictions.add(new Prediction.OnePair(row(data, encoded.source()[i]), rewards[i][0], rewards[i][1], 0, 0, Double.NaN,
            Double.NaN, rewards[i][4]));
      }
      return Evaluation.of(List.of(), predictions, bootstrap);
    }
    List<PreferenceRow> now = Reference.of(model, pairs, BATCH, null);
    List<PreferenceRow> before = reference == null ? null : reference.apply(pairs);
    double beta = settings.beta();
    for (int i = 0; i < pairs.size(); i++) {
      PreferenceRow pair = now.get(i);
      double chosen = pair.firstReference();
      double rejected = pair.secondReference();
      boolean compared = before != null;
      predictions.add(new Prediction.OnePair(row(data, encoded.source()[i]), chosen, rejected,
          tokens(pair.first(), pair.firstAnswer()), tokens(pair.second(), pair.secondAnswer()),
          compared ? beta * (chosen - before.get(i).firstReference()) : Double.NaN,
          compared ? beta * (rejected - before.get(i).secondReference()) : Double.NaN,
          PairLoss.softplus(-beta * (chosen - rejected))));
    }
    return Evaluation.of(List.of(), predictions, bootstrap);
  }

  private Evaluation rated(Dataset<Example.Judged> data, Bootstrap bootstrap) {
    if (settings.loss() == PreferenceLoss.REWARD || reference == null) {
      throw new IllegalArgumentException("single answers are measured by their rewards, which compare a language model that has "
          + "an adapter with its base; rows with chosen and rejected answers can be measured without");
    }
    PreferenceEncoder.Encoded encoded = encoder(data).encode(data);
    List<PreferenceRow> now = Reference.of(model, encoded.rows(), BATCH, null);
    List<PreferenceRow> before = reference.apply(encoded.rows());
    List<Prediction> predictions = new ArrayList<>();
    for (int i = 0; i < now.size(); i++) {
      float reward = (float) settings.beta() * (now.get(i).firstReference() - before.get(i).firstReference());
      predictions.add(Prediction.SomeLabels.ofLogits(row(data, encoded.source()[i]),
          new float[] {Math.max(0, now.get(i).extra())}, new float[] {reward}));
    }
    return Evaluation.of(List.of("liked"), predictions, bootstrap);
  }

  /** How many tokens of an answer count. */
  private static int tokens(int[] sequence, int answer) {
    return sequence.length - Math.max(1, answer);
  }

  private static Row row(Dataset<Example.Judged> data, int i) {
    Example.Judged row = data.row(i);
    String prompt = row.prompt() instanceof Example.Text(String text) ? text
        : row.prompt() instanceof Example.Chat chat && !chat.messages().isEmpty() ? chat.words(chat.messages().size() - 1) : "";
    return Row.of(data.line(i), prompt, row.toString());
  }
}
