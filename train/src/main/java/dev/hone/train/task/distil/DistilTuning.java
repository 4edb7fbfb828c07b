package dev.hone.train.task.distil;

import dev.hone.core.DType;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.AdapterFiles;
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
import java.util.function.Consumer;

/**
 * From a small language model, a large one with the same tokens, and texts to a small model that answers as the large one does.
 *
 * {@snippet :
 * DistilTuning tuning = DistilTuning.full(Path.of("small"), Path.of("large"), null, DistilSettings.of(Map.of()));
 * tuning.train(Dataset.language(Path.of("texts.jsonl"), DataOptions.DETECT), null, TrainConfig.defaults(1e-4));
 * tuning.save(Path.of("out/model"));
 * }
 *
 * <p>The large model is asked when rows are encoded, once.
 */
public final class DistilTuning extends Tuning<Example.Language> {
  private final TextGenerator generator;
  private final Teacher teacher;
  private final DistilSettings settings;
  private final String fingerprint;

  private DistilTuning(Path base, TextGenerator generator, Adapter adapter, Teacher teacher, DistilSettings settings,
      String fingerprint) {
    super(base, generator.model(), generator.encoder().tokenizer(), adapter);
    this.generator = generator;
    this.teacher = teacher;
    this.settings = settings;
    this.fingerprint = fingerprint;
  }

  /** All weights of the small model. */
  public static DistilTuning full(Path base, Path large, Path largeAdapter, DistilSettings settings) throws IOException {
    PretrainedModel model = PretrainedModel.load(base, Task.CAUSAL_LM);
    requireWhole(base, model);
    model.setTrainable(true);
    return of(base, model, null, large, largeAdapter, settings);
  }

  /**
   * A parameter-efficient method on the small model.
   *
   * @param largeAdapter the adapter of the large model, or null
   * @param quantized what the small model's base is held in, or null
   */
  public static DistilTuning adapted(Path base, AdapterConfig method, Path large, Path largeAdapter, DistilSettings settings,
      long seed, DType quantized) throws IOException {
    PretrainedModel model = PretrainedModel.load(base, Task.CAUSAL_LM, quantized);
    return of(base, model, Adapter.attach(model, method, seed), large, largeAdapter, settings);
  }

  private static DistilTuning of(Path base, PretrainedModel model, Adapter adapter, Path large, Path largeAdapter,
      DistilSettings settings) throws IOException {
    PretrainedModel teacher = PretrainedModel.load(large, Task.CAUSAL_LM);
    if (largeAdapter != null) {
      AdapterFiles.load(largeAdapter, teacher);
    }
    Tokenizer own = Tokenizer.load(base);
    Tokenizer other = Tokenizer.load(large);
    if (teacher.config().vocabSize() != model.config().vocabSize()) {
      throw new IllegalArgumentException("teacher " + large + " has " + teacher.config().vocabSize() + " tokens, the model "
          + model.config().vocabSize() + "; both must have the same");
    }
    for (int id = 0; id < Math.max(own.idBound(), other.idBound()); id++) {
      String one = id < own.idBound() ? own.token(id) : null;
      String two = id < other.idBound() ? other.token(id) : null;
      if (one == null ? two != null : !one.equals(two)) {
        throw new IllegalArgumentException("teacher " + large + ": token " + id + " is '" + two + "', the model's is '" + one
            + "'; both must have the same tokens");
      }
    }
    int top = Math.min(settings.top(), model.config().vocabSize());
    return new DistilTuning(base, TextGenerator.of(model, own, base, null), adapter,
        new Teacher(teacher, settings.temperature(), top), settings, WeightsHash.of(large, largeAdapter));
  }

  /** This tuning with rows cut to another number of tokens, and with or without learning the prompts. */
  public DistilTuning withRows(int maxLength, boolean withPrompts) {
    return new DistilTuning(base(), generator.withRows(maxLength, withPrompts), adapter(), teacher, settings, fingerprint);
  }

  @Override
  protected Objective objective(TrainingSet training, TrainConfig config) {
    if (!config.classWeights().isEmpty() || config.focalGamma() != 0 || config.labelSmoothing() != 0 || config.zLoss() != 0
        || config.klPenalty() != 0) {
      throw new IllegalArgumentException("class_weights, focal_gamma, label_smoothing_factor, z_loss and kl_penalty are not "
          + "for distillation");
    }
    return new DistilObjective(settings, teacher.top());
  }

  @Override
  public TrainingSet encode(Dataset<Example.Language> data) {
    return encode(data, null, _ -> { });
  }

  /**
   * Encodes rows and asks the teacher.
   *
   * @param file where what it says is kept, or null
   * @param say told what came out
   */
  public TrainingSet encode(Dataset<Example.Language> data, Path file, Consumer<String> say) {
    LanguageEncoder.Encoded encoded = generator.encoder().encode(data);
    say.accept(encoded.description());
    try {
      return teacher.teach(encoded.set(), file, fingerprint);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The model in its present state, ready to write. */
  public TextGenerator generator() {
    return generator;
  }

  /** As {@link Tuning#save}, with the chat template and the generation settings that belong to what was tuned. */
  @Override
  public void save(Path directory) throws IOException {
    super.save(directory);
    if (adapter() != null && generator.encoder().templates().sources().get("default") != null) {
      ChatTemplates.write(directory, generator.encoder().templates().named("default"));
    }
    if (!Files.exists(directory.resolve(GenerationSettings.FILE))) {
      generator.settings().write(directory);
    }
  }
}
