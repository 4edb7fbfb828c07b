package dev.hone.train.cli;

import dev.hone.lora.LoraConfig;
import dev.hone.train.ClassifierTuning;
import dev.hone.train.TrainConfig;
import dev.hone.train.Trainer;
import dev.hone.train.TrainingSet;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.data.Split;
import dev.hone.train.report.MetricsFile;
import dev.hone.train.report.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Fine-tunes a classifier. */
final class TrainCommand implements Command {
  private static final String LORA_RATE = "0.001";
  private static final int INTERRUPTED = 130; // what shells report after Ctrl-C
  private static final String CONFIG_FILE = "run.yaml";
  private static final String FULL_RATE = "0.00005";

  @Override
  public String name() {
    return "train";
  }

  @Override
  public String summary() {
    return "fine-tune a model into a text classifier";
  }

  @Override
  public String usage() {
    return "--model DIR|maven:G:A:V --data FILE --output-dir DIR [--flag value]...";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("model", "DIR|maven:G:A:V", null, "the pretrained model"),
        Flag.of("data", "FILE", null, "texts and labels: CSV, TSV, JSON or JSON lines, also .gz"),
        Flag.of("output-dir", "DIR", null, "where adapter/ or model/ and metrics.jsonl go"),
        Flag.of("eval-data", "FILE", null, "held-out rows; without it a share of --data is held out"),
        Flag.of("val-size", "X", "0.1", "share (below 1) or number of rows to hold out; 0 for none")));
    flags.add(Arguments.CONFIG);
    flags.addAll(DATA);
    flags.addAll(TUNING);
    flags.addAll(Flag.of(TrainConfig.SETTINGS));
    flags.add(Flag.toggle("resume", "go on from the newest checkpoint in the output directory"));
    flags.add(Flag.toggle("quiet", "no progress"));
    flags.add(Flag.toggle("overwrite", "replace what an earlier run left in the output directory"));
    return flags;
  }

  /** How files are read. */
  static final List<Flag> DATA = List.of(
      Flag.of("columns", "text=A,label=B", "", "which columns to read, by name or number from 1; detected otherwise"),
      Flag.of("format", "WORDS", "", "csv tsv jsonl json, comma semicolon tab pipe, (no)header, (no)quotes"));

  /** How a model is tuned. */
  static final List<Flag> TUNING = List.of(
      Flag.of("method", "lora|full", "lora", "train an adapter, or all weights"),
      Flag.of("max-length", "N", null, "tokens that a text is cut to [256, or what the model takes]"),
      Flag.of("lora-r", "N", "8", "rank of the adapter"),
      Flag.of("lora-alpha", "X", "16", "the adapter is scaled by alpha / r"),
      Flag.of("lora-dropout", "X", "0", "dropout on the adapter's input"),
      Flag.of("target-modules", "A,B", null, "layers to adapt, a pattern, or all-linear [PEFT's choice for the family]"),
      Flag.of("modules-to-save", "A,B", null, "modules to train whole besides the head"));

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path output = Path.of(arguments.required("output-dir"));
    boolean resume = arguments.on("resume");
    OutputDirectory.check(output, resume || arguments.on("overwrite"));
    TrainConfig config = config(arguments);
    DataOptions options = new DataOptions(arguments.text("format"), arguments.text("columns"));
    Dataset<Example.Labelled> training = Dataset.labelled(Path.of(arguments.required("data")), options);
    boolean quiet = arguments.on("quiet");
    say(console, quiet, training.description());
    LabelSet labels = LabelSet.of(training);
    Dataset<Example.Labelled> heldOut = null;
    if (arguments.has("eval-data")) {
      heldOut = Dataset.labelled(arguments.path("eval-data"), options);
      say(console, quiet, heldOut.description());
    } else if (arguments.number("val-size") != 0) {
      Split split = Split.stratified(training, arguments.number("val-size"), config.seed());
      heldOut = training.select(split.heldOut());
      training = training.select(split.train());
      say(console, quiet, "held out: " + heldOut.size() + " of " + (heldOut.size() + training.size()) + " rows");
    }
    ClassifierTuning tuning = tuning(arguments, ModelArgument.resolve(arguments.required("model"), console), labels, config);
    Trainer.Result result = train(tuning, training, heldOut, config, output,
        arguments.resolved(List.of("quiet", "overwrite", "resume")), resume, quiet, console);
    return result.interrupted() ? INTERRUPTED : 0;
  }

  /**
   * Trains, writes the adapter or model and {@code metrics.jsonl}, and says what came out.
   *
   * @param settings written to {@code run.yaml}, which starts the same run again; none if empty
   * @param resume whether to go on from a checkpoint
   */
  static Trainer.Result train(ClassifierTuning tuning, Dataset<Example.Labelled> training,
      Dataset<Example.Labelled> heldOut, TrainConfig config, Path output, Map<String, String> settings, boolean resume,
      boolean quiet, Console console) throws IOException {
    TrainingSet set = tuning.encode(training);
    TrainingSet heldOutSet = heldOut == null ? null : tuning.encode(heldOut);
    int cut = tuning.classifier().countCut(training.rows().stream().map(Example.Labelled::text).toList());
    if (cut > 0) {
      say(console, quiet, cut + " of " + training.size() + " texts are cut to " + tuning.classifier().maxLength() + " tokens");
    }
    say(console, quiet, trainable(tuning));
    Files.createDirectories(output);
    if (!settings.isEmpty()) {
      ConfigFile.write(output.resolve(CONFIG_FILE), settings);
    }
    if (config.saveTotalLimit() > 0) {
      tuning.setCheckpoints(new Checkpoints(output.resolve("checkpoints"), config.saveTotalLimit()), resume);
    }
    Progress progress = new Progress(console.err(), console.terminal());
    try (Interruption _ = new Interruption(tuning::stop);
        MetricsFile metrics = new MetricsFile(output.resolve("metrics.jsonl"))) {
      tuning.addListener(metrics);
      if (!quiet) {
        tuning.addListener(progress);
      }
      Trainer.Result result = tuning.train(set, heldOutSet, config);
      if (!quiet) {
        progress.finish();
      }
      if (result.interrupted()) {
        console.note("stopped after step " + result.steps() + (config.saveTotalLimit() == 0 ? ""
            : ", which is saved; go on with: hone train --config " + output.resolve(CONFIG_FILE) + " --resume"));
        return result;
      }
      Path target = output.resolve(tuning.adapter() == null ? "model" : "adapter");
      tuning.save(target);
      say(console, quiet, String.format(Locale.ROOT, "trained %d steps in %.1f s%s; %s written to %s", result.steps(),
          result.seconds(), heldOut == null ? "" : String.format(Locale.ROOT, ", best held-out loss %.4f at step %d",
              result.bestLoss(), result.bestStep()), tuning.adapter() == null ? "model" : "adapter", target));
      return result;
    }
  }

  private static void say(Console console, boolean quiet, String line) {
    if (!quiet) {
      console.note(line);
    }
  }

  private static String trainable(ClassifierTuning tuning) {
    long trained = tuning.parameters().stream().mapToLong(p -> p.shape().size()).sum();
    long all = tuning.classifier().model().parameters().values().stream().mapToLong(p -> p.shape().size()).sum();
    return String.format(Locale.ROOT, "trainable params: %,d || all params: %,d || trainable%%: %.4f", trained, all,
        100.0 * trained / all);
  }

  static TrainConfig config(Arguments arguments) {
    arguments.otherwise("learning-rate", method(arguments).equals("full") ? FULL_RATE : LORA_RATE);
    return arguments.settings(TrainConfig.SETTINGS);
  }

  private static String method(Arguments arguments) {
    String method = arguments.text("method");
    if (!method.equals("lora") && !method.equals("full")) {
      throw new UserError("--method must be lora or full, is '" + method + "'");
    }
    return method;
  }

  static ClassifierTuning tuning(Arguments arguments, Path model, LabelSet labels, TrainConfig config) throws IOException {
    Collection<String> targets = arguments.list("target-modules");
    LoraConfig lora = new LoraConfig(arguments.integer("lora-r"), arguments.number("lora-alpha"),
        (float) arguments.number("lora-dropout"), List.copyOf(targets), arguments.list("modules-to-save"));
    ClassifierTuning tuning = method(arguments).equals("lora")
        ? ClassifierTuning.lora(model, labels, lora, config.seed())
        : ClassifierTuning.full(model, labels, config.seed());
    return arguments.has("max-length") ? tuning.withMaxLength(arguments.integer("max-length")) : tuning;
  }
}
