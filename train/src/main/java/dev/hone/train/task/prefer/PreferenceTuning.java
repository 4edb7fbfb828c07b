package dev.hone.train.task.prefer;

import dev.hone.core.DType;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.chat.ChatTemplates;
import dev.hone.train.Objective;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.task.Tuning;
import dev.hone.train.task.WeightsHash;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * From a language model's directory and judged answers to a model that prefers the better ones, or to a reward model.
 *
 * {@snippet :
 * Dataset<Example.Judged> data = Dataset.judged(Path.of("pairs.jsonl"), DataOptions.DETECT);
 * PreferenceTuning tuning = PreferenceTuning.adapted(Path.of("stories260K"), LoraConfig.of(8, 16),
 *     PreferenceSettings.of(Map.of("preference_loss", "sigmoid")), 42, null);
 * tuning.train(data, null, TrainConfig.defaults(1e-4));
 * tuning.save(Path.of("out/adapter"));
 * }
 *
 * <p>The reference of losses that have one is the model as it lies in its directory, or that with another frozen adapter; its
 * log-probabilities are computed when rows are encoded, once.
 */
public final class PreferenceTuning extends Tuning<Example.Judged> {
  /** Tokens that rows are cut to unless something else is asked for, or the model takes less. */
  public static final int USUAL_LENGTH = 1024;
  private static final int REFERENCE_BATCH = 16;
  private static final Labels REWARD = new Labels(List.of("reward"), Labels.Kind.REGRESSION);

  private final PreferenceSettings settings;
  private final PreferenceEncoder encoder;
  private final DType quantized;
  private Path referenceAdapter; // null: the model without any
  private Path cache; // null: nothing is kept
  private Pass.Savings savings = Pass.Savings.ALL; // of the reference
  private ReferenceCache known; // what cache has; null until it is needed
  private PretrainedModel frozen; // null until it is needed

  private PreferenceTuning(Path base, PretrainedModel model, Adapter adapter, PreferenceSettings settings, DType quantized,
      PreferenceEncoder encoder) {
    super(base, model, encoder.language().tokenizer(), adapter);
    this.settings = settings;
    this.encoder = encoder;
    this.quantized = quantized;
  }

  /**
   * A parameter-efficient method on a model.
   *
   * @param quantized what the base is held in, or null
   */
  public static PreferenceTuning adapted(Path base, AdapterConfig method, PreferenceSettings settings, long seed, DType quantized)
      throws IOException {
    PretrainedModel model = model(base, settings, seed, quantized);
    return of(base, model, Adapter.attach(model, method, seed), settings, quantized);
  }

  /** All weights of a model. */
  public static PreferenceTuning full(Path base, PreferenceSettings settings, long seed) throws IOException {
    PretrainedModel model = model(base, settings, seed, null);
    requireWhole(base, model);
    model.setTrainable(true);
    return of(base, model, null, settings, null);
  }

  private static PretrainedModel model(Path base, PreferenceSettings settings, long seed, DType quantized) {
    return settings.loss() == PreferenceLoss.REWARD ? PretrainedModel.load(base, REWARD, seed, quantized)
        : PretrainedModel.load(base, Task.CAUSAL_LM, quantized);
  }

  private static PreferenceTuning of(Path base, PretrainedModel model, Adapter adapter, PreferenceSettings settings,
      DType quantized) throws IOException {
    LanguageEncoder language = LanguageEncoder.of(Tokenizer.load(base), ChatTemplates.read(base), GenerationSettings.read(base),
        model.config().vocabSize(), Math.min(USUAL_LENGTH, model.maxLength()));
    return new PreferenceTuning(base, model, adapter, settings, quantized,
        new PreferenceEncoder(language, settings.loss(), REFERENCE_BATCH));
  }

  private PreferenceTuning with(PreferenceEncoder other) {
    PreferenceTuning tuning = new PreferenceTuning(base(), model(), adapter(), settings, quantized, other);
    tuning.referenceAdapter = referenceAdapter;
    tuning.cache = cache;
    tuning.savings = savings;
    return tuning;
  }

  /** This tuning with rows cut to another number of tokens. */
  public PreferenceTuning withMaxLength(int length) {
    return with(new PreferenceEncoder(encoder.language().withRows(length, false), encoder.loss(), encoder.batchSize()));
  }

  /** This tuning with another chat template, by its Jinja source; it is saved with what is tuned. */
  public PreferenceTuning withTemplate(String source) {
    return with(new PreferenceEncoder(encoder.language().withTemplate(source), encoder.loss(), encoder.batchSize()));
  }

  /** This tuning where KTO pairs prompts with answers of others within so many rows: the batch size of the run to come. */
  public PreferenceTuning withBatchSize(int rows) {
    return with(new PreferenceEncoder(encoder.language(), encoder.loss(), rows));
  }

  /**
   * Where the reference's log-probabilities are kept, and what adapter it has.
   *
   * @param adapter a directory, or null for the model alone
   * @param file made if it does not exist; null to keep nothing
   */
  public void setReference(Path adapter, Path file) {
    referenceAdapter = adapter;
    cache = file;
    known = null;
    frozen = null;
  }

  /**
   * What the reference does not compute: the savings of the run to come, so that equal models have equal numbers; without a call
   * all that a run saves by default.
   */
  public void setSavings(Pass.Savings savings) {
    this.savings = savings;
  }

  /** What is optimised. */
  public PreferenceSettings settings() {
    return settings;
  }

  /** How rows become tokens. */
  public PreferenceEncoder encoder() {
    return encoder;
  }

  /** Measures the model in its present state. */
  public PreferenceJudge judge() {
    return new PreferenceJudge(model(), settings.loss().hasReference() ? this::referenced : null, encoder.language(), settings);
  }

  /** The model in its present state, ready to write. Throws if it is a reward model. */
  public TextGenerator generator() throws IOException {
    return TextGenerator.of(model(), tokenizer(), base(), null);
  }

  @Override
  public TrainingSet encode(Dataset<Example.Judged> data) {
    return set(encoder.encode(data));
  }

  /** Encoded rows with their reference. */
  TrainingSet set(PreferenceEncoder.Encoded encoded) {
    return PreferenceRow.set(settings.loss().hasReference() ? referenced(encoded.rows()) : encoded.rows());
  }

  /** Encodes rows and says what came out in a line. */
  public TrainingSet encode(Dataset<Example.Judged> data, Consumer<String> say) {
    PreferenceEncoder.Encoded encoded = encoder.encode(data);
    say.accept(encoded.description(settings.loss() == PreferenceLoss.REWARD));
    return set(encoded);
  }

  private List<PreferenceRow> referenced(List<PreferenceRow> rows) {
    try {
      if (known == null && cache != null) {
        known = ReferenceCache.open(cache, WeightsHash.of(base(), referenceAdapter) + (quantized == null ? "" : " " + quantized));
      }
      if (referenceAdapter == null && adapter() != null) {
        try (Adapter.Off _ = adapter().off()) {
          return Reference.of(model(), rows, REFERENCE_BATCH, known, Pass.inference().withSavings(savings));
        }
      }
      if (frozen == null) {
        frozen = PretrainedModel.load(base(), Task.CAUSAL_LM, quantized);
        if (referenceAdapter != null) {
          AdapterFiles.load(referenceAdapter, frozen);
        }
      }
      return Reference.of(frozen, rows, REFERENCE_BATCH, known, Pass.inference().withSavings(savings));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected Objective objective(TrainingSet training, TrainConfig config) {
    refuse(!config.classWeights().isEmpty() || config.focalGamma() != 0, "class_weights and focal_gamma are for classifiers");
    refuse(config.zLoss() != 0, "z_loss is not for preferences");
    refuse(config.klPenalty() != 0, "kl_penalty is not for preferences: beta says how near to the reference the model stays");
    refuse(config.neftuneAlpha() != 0, "neftune_noise_alpha is not for preferences: they compare without noise");
    refuse(settings.loss() == PreferenceLoss.KTO && config.batchSize() < 2,
        "preference_loss kto compares rows of a batch: batch_size must be at least 2");
    return objective(config.labelSmoothing());
  }

  /** The objective without label smoothing. */
  Objective objective() {
    return objective(0);
  }

  private Objective objective(double smoothing) {
    PreferenceLoss loss = settings.loss();
    refuse(smoothing != 0 && (loss == PreferenceLoss.KTO || loss == PreferenceLoss.REWARD),
        "label_smoothing_factor is not for preference_loss " + loss.title());
    return switch (loss) {
      case KTO -> new KtoObjective(settings);
      case REWARD -> new RewardObjective(settings);
      default -> new PairObjective(new PairLoss(settings, smoothing));
    };
  }

  private static void refuse(boolean wrong, String why) {
    if (wrong) {
      throw new IllegalArgumentException(why);
    }
  }

  /** As {@link Tuning#save}, with the chat template and the generation settings that belong to what was tuned. */
  @Override
  public void save(Path directory) throws IOException {
    super.save(directory);
    String template = encoder.language().templates().sources().get("default");
    if (template != null && (adapter() != null || !template.equals(ChatTemplates.read(base()).sources().get("default")))) {
      ChatTemplates.write(directory, encoder.language().templates().named("default"));
    }
    if (settings.loss() != PreferenceLoss.REWARD && !Files.exists(directory.resolve(GenerationSettings.FILE))) {
      generator().settings().write(directory);
    }
  }
}
