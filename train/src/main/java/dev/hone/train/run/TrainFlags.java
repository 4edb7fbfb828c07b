package dev.hone.train.run;

import dev.hone.train.HeldOutMetric;
import dev.hone.train.TrainConfig;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.DataParts;
import dev.hone.train.task.TaskName;
import dev.hone.train.task.distil.DistilSettings;
import dev.hone.train.task.prefer.PreferenceSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The flags of {@code hone train}, which are the keys of {@code run.yaml}, and what they mean together. */
public final class TrainFlags {
  /** Flags that are about one start and no part of a run. */
  public static final List<String> OF_ONE_START = List.of("quiet", "profile", "overwrite", "resume", "find-lr",
      DeviceFlag.NAME, DeviceFlag.PRECISION);
  private static final String CLASSIFY = TaskName.CLASSIFY.word();
  private static final String GENERATE = TaskName.GENERATE.word();
  private static final String PREFER = TaskName.PREFER.word();
  private static final String DISTIL = TaskName.DISTIL.word();
  private static final String FEW_SHOT_FULL_RATE = "0.00002";
  private static final String FULL_RATE = "0.00005";
  private static final String NEW_MODEL_RATE = "0.001";
  private static final String PREFER_RATE = "0.00001"; // ten times what TRL has for all weights
  private static final String PREFER_FULL_RATE = "0.000001";
  private static final String BATCH = "32";
  private static final String LANGUAGE_BATCH = "8";

  private TrainFlags() {}

  /** All flags of {@code hone train}, in the order of its help. */
  public static List<Flag> all() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("model", "DIR|org/name|maven:G:A:V", null, "the pretrained model"),
        Flag.of("task", TaskName.all(), CLASSIFY, "what the model is to do"),
        Flag.of("data", "FILE|DIR|org/name|FILE=W,...", null, "CSV, TSV, JSON (lines), .txt; train.* and valid.*; a mixture"),
        Flag.of("output-dir", "DIR", null, "where adapter/ or model/ and metrics.jsonl go"),
        Flag.of("eval-data", "FILE", null, "held-out rows; without it a share of --data is held out"),
        Flag.of("val-size", "X", "0.1", "share (below 1) or number of rows to hold out; 0 for none"),
        Flag.of("test-data", "FILE", null, "rows that the tuned model is measured on at the end, instead of the held-out ones"),
        Flag.of("init", "config.json", null, "train a new model of this shape; needs --tokenizer, no --model"),
        Flag.of("tokenizer", "DIR|FILE", null, "the new model's tokenizer.json, or its directory")));
    flags.add(Arguments.CONFIG);
    flags.addAll(DATA);
    flags.addAll(TUNING);
    Flag.of(PreferenceSettings.SETTINGS).forEach(flag -> flags.add(flag.only(PREFER)));
    Flag.of(DistilSettings.SETTINGS).forEach(flag -> flags.add(flag.only(DISTIL)));
    flags.addAll(EmbeddingRun.FLAGS);
    flags.addAll(RerankRun.FLAGS);
    VocabularyFlags.ALL.forEach(flag -> flags.add(flag.only(GENERATE)));
    flags.addAll(MethodFlags.ALL);
    flags.addAll(QuantFlags.ALL);
    Flag.of(TrainConfig.SETTINGS).forEach(flag -> flags.add(decided(flag)));
    flags.add(Reporting.FLAG);
    flags.addAll(DeviceFlag.ALL);
    flags.add(Flag.of("slice-by", "COLUMN,...", null,
        "columns of the measured rows: figures by group in the report, and the gap"));
    flags.add(Flag.toggle("find-lr", "look for a learning rate, say it, and train nothing"));
    flags.add(Flag.toggle("resume", "go on from the newest checkpoint in the output directory"));
    flags.add(Flag.toggle("profile", "say at the end what was computed, and what was left out"));
    flags.add(Flag.toggle("quiet", "no progress"));
    flags.add(Flag.toggle("overwrite", "replace what an earlier run left in the output directory"));
    return flags;
  }

  private static Flag decided(Flag flag) {
    return switch (flag.name()) {
      case "learning-rate" -> flag.decidedLater(MethodFlags.usualRates(FULL_RATE) + "; with --init " + NEW_MODEL_RATE
          + "; to prefer a hundredth of lora's, with full a thousandth");
      case "batch-size" -> flag.decidedLater(BATCH + ", to generate and to prefer " + LANGUAGE_BATCH);
      default -> flag;
    };
  }

  /** How files are read. */
  public static final List<Flag> DATA = List.of(
      Flag.of("columns", "text=A,label=B", "", "which columns to read, by name or number from 1; detected otherwise"),
      Flag.of("format", "WORDS", "", "csv tsv jsonl json fasttext, comma semicolon tab pipe, (no)header, (no)quotes"),
      Flag.of("encoding", "NAME", "", "characters of the files, such as windows-1252 [UTF-8, UTF-16 where a mark says so]"),
      Flag.of("labels", "exact|merge", "",
          "each spelling is a class, or capitals, spaces and 1.0 for 1 make no other [refuse to guess]"));

  /** How files are read, as the flags say. */
  public static DataOptions data(Arguments arguments) {
    return new DataOptions(arguments.text("format"), arguments.text("columns")).withEncoding(arguments.text("encoding"))
        .withLabels(arguments.text("labels"));
  }

  /** How a model is tuned. */
  public static final List<Flag> TUNING = List.of(
      Flag.of("problem-type", "TYPE", "single_label_classification", "or multi_label_classification, or regression")
          .only(CLASSIFY),
      Flag.toggle("few-shot", "learn from pairs of a few texts a class (SetFit's way); the classifier is a regression on vectors")
          .only(CLASSIFY),
      Flag.of("max-length", "N", null, "tokens that a row is cut to [256, to generate 512, or what the model takes]"),
      Flag.of("chat-template", "FILE", null, "Jinja template of conversations [the model's own]").only(GENERATE, PREFER),
      Flag.toggle("train-on-prompt", "learn prompts and what users say, too").only(GENERATE, DISTIL),
      Flag.of("probe", "FILE", null, "general text whose loss is measured before and after").only(GENERATE, PREFER, DISTIL),
      Flag.of("reference", "DIR", null, "adapter of the frozen reference [the model without any]").only(PREFER),
      Flag.of("teacher", "DIR|org/name", null, "the large model: a classifier, or a writer with the same tokens").only(DISTIL),
      Flag.of("teacher-adapter", "DIR", null, "adapter of the large model").only(DISTIL));

  /**
   * The settings of the loop, with the defaults that other flags decide.
   *
   * @throws UserError for flags that do not go together, and for values that no data and no model could make right
   */
  public static TrainConfig config(Arguments arguments) {
    MethodFlags.settle(arguments);
    boolean generates = task(arguments) == TaskName.GENERATE || task(arguments) == TaskName.DISTIL;
    boolean prefers = task(arguments) == TaskName.PREFER;
    if (arguments.on("few-shot")) {
      arguments.otherwise("learning-rate", MethodFlags.usualRate(arguments, FEW_SHOT_FULL_RATE, false));
      arguments.otherwise("batch-size", "16");
      arguments.otherwise("num-train-epochs", "1");
    }
    arguments.otherwise("learning-rate", arguments.has("init") ? NEW_MODEL_RATE
        : prefers ? MethodFlags.isFull(arguments) ? PREFER_FULL_RATE : PREFER_RATE
            : MethodFlags.usualRate(arguments, FULL_RATE, generates));
    arguments.otherwise("batch-size", generates || prefers ? LANGUAGE_BATCH : BATCH);
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
    if (task == TaskName.PREFER) {
      PreferenceRun.check(arguments, config);
    } else if (task == TaskName.TAG) {
      TagRun.check(arguments, config);
    } else if (task == TaskName.DISTIL) {
      DistilRun.check(arguments);
    } else if (task == TaskName.RERANK) {
      RerankRun.check(config);
    } else if (task == TaskName.EMBED) {
      EmbeddingRun.check(config);
    }
    if (task == TaskName.CLASSIFY || task == TaskName.GENERATE) {
      HeldOutMetric.named(config.bestMetric())
          .check(task == TaskName.CLASSIFY ? PreparedRun.kind(arguments.text("problem-type")) : null);
    }
    double share = arguments.number("val-size");
    if (!(share >= 0) || share >= 1 && share != Math.rint(share)) {
      throw new UserError("--val-size must be a share below 1 or a whole number of rows, is '"
          + arguments.text("val-size") + "'");
    }
    if (arguments.has("max-length") && arguments.integer("max-length") < 1) {
      throw new UserError("--max-length must be at least 1, is " + arguments.text("max-length"));
    }
  }

  /** Fails for files that are not there. */
  public static void checkFiles(Arguments arguments, TrainConfig config) {
    DataParts data = DataParts.parse(arguments.required("data"));
    List<Path> files = new ArrayList<>(data.files().keySet());
    for (String flag : List.of("eval-data", "test-data", "probe", "chat-template", "init", "tokenizer", "reference",
        MethodFlags.INIT_ADAPTER)) {
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
  public static TaskName task(Arguments arguments) {
    TaskName task = TaskName.named(arguments.text("task"));
    return task == TaskName.CLASSIFY && arguments.has("init") ? TaskName.GENERATE : task;
  }
}
