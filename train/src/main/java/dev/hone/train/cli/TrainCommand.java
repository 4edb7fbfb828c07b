package dev.hone.train.cli;

import dev.hone.lora.Adapter;
import dev.hone.nn.Task;
import dev.hone.train.HeldOutMetric;
import dev.hone.train.LearningRateFinder;
import dev.hone.train.TrainConfig;
import dev.hone.train.TrainListener;
import dev.hone.train.Trainer;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.DataParts;
import dev.hone.train.evaluation.Probe;
import dev.hone.train.report.EventFiles;
import dev.hone.train.report.MetricsFile;
import dev.hone.train.report.Report;
import dev.hone.train.task.TaskName;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Fine-tunes a classifier or a language model, or trains a new one. */
final class TrainCommand implements Command {
  private static final int SEARCH_STEPS = 100;
  private static final int INTERRUPTED = 130; // what shells report after Ctrl-C
  /** Flags that are about one start and no part of a run. */
  static final List<String> OF_ONE_START = List.of("quiet", "overwrite", "resume", "find-lr");
  private static final String CLASSIFY = TaskName.CLASSIFY.word();
  private static final String GENERATE = TaskName.GENERATE.word();
  private static final String CONFIG_FILE = "run.yaml";
  private static final String FULL_RATE = "0.00005";
  private static final String NEW_MODEL_RATE = "0.001";
  private static final String BATCH = "32";
  private static final String LANGUAGE_BATCH = "8";

  @Override
  public String name() {
    return "train";
  }

  @Override
  public String summary() {
    return "fine-tune a model: a text classifier, or one that writes (--task generate)";
  }

  @Override
  public String usage() {
    return "--model DIR|maven:G:A:V --data FILE --output-dir DIR [--flag value]...";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("model", "DIR|maven:G:A:V", null, "the pretrained model"),
        Flag.of("task", TaskName.all(), CLASSIFY, "what the model is to do"),
        Flag.of("data", "FILE|DIR|FILE=W,...", null, "CSV, TSV, JSON, JSON lines (.gz), .txt; train.* and valid.*; a mixture"),
        Flag.of("output-dir", "DIR", null, "where adapter/ or model/ and metrics.jsonl go"),
        Flag.of("eval-data", "FILE", null, "held-out rows; without it a share of --data is held out"),
        Flag.of("val-size", "X", "0.1", "share (below 1) or number of rows to hold out; 0 for none"),
        Flag.of("test-data", "FILE", null, "rows that the tuned model is measured on at the end, instead of the held-out ones"),
        Flag.of("init", "config.json", null, "train a new model of this shape; needs --tokenizer, no --model"),
        Flag.of("tokenizer", "DIR|FILE", null, "the new model's tokenizer.json, or its directory")));
    flags.add(Arguments.CONFIG);
    flags.addAll(DATA);
    flags.addAll(TUNING);
    flags.addAll(MethodFlags.ALL);
    flags.addAll(QuantFlags.ALL);
    Flag.of(TrainConfig.SETTINGS).forEach(flag -> flags.add(decided(flag)));
    flags.add(Reporting.FLAG);
    flags.add(Flag.of("slice-by", "COLUMN,...", null, "columns of the measured rows: figures by group in the report, and the gap"));
    flags.add(Flag.toggle("find-lr", "look for a learning rate, say it, and train nothing"));
    flags.add(Flag.toggle("resume", "go on from the newest checkpoint in the output directory"));
    flags.add(Flag.toggle("quiet", "no progress"));
    flags.add(Flag.toggle("overwrite", "replace what an earlier run left in the output directory"));
    return flags;
  }

  private static Flag decided(Flag flag) {
    return switch (flag.name()) {
      case "learning-rate" -> flag.decidedLater(MethodFlags.usualRates(FULL_RATE) + "; with --init " + NEW_MODEL_RATE);
      case "batch-size" -> flag.decidedLater(BATCH + ", to generate " + LANGUAGE_BATCH);
      default -> flag;
    };
  }

  /** How files are read. */
  static final List<Flag> DATA = List.of(
      Flag.of("columns", "text=A,label=B", "", "which columns to read, by name or number from 1; detected otherwise"),
      Flag.of("format", "WORDS", "", "csv tsv jsonl json fasttext, comma semicolon tab pipe, (no)header, (no)quotes"),
      Flag.of("encoding", "NAME", "", "characters of the files, such as windows-1252 [UTF-8, UTF-16 where a mark says so]"),
      Flag.of("labels", "exact|merge", "", "each spelling is a class, or capitals, spaces and 1.0 for 1 make no other [refuse to guess]"));

  /** How files are read, as the flags say. */
  static DataOptions data(Arguments arguments) {
    return new DataOptions(arguments.text("format"), arguments.text("columns")).withEncoding(arguments.text("encoding"))
        .withLabels(arguments.text("labels"));
  }

  /** How a model is tuned. */
  static final List<Flag> TUNING = List.of(
      Flag.of("problem-type", "TYPE", "single_label_classification", "or multi_label_classification, or regression")
          .only(CLASSIFY),
      Flag.of("max-length", "N", null, "tokens that a row is cut to [256, to generate 512, or what the model takes]"),
      Flag.of("chat-template", "FILE", null, "Jinja template of conversations [the model's own]").only(GENERATE),
      Flag.toggle("train-on-prompt", "learn prompts and what users say, too").only(GENERATE),
      Flag.of("probe", "FILE", null, "general text whose loss is measured before and after").only(GENERATE));

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path output = Path.of(arguments.required("output-dir"));
    boolean resume = arguments.on("resume");
    boolean search = arguments.on("find-lr");
    boolean quiet = arguments.on("quiet");
    TrainConfig config;
    PreparedRun run;
    try (WarmUp warmUp = WarmUp.start()) { // before all else: compiling takes longer than what is done meanwhile
      OutputDirectory.check(output, resume || search || arguments.on("overwrite"));
      config = config(arguments);
      checkFiles(arguments, config);
      run = PreparedRun.of(arguments, config, console, line -> say(console, quiet, line));
      warmUp.await();
    }
    if (search) {
      return findRate(run, config, console);
    }
    Probe probe = probe(arguments, run.tuning());
    double before = probe == null ? 0 : probe.baseLoss(run.tuning().model(), run.tuning().adapter());
    Trainer.Result result = train(run, config, output,
        arguments.resolved(OF_ONE_START), resume, quiet, console);
    if (probe != null) {
      String change = probe.report(before, probe.loss(run.tuning().model()));
      console.note(change);
      if (run.recorder() != null) {
        run.recorder().remark("forgetting", change);
      }
    }
    report(run, output, result, quiet, console);
    return result.interrupted() ? INTERRUPTED : 0;
  }

  /** Measures and describes a run that came to its end. */
  static void report(PreparedRun run, Path output, Trainer.Result result, boolean quiet, Console console) throws IOException {
    if (run.recorder() != null && !result.interrupted()) {
      run.recorder().finish(output, result, run.training()).forEach(fault -> say(console, quiet, "warning: " + fault));
      say(console, quiet, "report in " + output.resolve(Report.PAGE));
    }
  }

  private static int findRate(PreparedRun run, TrainConfig config, Console console) {
    LearningRateFinder search = run.tuning().trainer(run.training(), config).findRate(run.training(), SEARCH_STEPS);
    int every = Math.max(1, search.points().size() / 20);
    for (int i = 0; i < search.points().size(); i += every) {
      console.note(String.format(Locale.ROOT, "learning rate %.2e  loss %.4f", search.points().get(i).rate(),
          search.points().get(i).loss()));
    }
    console.result(String.format(Locale.ROOT, "suggested: --learning-rate %.1e", search.suggestion()));
    return 0;
  }

  /**
   * Trains, writes the adapter or model and {@code metrics.jsonl}, and says what came out.
   *
   * @param settings written to {@code run.yaml}, which starts the same run again; none if empty
   * @param resume whether to go on from a checkpoint
   */
  static Trainer.Result train(PreparedRun run, TrainConfig config, Path output, Map<String, String> settings, boolean resume,
      boolean quiet, Console console) throws IOException {
    Tuning<?> tuning = run.tuning();
    say(console, quiet, Adapter.summary(tuning.model()));
    if (!quiet) {
      console.note("memory: " + tuning.trainer(run.training(), config).memory(run.training(), run.heldOut() != null));
    }
    Trainer.Result result;
    try (Interruption _ = new Interruption(tuning::stop)) {
      try (ConsoleView view = ConsoleView.open(console, quiet, "", config.bestMetric())) {
        result = train(run, config, output, settings, resume, view);
      }
      if (result.interrupted()) {
        console.note((result.steps() == 0 ? "stopped before the first step" : "stopped after step " + result.steps())
            + (config.saveTotalLimit() == 0 ? "" : (result.steps() == 0 ? "" : ", which is saved")
            + "; go on with: hone train --config " + output.resolve(CONFIG_FILE) + " --resume"));
        return result;
      }
    }
    say(console, quiet, String.format(Locale.ROOT, "trained %d steps in %.1f s%s; %s written to %s", result.steps(),
        result.seconds(), run.heldOut() == null ? "" : String.format(Locale.ROOT, ", best held-out loss %.4f at step %d",
            result.bestLoss(), result.bestStep()), tuning.adapter() == null ? "model" : "adapter", target(tuning, output)));
    return result;
  }

  /** Trains as a view watches, and writes what a run leaves; nobody is told. */
  static Trainer.Result train(PreparedRun run, TrainConfig config, Path output, Map<String, String> settings, boolean resume,
      ConsoleView view) throws IOException {
    Tuning<?> tuning = run.tuning();
    if (!settings.isEmpty()) {
      tuning.addListener(new Settings(output, settings));
    }
    if (config.saveTotalLimit() > 0) {
      tuning.setCheckpoints(new Checkpoints(output.resolve("checkpoints"), config.saveTotalLimit()), resume);
    }
    Path course = output.resolve("metrics.jsonl");
    try (MetricsFile metrics = new MetricsFile(course);
        EventFiles events = run.reporting().contains(Reporting.TENSORBOARD) ? new EventFiles(output.resolve("runs")) : null) {
      tuning.addListener(metrics);
      if (events != null) {
        tuning.addListener(events);
      }
      if (run.recorder() != null) {
        run.recorder().before();
      }
      view.listeners(course).forEach(tuning::addListener);
      Trainer.Result result = tuning.train(run.training(), run.heldOut(), config);
      if (!result.interrupted()) {
        tuning.save(target(tuning, output));
      }
      return result;
    }
  }

  /** Writes the settings of a run once it is known to begin: they must not stand beside a checkpoint that refuses them. */
  private record Settings(Path output, Map<String, String> values) implements TrainListener {
    @Override
    public void onStart() {
      try {
        Files.createDirectories(output);
        ConfigFile.write(output.resolve(CONFIG_FILE), values);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static Path target(Tuning<?> tuning, Path output) {
    return output.resolve(tuning.adapter() == null ? "model" : "adapter");
  }

  private static void say(Console console, boolean quiet, String line) {
    if (!quiet) {
      console.note(line);
    }
  }

  static TrainConfig config(Arguments arguments) {
    boolean generates = task(arguments) == TaskName.GENERATE;
    arguments.otherwise("learning-rate", arguments.has("init") ? NEW_MODEL_RATE
        : MethodFlags.usualRate(arguments, FULL_RATE, generates));
    arguments.otherwise("batch-size", generates ? LANGUAGE_BATCH : BATCH);
    if (arguments.has("init")) {
      arguments.otherwise("method", "full");
    }
    TrainConfig config = arguments.settings(TrainConfig.SETTINGS);
    check(arguments, config);
    Map<String, Double> rates = new LinkedHashMap<>(MethodFlags.rateFactors(arguments));
    rates.putAll(config.moduleRates());
    return rates.equals(config.moduleRates()) ? config : config.with("module_lr", rates);
  }

  /** Fails for flags that do not go together, and for values that no data and no model could make right. */
  private static void check(Arguments arguments, TrainConfig config) {
    TaskName task = task(arguments);
    arguments.checkOnly("method", MethodFlags.METHODS, arguments.text("method"));
    arguments.checkOnly("task", Arrays.stream(TaskName.values()).map(TaskName::word).toList(), task.word());
    MethodFlags.check(arguments);
    QuantFlags.of(arguments);
    Reporting.of(arguments);
    HeldOutMetric.named(config.bestMetric())
        .check(task == TaskName.CLASSIFY ? PreparedRun.kind(arguments.text("problem-type")) : null);
    double share = arguments.number("val-size");
    if (!(share >= 0) || share >= 1 && share != Math.rint(share)) {
      throw new UserError("--val-size must be a share below 1 or a whole number of rows, is '" + arguments.text("val-size") + "'");
    }
    if (arguments.has("max-length") && arguments.integer("max-length") < 1) {
      throw new UserError("--max-length must be at least 1, is " + arguments.text("max-length"));
    }
  }

  /** Fails for files that are not there. */
  static void checkFiles(Arguments arguments, TrainConfig config) {
    DataParts data = DataParts.parse(arguments.required("data"));
    List<Path> files = new ArrayList<>(data.files().keySet());
    for (String flag : List.of("eval-data", "test-data", "probe", "chat-template", "init", "tokenizer")) {
      if (arguments.has(flag)) {
        files.add(arguments.path(flag));
      }
    }
    for (Path file : files) {
      if (!Files.exists(file)) {
        throw new UserError(file + ": no such file");
      }
    }
    if (arguments.has("test-data") && Files.isDirectory(arguments.path("test-data"))) {
      throw new UserError(arguments.text("test-data") + ": is a directory; --test-data is one file");
    }
    boolean heldOut = arguments.has("eval-data") || data.heldOut() != null || arguments.number("val-size") > 0;
    if (!heldOut && config.patience() > 0) {
      throw new UserError("--early-stopping-patience counts evaluations of held-out rows, and --val-size 0 leaves none");
    }
    if (!heldOut && HeldOutMetric.named(config.bestMetric()) != HeldOutMetric.LOSS) {
      throw new UserError("--metric-for-best-model " + config.bestMetric() + " is measured on held-out rows, and --val-size 0 "
          + "leaves none");
    }
  }

  /** What the model is to do. */
  static TaskName task(Arguments arguments) {
    TaskName task = TaskName.named(arguments.text("task"));
    return task == TaskName.CLASSIFY && arguments.has("init") ? TaskName.GENERATE : task;
  }

  private static Probe probe(Arguments arguments, Tuning<?> tuning) throws IOException {
    if (!arguments.has("probe")) {
      return null;
    }
    if (tuning.model().task() != Task.CAUSAL_LM) {
      throw new UserError("--probe measures a language model: it needs --task generate");
    }
    return Probe.of(Files.readString(arguments.path("probe")), tuning.tokenizer(), tuning.model());
  }
}
