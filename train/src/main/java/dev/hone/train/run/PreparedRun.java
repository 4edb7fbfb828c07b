package dev.hone.train.run;

import dev.hone.core.DType;
import dev.hone.lora.AdapterConfig;
import dev.hone.nn.Labels;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.TrainConfig;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.UserError;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.DataParts;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.Split;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.report.RunFacts;
import dev.hone.train.report.RunRecorder;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.TaskName;
import dev.hone.train.task.Tuning;
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.generate.LanguageTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A model and rows, read as the arguments say, ready to train.
 *
 * @param tuning what is trained
 * @param training rows to learn from
 * @param heldOut rows to evaluate on, or null
 * @param recorder measures and describes the run; null if nobody wants that
 * @param reporting what the run leaves besides
 * @param heldOutTexts of a classifier: the texts of {@code heldOut}; else empty
 */
public record PreparedRun(Tuning<?> tuning, TrainingSet training, TrainingSet heldOut, RunRecorder recorder,
    Set<Reporting> reporting, List<String> heldOutTexts) {
  /** While training nobody sees an interval. */
  static final Bootstrap NO_INTERVALS = new Bootstrap(2, 0.95, 0);

  /** A run that leaves no reference to monitor with. */
  public PreparedRun(Tuning<?> tuning, TrainingSet training, TrainingSet heldOut, RunRecorder recorder,
      Set<Reporting> reporting) {
    this(tuning, training, heldOut, recorder, reporting, List.of());
  }

  /** Rows to learn from, rows to evaluate on or null, and rows that only the tuned model is measured on or null. */
  record Parts<E extends Example>(Dataset<E> training, Dataset<E> heldOut, Dataset<E> test) {
    Parts(Dataset<E> training, Dataset<E> heldOut) {
      this(training, heldOut, null);
    }

    /** The rows to measure on at the end, or null. */
    Dataset<E> measured() {
      return test == null ? heldOut : test;
    }
  }

  /** A way to read a file. */
  @FunctionalInterface
  interface Reader<E extends Example> {
    Dataset<E> read(Path file, DataOptions options);
  }

  /** A way to hold rows out. */
  @FunctionalInterface
  interface Cut<E extends Example> {
    Parts<E> cut(Dataset<E> all, double size);
  }

  /** Reads model and rows. What was read is said to {@code say}. */
  public static PreparedRun of(Arguments arguments, TrainConfig config, Consumer<String> say) throws IOException {
    TaskName task = TrainFlags.task(arguments);
    return switch (task) {
      case CLASSIFY -> arguments.on("few-shot") ? FewShotRun.of(arguments, config, say) : classifier(arguments, config, say);
      case GENERATE -> language(arguments, config, say);
      case PREFER -> PreferenceRun.of(arguments, config, say);
      case TAG -> TagRun.of(arguments, config, say);
      case DISTIL -> DistilRun.of(arguments, config, say);
      case EMBED -> EmbeddingRun.of(arguments, config, say);
      case RERANK -> RerankRun.of(arguments, config, say);
    };
  }

  private static PreparedRun classifier(Arguments arguments, TrainConfig config, Consumer<String> say)
      throws IOException {
    Labels.Kind kind = kind(arguments.text("problem-type"));
    boolean classes = kind == Labels.Kind.SINGLE_LABEL;
    Parts<Example.Labelled> parts = parts(arguments, config, say,
        (file, options) -> Dataset.labelled(file, options, kind), (data, size) -> chosen(data,
            classes ? Split.stratified(data, size, config.seed()) : Split.random(data, size, config.seed())));
    String advice = classes ? FewShotRun.advice(parts.training) : null;
    if (advice != null) {
      say.accept(advice);
    }
    Labels labels = ClassifierTuning.labels(parts.training, kind);
    Path model = ModelArgument.resolve(arguments, say);
    AdapterConfig method = MethodFlags.config(arguments, model);
    DType quantized = quantized(arguments, method == null);
    ClassifierTuning tuning = method == null ? ClassifierTuning.full(model, labels, config.seed())
        : ClassifierTuning.adapted(model, labels, method, config.seed(), quantized);
    if (arguments.has("max-length")) {
      tuning = tuning.withMaxLength(arguments.integer("max-length"));
    }
    sayBase(tuning, arguments, say);
    TrainingSet heldOut = parts.heldOut == null ? null : tuning.encode(parts.heldOut);
    TrainingSet training = tuning.encode(parts.training);
    int cut = tuning.classifier().countCut(parts.training.map(Example.Labelled::text), training);
    if (cut > 0) {
      say.accept(cut + " of " + parts.training.size() + " texts are cut to " + tuning.classifier().maxLength() + " tokens");
    }
    Set<Reporting> reporting = Reporting.of(arguments);
    RunRecorder recorder = reporting.contains(Reporting.HTML)
        ? RunRecorder.of(tuning, parts.training, parts.measured(), about(arguments, parts)) : null;
    return new PreparedRun(tuning, training, heldOut, recorder, reporting,
        heldOut == null ? List.of() : parts.heldOut.map(Example.Labelled::text));
  }

  /** What labels are, by the name that Hugging Face has for it. */
  public static Labels.Kind kind(String problemType) {
    for (Labels.Kind kind : Labels.Kind.values()) {
      if (kind.problemType().equals(problemType)) {
        return kind;
      }
    }
    throw new UserError("--problem-type must be " + String.join(", ",
        Arrays.stream(Labels.Kind.values()).map(Labels.Kind::problemType).toList()) + ", is '" + problemType + "'");
  }

  private static PreparedRun language(Arguments arguments, TrainConfig config, Consumer<String> say)
      throws IOException {
    Parts<Example.Language> parts = parts(arguments, config, say, Dataset::language, (data, size) -> {
      if (data.row(0) instanceof Example.Document && data.size() > 1) { // pieces of a text too large for the heap
        return chosen(data, Split.lastRows(data, size));
      }
      if (data.row(0) instanceof Example.Document document) {
        List<Example.Document> halves = document.cut(size);
        return new Parts<>(Dataset.of(data.source(), List.of(halves.getFirst())),
            Dataset.of(data.source(), List.of(halves.getLast())));
      }
      return chosen(data, Split.random(data, size, config.seed()));
    });
    LanguageTuning tuning = languageTuning(arguments, config, say);
    int usual = tuning.generator().encoder().maxLength();
    tuning = tuning.withRows(arguments.has("max-length") ? arguments.integer("max-length") : usual,
        arguments.on("train-on-prompt"));
    sayBase(tuning, arguments, say);
    if (arguments.has("chat-template")) {
      tuning = tuning.withTemplate(Files.readString(arguments.path("chat-template")));
    }
    LanguageEncoder.Encoded training = tuning.generator().encoder().encode(parts.training);
    say.accept("training: " + training.description());
    TrainingSet heldOut = null;
    if (parts.heldOut != null) {
      LanguageEncoder.Encoded encoded = tuning.generator().encoder().encode(parts.heldOut);
      say.accept("held out: " + encoded.description());
      heldOut = encoded.set();
    }
    Set<Reporting> reporting = Reporting.of(arguments);
    RunRecorder recorder = reporting.contains(Reporting.HTML)
        ? RunRecorder.of(tuning, parts.training, parts.measured(), about(arguments, parts)) : null;
    return new PreparedRun(tuning, training.set(), heldOut, recorder, reporting);
  }

  static RunRecorder.About about(Arguments arguments, Parts<?> parts) throws IOException {
    List<RunFacts.DataFile> files = new ArrayList<>();
    DataParts data = DataParts.parse(arguments.required("data"));
    for (Path file : data.files().keySet()) {
      files.add(RunFacts.DataFile.of("training", file));
    }
    Path heldOut = arguments.has("eval-data") ? arguments.path("eval-data") : data.heldOut();
    if (heldOut != null) {
      files.add(RunFacts.DataFile.of("held-out", heldOut));
    }
    if (arguments.has("test-data")) {
      files.add(RunFacts.DataFile.of("test", arguments.path("test-data")));
    }
    if (parts.measured() == null && arguments.has("slice-by")) {
      throw new UserError("--slice-by groups the rows that are measured, and there are none: give --test-data or --eval-data");
    }
    boolean made = arguments.has("init");
    return new RunRecorder.About(arguments.required(made ? "init" : "model"), made ? "full" : arguments.text("method"), files,
        parts.measured() == null ? "" : parts.test == null ? "held-out" : "test", arguments.list("slice-by"));
  }

  private static LanguageTuning languageTuning(Arguments arguments, TrainConfig config, Consumer<String> say) throws IOException {
    if (arguments.has("init")) {
      if (arguments.has("model") || arguments.has("method") && !MethodFlags.isFull(arguments)) {
        throw new UserError("--init makes a new model: leave out --model, and --method or say full");
      }
      quantized(arguments, true);
      return LanguageTuning.scratch(arguments.path("init"), Path.of(arguments.required("tokenizer")), config.seed());
    }
    Path model = ModelArgument.resolve(arguments, say);
    AdapterConfig method = MethodFlags.config(arguments, model);
    DType quantized = quantized(arguments, method == null);
    if (!VocabularyFlags.adds(arguments)) {
      return method == null ? LanguageTuning.full(model) : LanguageTuning.adapted(model, method, config.seed(), quantized);
    }
    if (arguments.has(MethodFlags.INIT_ADAPTER)) {
      throw new UserError("--add-tokens and --init-adapter: merge the adapter (hone merge) and add tokens to the merged model");
    }
    Tokenizer tokenizer = VocabularyFlags.extended(Tokenizer.load(model), arguments);
    say.accept("vocabulary: " + VocabularyFlags.rows(model, tokenizer) + " rows for " + tokenizer.vocabSize() + " tokens");
    return method == null ? LanguageTuning.full(model, tokenizer, config.seed())
        : LanguageTuning.adapted(model, tokenizer, VocabularyFlags.carrying(method, model), config.seed(), quantized);
  }

  /** What the base is quantised to, or null. */
  static DType quantized(Arguments arguments, boolean whole) {
    DType type = QuantFlags.of(arguments);
    if (whole && type != null) {
      throw new UserError("the base is to be held in " + QuantFlags.name(type) + ", and all weights are to be trained, which so "
          + "few bits cannot hold; leave out --load-in-4bit and its like, or train an adapter (--method lora)");
    }
    return type;
  }

  /** Says how the base is held, remembers what the user calls it, and starts from a stored adapter if one is named. */
  static void sayBase(Tuning<?> tuning, Arguments arguments, Consumer<String> say) {
    if (arguments.has("model")) {
      tuning.setBaseName(arguments.text("model"));
    }
    String held = QuantFlags.describe(tuning.model());
    if (held != null) {
      say.accept(held);
    }
    MethodFlags.start(tuning, arguments, say);
  }

  static <E extends Example> Parts<E> parts(Arguments arguments, TrainConfig config, Consumer<String> say,
      Reader<E> reader, Cut<E> cut) {
    DataOptions options = TrainFlags.data(arguments);
    DataOptions grouped = options.withMore(arguments.list("slice-by")); // of the rows that are measured at the end
    boolean tested = arguments.has("test-data");
    DataParts data = DataParts.parse(arguments.required("data"));
    Path apart = arguments.has("eval-data") ? arguments.path("eval-data") : data.heldOut();
    List<Dataset<E>> training = new ArrayList<>();
    List<Dataset<E>> heldOut = new ArrayList<>();
    data.files().forEach((file, weight) -> {
      Dataset<E> all = reader.read(file, tested || apart != null ? options : grouped);
      say.accept(all.description() + (weight == 1 ? "" : "; weight " + weight));
      if (apart != null || arguments.number("val-size") == 0) {
        training.add(all.weighted(weight, config.seed()));
        return;
      }
      Parts<E> parts = cut.cut(all, arguments.number("val-size")); // before rows are repeated: no copy is held out
      if (parts.training.size() < all.size()) {
        say.accept("held out: " + parts.heldOut.size() + " of " + all.size() + " rows");
      }
      training.add(parts.training.weighted(weight, config.seed()));
      heldOut.add(parts.heldOut);
    });
    if (apart != null) {
      heldOut.add(reader.read(apart, tested ? options : grouped));
      say.accept(heldOut.getFirst().description());
    }
    if (data.test() != null && !tested) {
      say.accept(data.test().getFileName() + " is left alone; --test-data " + data.test() + " measures the tuned model on it");
    }
    Dataset<E> test = null;
    if (tested) {
      test = reader.read(arguments.path("test-data"), grouped);
      say.accept("test: " + test.description());
    }
    return new Parts<>(Dataset.together(training), heldOut.isEmpty() ? null : Dataset.together(heldOut), test);
  }

  static <E extends Example> Parts<E> chosen(Dataset<E> data, Split split) {
    return new Parts<>(data.select(split.train()), data.select(split.heldOut()));
  }
}
