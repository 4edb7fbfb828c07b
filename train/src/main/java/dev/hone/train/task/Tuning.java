package dev.hone.train.task;

import dev.hone.autograd.Parameter;
import dev.hone.core.DType;
import dev.hone.core.io.AtomicFile;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.chat.ChatTemplates;
import dev.hone.train.Metric;
import dev.hone.train.Objective;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.Trainer;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.distributed.Ranks;
import dev.hone.train.encode.TrainingSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BiFunction;

/**
 * From a model directory and rows to a tuned model: what all tasks share.
 *
 * @param <E> the kind of rows
 */
public abstract class Tuning<E extends Example> {
  /** What stands beside the weights in a model directory and holds for the tuned model as well. */
  private static final List<String> COMPANIONS = List.of("tokenizer_config.json", "special_tokens_map.json",
      "chat_template.jinja", "generation_config.json");

  private final Path base;
  private final PretrainedModel model;
  private final Tokenizer tokenizer;
  private final Adapter adapter; // null: the whole model is trained
  private final List<TrainListener> listeners = new ArrayList<>();
  private final Object running = new Object();
  private String baseName;
  private Checkpoints checkpoints;
  private boolean resume;
  private BiFunction<TrainingSet, TrainConfig, Objective> own; // null: what the task learns
  private Ranks ranks = Ranks.alone();
  private Metric metric; // null: what the settings name
  private volatile Trainer trainer; // that runs, or null

  /**
   * What a task tunes.
   *
   * @param base the directory that the model, or its tokenizer, came from
   * @param adapter null: the whole model is trained
   */
  protected Tuning(Path base, PretrainedModel model, Tokenizer tokenizer, Adapter adapter) {
    this.base = base;
    this.baseName = base.toString();
    this.model = model;
    this.tokenizer = tokenizer;
    this.adapter = adapter;
  }

  /** Fails if a model that is to be trained whole has weights that cannot be. */
  protected static void requireWhole(Path base, PretrainedModel model) {
    if (model.quantization() != null) {
      throw new IllegalArgumentException(base + " is quantised (" + model.quantization().torchName() + "): method full trains "
          + "every weight, which so few bits cannot hold; train an adapter, such as lora");
    }
  }

  /** What is learnt from these rows. */
  protected abstract Objective objective(TrainingSet training, TrainConfig config);

  /** Rows as the model takes them. */
  public abstract TrainingSet encode(Dataset<E> data);

  /** Adds a listener to the runs to come. */
  public final void addListener(TrainListener listener) {
    listeners.add(listener);
  }

  /**
   * Learns by a loss of your own in the runs to come. Settings of the task's own loss (label smoothing, class weights, ...) are
   * then yours to read; whoever resumes such a run sets the same loss, which no checkpoint can check.
   *
   * @param objective makes the loss from the encoded rows and the settings
   */
  public final void setObjective(BiFunction<TrainingSet, TrainConfig, Objective> objective) {
    own = objective;
  }

  /** Chooses the best step of the runs to come by a measure of your own; see {@link Trainer#setMetric}. */
  public final void setMetric(Metric measure) {
    metric = measure;
  }

  /** Writes checkpoints in the runs to come; see {@link Trainer#setCheckpoints}. */
  public final void setCheckpoints(Checkpoints checkpoints, boolean resume) {
    this.checkpoints = checkpoints;
    this.resume = resume;
  }

  /** Shares the runs to come with other processes; see {@link Trainer#setRanks}. */
  public final void setRanks(Ranks others) {
    ranks = others;
  }

  /**
   * Trains.
   *
   * @param heldOut rows to evaluate on and to choose the best step by, or null
   */
  public final Trainer.Result train(Dataset<E> training, Dataset<E> heldOut, TrainConfig config) {
    requireRows(training);
    if (heldOut != null) {
      requireRows(heldOut);
    }
    return train(encode(training), heldOut == null ? null : encode(heldOut), config);
  }

  private static void requireRows(Dataset<?> data) {
    if (data.size() == 0) {
      throw new DataException(data.source(), "has no rows");
    }
  }

  /**
   * Trains on rows that are encoded already.
   *
   * @throws IllegalStateException if another thread trains or asks the model
   */
  public final Trainer.Result train(TrainingSet training, TrainingSet heldOut, TrainConfig config) {
    Trainer next = trainer(training, config);
    next.setCheckpoints(checkpoints, resume);
    synchronized (running) {
      if (trainer != null) {
        throw new IllegalStateException("train: a training of this model runs already; wait for its end, or tune the model once "
            + "more");
      }
      trainer = next;
    }
    try {
      return next.train(training, heldOut);
    } finally {
      trainer = null;
    }
  }

  /** The trainer of such a run, with the listeners, to be used in other ways than {@link #train}. */
  public final Trainer trainer(TrainingSet training, TrainConfig config) {
    Objective learnt = own == null ? objective(training, config) : own.apply(training, config);
    Trainer made = new Trainer(model, parameters(), PenalizedObjective.of(learnt, adapter), config);
    if (metric != null) {
      made.setMetric(metric);
    }
    made.setRanks(ranks);
    made.setRankAllocator(adapter == null ? null : adapter.rankAllocator());
    listeners.forEach(made::addListener);
    return made;
  }

  /** Ends the run that goes on, if there is one, after its current step; those to come are not concerned. */
  public final void stop() {
    Trainer now = trainer;
    if (now != null) {
      now.stop();
    }
  }

  /** What is trained. */
  public final Collection<Parameter> parameters() {
    return adapter == null ? model.parameters().values() : adapter.parameters().values();
  }

  /** The model in its present state. */
  public final PretrainedModel model() {
    return model;
  }

  /** Its tokenizer. */
  public final Tokenizer tokenizer() {
    return tokenizer;
  }

  /** The adapter, or null if the whole model is trained. */
  public final Adapter adapter() {
    return adapter;
  }

  /** Sets what adapters call their base; without it the directory that it came from. */
  public final void setBaseName(String name) {
    baseName = name;
  }

  /** The directory that the model, or its tokenizer, came from. */
  public final Path base() {
    return base;
  }

  /** Writes the adapter's directory, or the whole model's with its tokenizer and what else stood beside the weights. */
  public void save(Path directory) throws IOException {
    if (adapter != null) {
      AdapterFiles.save(adapter, directory, baseName);
      return;
    }
    model.save(directory, DType.F32);
    tokenizer.save(directory.resolve("tokenizer.json"));
    copyCompanions(base, directory);
  }

  /** Copies {@code tokenizer.json}, if there is one, and {@link #copyCompanions the rest}. */
  public static void copyTokenizer(Path base, Path directory) throws IOException {
    Path tokenizer = base.resolve("tokenizer.json");
    if (Files.isRegularFile(tokenizer)) {
      Files.copy(tokenizer, directory.resolve("tokenizer.json"), StandardCopyOption.REPLACE_EXISTING);
    }
    copyCompanions(base, directory);
  }

  /**
   * Copies an adapter's tokenizer, chat template and generation settings, which go before its base's, to where a model with the
   * adapter in its weights is.
   */
  public static void copyOwn(Path adapter, Path directory) throws IOException {
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) { // of an adapter that was trained with new tokens
      if (Files.isRegularFile(adapter.resolve("tokenizer.json")) && Files.isRegularFile(adapter.resolve(file))) {
        Files.copy(adapter.resolve(file), directory.resolve(file), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    String template = ChatTemplates.read(adapter).sources().get("default");
    if (template != null) {
      AtomicFile.writeString(directory.resolve(ChatTemplates.FILE), template);
    }
    Path settings = adapter.resolve(GenerationSettings.FILE);
    if (Files.isRegularFile(settings)) {
      Files.copy(settings, directory.resolve(GenerationSettings.FILE), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Copies what stands beside the weights of a model and holds for one that was made of it. */
  public static void copyCompanions(Path base, Path directory) throws IOException {
    for (String name : COMPANIONS) {
      if (Files.isRegularFile(base.resolve(name))) {
        Files.copy(base.resolve(name), directory.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
