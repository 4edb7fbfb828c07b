package dev.hone.train.task.generate;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.core.DType;
import dev.hone.core.ShapeException;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.load.ModelLoader;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.chat.ChatTemplates;
import dev.hone.train.Objective;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * From a language model's directory and texts, prompts with completions or conversations to a tuned language model.
 *
 * {@snippet :
 * Dataset<Example.Language> data = Dataset.language(Path.of("instructions.jsonl"), DataOptions.DETECT);
 * LanguageTuning tuning = LanguageTuning.lora(Path.of("stories260K"), LoraConfig.of(8, 16), 42);
 * tuning.train(data, null, TrainConfig.defaults(1e-3));
 * tuning.save(Path.of("out/adapter"));
 * }
 */
public final class LanguageTuning extends Tuning<Example.Language> {
  private final TextGenerator generator;

  private LanguageTuning(Path base, TextGenerator generator, Adapter adapter) {
    super(base, generator.model(), generator.encoder().tokenizer(), adapter);
    this.generator = generator;
  }

  /** LoRA on a model. */
  public static LanguageTuning lora(Path base, LoraConfig config, long seed) throws IOException {
    return adapted(base, config, seed);
  }

  /** A parameter-efficient method on a model. */
  public static LanguageTuning adapted(Path base, AdapterConfig config, long seed) throws IOException {
    return adapted(base, config, seed, null);
  }

  /**
   * A parameter-efficient method on a model with quantised weights.
   *
   * @param quantized {@link DType#NF4}, {@link DType#Q8_0}, {@link DType#INT8_ROWS} or null
   */
  public static LanguageTuning adapted(Path base, AdapterConfig config, long seed, DType quantized) throws IOException {
    return adapted(base, Tokenizer.load(base), config, seed, quantized);
  }

  /**
   * A parameter-efficient method with a tokenizer that knows more tokens than the model: its tables get rows for them, drawn
   * around the mean of the others.
   */
  public static LanguageTuning adapted(Path base, Tokenizer tokenizer, AdapterConfig config, long seed, DType quantized)
      throws IOException {
    PretrainedModel model = resized(base, tokenizer, seed, quantized);
    Adapter adapter = Adapter.attach(model, config, seed);
    return new LanguageTuning(base, TextGenerator.of(model, tokenizer, base, null), adapter);
  }

  private static PretrainedModel resized(Path base, Tokenizer tokenizer, long seed, DType quantized) {
    ModelLoader loader = new ModelLoader(base).task(Task.CAUSAL_LM).quantize(quantized).seed(seed);
    int rows = ModelLoader.configOf(base.resolve("config.json")).vocabSize();
    return (tokenizer.idBound() > rows ? loader.vocabulary(tokenizer.idBound()) : loader).load();
  }

  /** All weights of a model. */
  public static LanguageTuning full(Path base) throws IOException {
    return full(base, Tokenizer.load(base), 0);
  }

  /**
   * All weights, with a tokenizer that knows more tokens than the model.
   *
   * @param seed of the rows that its tables get
   */
  public static LanguageTuning full(Path base, Tokenizer tokenizer, long seed) throws IOException {
    TextGenerator generator = TextGenerator.of(resized(base, tokenizer, seed, null), tokenizer, base, null);
    requireWhole(base, generator.model());
    generator.model().setTrainable(true);
    return new LanguageTuning(base, generator, null);
  }

  /**
   * A new model with random weights.
   *
   * @param config a {@code config.json}
   * @param tokenizer a {@code tokenizer.json}, or a directory with one; what lies beside it is taken over
   */
  public static LanguageTuning scratch(Path config, Path tokenizer, long seed) throws IOException {
    PretrainedModel model = ModelLoader.ofConfig(config).task(Task.CAUSAL_LM).seed(seed).load();
    Tokenizer pieces = Tokenizer.load(tokenizer);
    if (pieces.idBound() > model.config().vocabSize()) {
      throw new ShapeException(config + ": vocab_size is " + model.config().vocabSize() + ", " + tokenizer + " has ids up to "
          + (pieces.idBound() - 1) + "; make vocab_size at least " + pieces.idBound());
    }
    model.setTrainable(true);
    Path companions = Files.isDirectory(tokenizer) ? tokenizer : tokenizer.toAbsolutePath().getParent();
    return new LanguageTuning(companions, TextGenerator.of(model, pieces, companions, null), null);
  }

  /** This tuning with rows cut to another number of tokens, and with or without learning the prompts. */
  public LanguageTuning withRows(int maxLength, boolean withPrompts) {
    return new LanguageTuning(base(), generator.withRows(maxLength, withPrompts), adapter());
  }

  /** This tuning with another chat template, by its Jinja source; it is saved with what is tuned. */
  public LanguageTuning withTemplate(String source) {
    return new LanguageTuning(base(), generator.withTemplate(source), adapter());
  }

  @Override
  protected Objective objective(TrainingSet training, TrainConfig config) {
    if (!config.classWeights().isEmpty() || config.focalGamma() != 0) {
      throw new IllegalArgumentException("class_weights and focal_gamma are for classifiers, not for language models");
    }
    NextTokenObjective task =
        new NextTokenObjective(new CrossEntropySettings(null, (float) config.labelSmoothing(), (float) config.zLoss()));
    if (config.klPenalty() == 0) {
      return task;
    }
    if (adapter() == null) {
      throw new IllegalArgumentException("kl_penalty compares with the base, which an adapter leaves as it is; it is not for "
          + "method full");
    }
    return new KlRegularizer(task, adapter(), (float) config.klPenalty());
  }

  @Override
  public TrainingSet encode(Dataset<Example.Language> data) {
    return generator.encoder().encode(data).set();
  }

  /** The model in its present state, ready to write. */
  public TextGenerator generator() {
    return generator;
  }

  /** As {@link Tuning#save}, with the chat template and the generation settings that belong to what was tuned. */
  @Override
  public void save(Path directory) throws IOException {
    super.save(directory);
    if (adapter() != null && tokenizer().idBound() > Tokenizer.load(base()).idBound()) {
      tokenizer().save(directory.resolve("tokenizer.json"));
      Path settings = base().resolve("tokenizer_config.json");
      if (Files.isRegularFile(settings)) {
        Files.copy(settings, directory.resolve("tokenizer_config.json"), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    String template = generator.encoder().templates().sources().get("default");
    if (template != null && (adapter() != null || !template.equals(ChatTemplates.read(base()).sources().get("default")))) {
      ChatTemplates.write(directory, generator.encoder().templates().named("default"));
    }
    if (!Files.exists(directory.resolve(GenerationSettings.FILE))) {
      generator.settings().write(directory);
    }
  }
}
