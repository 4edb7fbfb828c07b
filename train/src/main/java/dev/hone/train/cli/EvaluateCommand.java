package dev.hone.train.cli;

import dev.hone.core.Device;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Labels;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.evaluation.Comparison;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.evaluation.EvaluationJson;
import dev.hone.train.evaluation.EvaluationText;
import dev.hone.train.evaluation.Evaluator;
import dev.hone.train.evaluation.Prediction;
import dev.hone.train.evaluation.PredictionsFile;
import dev.hone.train.evaluation.Probe;
import dev.hone.train.evaluation.Row;
import dev.hone.train.evaluation.Slices;
import dev.hone.train.evaluation.SwapTest;
import dev.hone.train.infer.FewShotClassifier;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.infer.TextTagger;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.run.DeviceFlag;
import dev.hone.train.task.TaskName;
import dev.hone.train.task.prefer.PreferenceJudge;
import dev.hone.train.task.tag.TagTuning;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.source.ModelArgument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Measures a classifier or a language model, alone or beside another. */
final class EvaluateCommand implements Command {
  private static final String BASE = "base";
  private static final int USUAL_TEXTS = 100;
  private static final int LABELS_SHOWN = 10;

  @Override
  public String name() {
    return "evaluate";
  }

  @Override
  public String summary() {
    return "measure a classifier on labelled rows, or a language model on texts";
  }

  @Override
  public String usage() {
    return "--model DIR [--adapter DIR] --data FILE [--baseline base|DIR] [--flag value]...";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("model", "DIR|org/name|maven:G:A:V", null, "the base model, or a fully tuned one"),
        Flag.of("adapter", "DIR", null, "the adapter"),
        Flag.of("data", "FILE", null, "texts and labels; texts, completions or conversations; a .txt"),
        Flag.of("task", "classify|generate|prefer|tag|embed|rerank", null, "what the model does [what adapter or model say]"),
        Flag.of("baseline", "base|DIR|FILE", null, "compare with: the model alone, an adapter, a model, a predictions file"),
        Flag.of("slice-by", "COLUMN,...", null, "figures for each group of rows that have the same value, and the gap"),
        Flag.of("swap", "FILE", null, "classifiers: pairs of terms, with tabs; what changes if one stands for the other"),
        Flag.of("predictions", "FILE", null, "write what is predicted of each row"),
        Flag.of("generate", "N", null, "language models: let it write for so many rows [" + USUAL_TEXTS + " where rows have "
            + "answers]"),
        Flag.of("max-new-tokens", "N", null, "how long these texts may be [as the model says, else 128]"),
        Flag.of("probe", "FILE", null, "language models: general text whose loss is compared with the base's"),
        Flag.of("max-length", "N", null, "language models: tokens that the model sees at once [512, or what it takes]"),
        Flag.of("stride", "N", null, "language models: distance of the windows over a .txt [half the length]"),
        Flag.toggle("train-on-prompt", "language models: count prompts and what users say, too"),
        Flag.toggle("triplets", "embedding models: count rows whose negatives are all further than the positive"),
        Flag.of("examples", "N", "5", "rows won and lost, and rows that a swap changes, to show"),
        Flag.of("resamples", "N", "1000", "draws for each confidence interval"),
        Flag.of("level", "X", "0.95", "how often an interval is to hold the truth"),
        Flag.of("seed", "N", "0", "of the draws"),
        Flag.toggle("json", "one JSON object instead of tables")));
    flags.addAll(TrainFlags.DATA);
    flags.addAll(QuantFlags.ALL);
    flags.addAll(DeviceFlag.ALL);
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path model = ModelArgument.resolve(arguments.required("model"), console);
    ModelArgument.adapter(arguments, console);
    Evaluator evaluator = new Evaluator(new Bootstrap(arguments.integer("resamples"), arguments.number("level"),
        arguments.whole("seed")));
    DataOptions options = TrainFlags.data(arguments).withMore(arguments.list("slice-by"));
    if (!arguments.has("task") && FewShotClassifier.isIn(arguments.has("adapter") ? arguments.path("adapter") : model)) {
      fewShot(arguments, model, evaluator, options, console);
    } else if (embeds(arguments, model)) {
      EvaluateEmbeddings.run(arguments, model, TrainFlags.data(arguments), evaluator.bootstrap(), console);
    } else if (TaskName.PREFER.word().equals(arguments.text("task"))) {
      preferences(arguments, model, evaluator, options, console);
    } else if (task(arguments, model) == Task.TOKEN_CLASSIFICATION) {
      tags(arguments, model, evaluator, options, console);
    } else if (task(arguments, model) == Task.CAUSAL_LM) {
      language(arguments, model, evaluator, options, console);
    } else {
      classifier(arguments, model, evaluator, options, console);
    }
    return 0;
  }

  private static void fewShot(Arguments arguments, Path model, Evaluator evaluator, DataOptions options, Console console)
      throws IOException {
    for (String flag : List.of("generate", "probe", "max-new-tokens", "stride", "train-on-prompt", "swap")) {
      if (arguments.has(flag)) {
        throw new UserError("--" + flag + " is not for few-shot classifiers");
      }
    }
    Dataset<Example.Labelled> data = Dataset.labelled(Path.of(arguments.required("data")), options);
    DeviceFlag.refuse(arguments, "few-shot classifiers");
    FewShotClassifier classifier = FewShotClassifier.load(model, arguments.path("adapter"));
    note(arguments, data.description(), console);
    Report report = new Report(arguments, console, evaluator.evaluate(classifier, data));
    report.slices(data, IntStream.range(0, data.size()).toArray());
    String baseline = arguments.text("baseline");
    if (baseline != null) {
      Path other = Path.of(baseline);
      if (!Files.isRegularFile(other) && !FewShotClassifier.isIn(other)) {
        throw new UserError("--baseline " + baseline + ": is neither a file that --predictions wrote nor the directory of a "
            + "few-shot "
            + "classifier");
      }
      report.comparison(Files.isRegularFile(other) ? PredictionsFile.read(other) : PredictionsFile.of(evaluator.evaluate(
          AdapterFiles.isAdapter(other) ? FewShotClassifier.load(model, other) : FewShotClassifier.load(other), data)));
    }
    report.finish();
  }

  private static void classifier(Arguments arguments, Path model, Evaluator evaluator, DataOptions options, Console console)
      throws IOException {
    for (String flag : List.of("generate", "probe", "max-new-tokens", "stride", "train-on-prompt")) {
      if (arguments.has(flag)) {
        throw new UserError("--" + flag + " is for language models; this is a classifier");
      }
    }
    List<SwapTest.Terms> swaps = arguments.has("swap") ? SwapTest.read(arguments.path("swap")) : List.of();
    Path file = Path.of(arguments.required("data"));
    Device device = DeviceFlag.of(arguments, console);
    TextClassifier classifier = TextClassifier.load(model, arguments.path("adapter"), QuantFlags.of(arguments));
    classifier.model().to(device);
    Labels labels = classifier.model().labels();
    Dataset<Example.Labelled> all = Dataset.labelled(file, options.labels().isEmpty() ? options.withLabels("exact") : options,
        labels.kind());
    Baseline<TextClassifier> baseline = baseline(arguments, model, (base, adapter) -> {
      TextClassifier other = TextClassifier.load(base, adapter, QuantFlags.of(arguments));
      other.model().to(device);
      if (!other.model().labels().equals(labels)) {
        throw new UserError("--baseline " + arguments.text("baseline") + ": its labels are " + String.join(", ",
            other.model().labels().names()) + ", those of the model " + String.join(", ", labels.names())
            + "; both must be of the same task");
      }
      return other;
    });
    note(arguments, all.description(), console);
    UnknownLabels unknown = UnknownLabels.in(all, labels);
    Dataset<Example.Labelled> data = unknown.known();
    Report report = new Report(arguments, console, evaluator.evaluate(classifier, data));
    report.remark("unknown_labels", unknown.remark(report.evaluation));
    report.remark("absent_classes", absentClasses(report.evaluation));
    report.slices(data, IntStream.range(0, data.size()).toArray());
    if (baseline != null) {
      report.comparison(baseline.predictions != null ? baseline.predictions
          : PredictionsFile.of(evaluator.evaluate(baseline.model, data)));
    }
    if (!swaps.isEmpty()) {
      List<Row> rows = report.evaluation.predictions().stream().map(Prediction::row).toList();
      report.swap(SwapTest.of(classifier, rows, swaps, evaluator.bootstrap()));
    }
    report.finish();
  }

  private static void tags(Arguments arguments, Path model, Evaluator evaluator, DataOptions options, Console console)
      throws IOException {
    for (String flag : List.of("generate", "probe", "max-new-tokens", "stride", "train-on-prompt", "swap", "slice-by")) {
      if (arguments.has(flag)) {
        throw new UserError("--" + flag + " is not for taggers");
      }
    }
    Dataset<Example.Tagged> data = Dataset.tagged(Path.of(arguments.required("data")), options);
    Device device = DeviceFlag.of(arguments, console);
    Loader<TextTagger> loader = (base, adapter) -> {
      TextTagger loaded = TextTagger.load(base, adapter, QuantFlags.of(arguments));
      loaded.model().to(device);
      return loaded;
    };
    TextTagger tagger = loader.load(model, arguments.path("adapter"));
    Baseline<TextTagger> baseline = baseline(arguments, model, loader);
    note(arguments, data.description(), console);
    Report report = new Report(arguments, console, TagTuning.evaluate(tagger, data, evaluator.bootstrap()));
    if (baseline != null) {
      report.comparison(baseline.predictions != null ? baseline.predictions
          : PredictionsFile.of(TagTuning.evaluate(baseline.model, data, evaluator.bootstrap())));
    }
    report.finish();
  }

  private static void preferences(Arguments arguments, Path model, Evaluator evaluator, DataOptions options, Console console)
      throws IOException {
    for (String flag : List.of("generate", "probe", "max-new-tokens", "stride", "train-on-prompt", "swap")) {
      if (arguments.has(flag)) {
        throw new UserError("--" + flag + " is not for --task prefer");
      }
    }
    DeviceFlag.refuse(arguments, "--task prefer");
    Loader<PreferenceJudge> loader = (base, adapter) -> {
      PreferenceJudge judge = PreferenceJudge.load(base, adapter, QuantFlags.of(arguments));
      return arguments.has("max-length") ? judge.withMaxLength(arguments.integer("max-length")) : judge;
    };
    Dataset<Example.Judged> data = Dataset.judged(Path.of(arguments.required("data")), options);
    PreferenceJudge judge = loader.load(model, arguments.path("adapter"));
    Baseline<PreferenceJudge> baseline = baseline(arguments, model, loader);
    note(arguments, data.description(), console);
    Report report = new Report(arguments, console, judge.evaluate(data, evaluator.bootstrap()));
    if (arguments.has("slice-by")) {
      report.slices(data, judge.source(data));
    }
    if (baseline != null) {
      report.comparison(baseline.predictions != null ? baseline.predictions
          : PredictionsFile.of(baseline.model.evaluate(data, evaluator.bootstrap())));
    }
    report.finish();
  }

  /** What macro means leave out; null if they are over all classes. */
  private static String absentClasses(Evaluation evaluation) {
    Set<Integer> seen = new HashSet<>();
    for (Prediction prediction : evaluation.predictions()) {
      if (!(prediction instanceof Prediction.OneClass row)) {
        return null;
      }
      seen.add(row.truth());
    }
    List<String> absent = IntStream.range(0, evaluation.labels().size()).filter(c -> !seen.contains(c))
        .mapToObj(evaluation.labels()::get).toList();
    return absent.isEmpty() ? null
        : String.format(Locale.ROOT, "no row here has the label%s %s: macro means are over the classes "
        + "that occur, in the rows or among the predictions", absent.size() == 1 ? "" : "s", String.join(", ", absent.subList(0,
            Math.min(absent.size(), LABELS_SHOWN))) + (absent.size() > LABELS_SHOWN ? ", ..." : ""));
  }

  private static void language(Arguments arguments, Path model, Evaluator evaluator, DataOptions options, Console console)
      throws IOException {
    if (arguments.has("swap")) {
      throw new UserError("--swap is for classifiers; this is a language model");
    }
    Dataset<Example.Language> data = Dataset.language(Path.of(arguments.required("data")), options);
    Device device = DeviceFlag.of(arguments, console);
    Loader<TextGenerator> loader = (base, adapter) -> {
      TextGenerator generator = TextGenerator.load(base, adapter, QuantFlags.of(arguments));
      generator.model().to(device);
      int window = arguments.has("max-length") ? arguments.integer("max-length") : generator.encoder().maxLength();
      return generator.withRows(window, arguments.on("train-on-prompt"));
    };
    TextGenerator generator = loader.load(model, arguments.path("adapter"));
    Baseline<TextGenerator> baseline = baseline(arguments, model, loader);
    note(arguments, data.description(), console);
    Report report = new Report(arguments, console, evaluate(arguments, evaluator, generator, data, "", console));
    int left = data.size() - report.evaluation.predictions().size();
    if (left > 0) {
      console.note(left + " of " + data.size() + " rows have nothing that counts in their first "
          + generator.encoder().maxLength() + " tokens and are left out");
    }
    if (arguments.has("slice-by")) {
      report.slices(data, generator.encoder().encode(data).source());
    }
    if (baseline != null) {
      report.comparison(baseline.predictions != null ? baseline.predictions
          : PredictionsFile.of(evaluate(arguments, evaluator, baseline.model, data, "baseline: ", console)));
    }
    if (arguments.has("probe")) {
      TextGenerator base = arguments.has("adapter") || baseline == null || baseline.model == null ? loader.load(model, null)
          : baseline.model;
      Probe probe = Probe.of(Files.readString(arguments.path("probe")), generator.encoder().tokenizer(), generator.model());
      report.probe(probe, probe.loss(base.model()), probe.loss(generator.model()));
    }
    report.finish();
  }

  private static Evaluation evaluate(Arguments arguments, Evaluator evaluator, TextGenerator generator,
      Dataset<Example.Language> data, String what, Console console) {
    int window = generator.encoder().maxLength();
    int stride = arguments.has("stride") ? arguments.integer("stride") : Math.max(1, window / 2);
    int texts = arguments.has("generate") ? arguments.integer("generate") : USUAL_TEXTS;
    int length = arguments.has("max-new-tokens") ? arguments.integer("max-new-tokens") : generator.settings().maxNewTokens();
    return evaluator.evaluate(generator, data, stride, new Evaluator.Writing(texts, length, done -> {
      if (console.terminal()) {
        console.err().print("\r" + what + "texts generated: " + done + "   \r");
      }
    }));
  }

  private static void note(Arguments arguments, String line, Console console) {
    if (!arguments.on("json")) {
      console.note(line);
    }
  }

  /** Loads a model of the kind that is evaluated. */
  private interface Loader<M> {
    M load(Path model, Path adapter) throws IOException;
  }

  /** What to compare with: a model, or what one left. */
  private record Baseline<M>(M model, PredictionsFile predictions) {}

  /** What {@code --baseline} names, or null. */
  private static <M> Baseline<M> baseline(Arguments arguments, Path model, Loader<M> loader) throws IOException {
    String said = arguments.text("baseline");
    if (said == null) {
      return null;
    }
    if (said.equals(BASE)) {
      if (!arguments.has("adapter")) {
        throw new UserError("--baseline base compares an adapter with its base; without --adapter name another model or adapter");
      }
      return new Baseline<>(loader.load(model, null), null);
    }
    Path path = Path.of(said);
    if (Files.isRegularFile(path)) {
      return new Baseline<>(null, PredictionsFile.read(path));
    }
    if (!Files.isDirectory(path)) {
      throw new UserError("--baseline " + said + ": no such directory or file; write base, or name an adapter, a model, or a "
          + "file that --predictions wrote");
    }
    return new Baseline<>(AdapterFiles.isAdapter(path) ? loader.load(model, path) : loader.load(path, null), null);
  }

  /** Gathers what is found, and shows it: as tables at once, as JSON at the end. */
  private static final class Report {
    private final Arguments arguments;
    private final Console console;
    private final Evaluation evaluation;
    private final ObjectNode tree;
    private final int examples;

    Report(Arguments arguments, Console console, Evaluation evaluation) throws IOException {
      this.arguments = arguments;
      this.console = console;
      this.evaluation = evaluation;
      this.tree = EvaluationJson.of(evaluation);
      this.examples = arguments.integer("examples");
      if (arguments.has("predictions")) {
        PredictionsFile.write(arguments.path("predictions"), evaluation);
      }
      show(EvaluationText.lines(evaluation));
    }

    private void show(List<String> lines) {
      if (!arguments.on("json")) {
        lines.forEach(console::result);
      }
    }

    /** Something to bear in mind with the figures; null for nothing. */
    void remark(String key, String line) {
      if (line != null) {
        console.note(line);
        tree.put(key, line);
      }
    }

    /** Groups by each column; prediction i is of row {@code source[i]} of the data. */
    void slices(Dataset<?> data, int[] source) {
      ArrayNode all = JsonMapper.shared().createArrayNode();
      for (String column : arguments.list("slice-by")) {
        List<String> cells = data.column(column);
        Slices slices = Slices.of(column, Arrays.stream(source).mapToObj(cells::get).toList(), evaluation);
        show(EvaluationText.lines(slices));
        all.add(EvaluationJson.of(slices));
      }
      if (!all.isEmpty()) {
        tree.set("slices", all);
      }
    }

    void comparison(PredictionsFile first) {
      Comparison comparison = Comparison.of(first.labels(), first.predictions(), evaluation.labels(), evaluation.predictions(),
          evaluation.bootstrap());
      String adapter = arguments.text("adapter");
      show(EvaluationText.lines(comparison, arguments.text("baseline"), adapter == null ? arguments.text("model") : adapter,
          examples));
      tree.set("comparison", EvaluationJson.of(comparison, examples));
    }

    void swap(SwapTest test) {
      show(EvaluationText.lines(test, examples));
      tree.set("swap", EvaluationJson.of(test, examples));
    }

    void probe(Probe probe, double before, double after) {
      show(List.of("", String.format(Locale.ROOT, "general text, %d tokens: loss %.4f of the base, %.4f now, %+.4f",
          probe.tokens().length, before, after, after - before)));
      tree.putObject("probe").put("tokens", probe.tokens().length).put("base_loss", before).put("loss", after)
          .put("change", after - before);
    }

    void finish() {
      if (arguments.on("json")) {
        console.result(JsonMapper.shared().writeValueAsString(tree));
      }
    }
  }

  /** Whether the model makes vectors: the user says so, or the adapter, or the files of sentence-transformers. */
  private static boolean embeds(Arguments arguments, Path model) {
    if (arguments.has("task")) {
      return List.of("embed", "rerank").contains(arguments.text("task"));
    }
    return arguments.has("adapter") ? AdapterFiles.task(arguments.path("adapter"), model) == Task.EMBEDDING
        : TextEmbedder.describes(model);
  }

  /** What the user says, else what the adapter was trained for, else what the model is made for. */
  private static Task task(Arguments arguments, Path model) {
    String said = arguments.text("task");
    if (said != null) {
      return switch (said) {
        case "classify" -> Task.SEQUENCE_CLASSIFICATION;
        case "generate" -> Task.CAUSAL_LM;
        case "tag" -> Task.TOKEN_CLASSIFICATION;
        default -> throw new UserError("--task must be classify, generate, prefer, tag, embed or rerank, is '" + said + "'");
      };
    }
    return arguments.has("adapter") ? AdapterFiles.task(arguments.path("adapter"), model) : ModelLoader.taskOf(model);
  }
}
