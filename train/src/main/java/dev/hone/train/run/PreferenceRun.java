package dev.hone.train.run;

import dev.hone.core.DType;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.AdapterFiles;
import dev.hone.train.HeldOutMetric;
import dev.hone.train.TrainConfig;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.UserError;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.Split;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.report.RunRecorder;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.prefer.PreferenceLoss;
import dev.hone.train.task.prefer.PreferenceSettings;
import dev.hone.train.task.prefer.PreferenceTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;

/** Reads what {@code --task prefer} learns from. */
final class PreferenceRun {
  /** The file of the reference's log-probabilities in the output directory. */
  static final String REFERENCE = "reference.txt";

  private PreferenceRun() {}

  /** Fails for settings that do not go together. */
  static void check(Arguments arguments, TrainConfig config) {
    PreferenceLoss loss = arguments.settings(PreferenceSettings.SETTINGS).loss();
    HeldOutMetric best = HeldOutMetric.named(config.bestMetric());
    if (best != HeldOutMetric.LOSS && !(best == HeldOutMetric.ACCURACY && loss.isPaired())) {
      throw new UserError("--metric-for-best-model must be loss" + (loss.isPaired() ? " or accuracy, of pairs ranked right" : "")
          + ", is " + config.bestMetric());
    }
    if (arguments.has("init")) {
      throw new UserError("--init makes a new model, which has no preferences to begin with; train it first (--task generate)");
    }
    if (arguments.has("reference") && !loss.hasReference()) {
      throw new UserError("--reference is for losses that compare with one, not for " + loss.title());
    }
    if (arguments.has("reference") && !AdapterFiles.isAdapter(arguments.path("reference"))) {
      throw new UserError("--reference " + arguments.text("reference") + ": is not the directory of an adapter");
    }
  }

  static PreparedRun of(Arguments arguments, TrainConfig config, Consumer<String> say) throws IOException {
    PreferenceSettings settings = arguments.settings(PreferenceSettings.SETTINGS);
    PreparedRun.Parts<Example.Judged> parts = PreparedRun.parts(arguments, config, say, Dataset::judged, // one prompt, one side
        (data, size) -> PreparedRun.chosen(data, Split.grouped(data, size, config.seed(), row -> row.prompt().toString())));
    Path model = ModelArgument.resolve(arguments, say);
    AdapterConfig method = MethodFlags.config(arguments, model);
    DType quantized = PreparedRun.quantized(arguments, method == null);
    PreferenceTuning tuning = method == null ? PreferenceTuning.full(model, settings, config.seed())
        : PreferenceTuning.adapted(model, method, settings, config.seed(), quantized);
    if (arguments.has("max-length")) {
      tuning = tuning.withMaxLength(arguments.integer("max-length"));
    }
    if (arguments.has("chat-template")) {
      tuning = tuning.withTemplate(Files.readString(arguments.path("chat-template")));
    }
    tuning = tuning.withBatchSize(config.batchSize());
    tuning.setReference(arguments.path("reference"), Path.of(arguments.required("output-dir")).resolve(REFERENCE));
    tuning.setSavings(config.savings());
    if (HeldOutMetric.named(config.bestMetric()) == HeldOutMetric.ACCURACY) {
      tuning.setMetric((evaluated, _, _) -> evaluated.accuracy());
    }
    PreparedRun.sayBase(tuning, arguments, say);
    TrainingSet training = tuning.encode(parts.training(), line -> say.accept("training: " + line));
    TrainingSet heldOut = parts.heldOut() == null ? null
        : tuning.encode(parts.heldOut(), line -> say.accept("held out: " + line));
    Set<Reporting> reporting = Reporting.of(arguments);
    RunRecorder recorder = reporting.contains(Reporting.HTML)
        ? RunRecorder.of(tuning, parts.training(), parts.measured(), PreparedRun.about(arguments, parts)) : null;
    return new PreparedRun(tuning, training, heldOut, recorder, reporting);
  }
}
