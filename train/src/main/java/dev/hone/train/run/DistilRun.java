package dev.hone.train.run;

import dev.hone.core.DType;
import dev.hone.lora.AdapterConfig;
import dev.hone.train.TrainConfig;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.UserError;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.Split;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.report.RunRecorder;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.distil.DistilSettings;
import dev.hone.train.task.distil.DistilTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;

/** Reads what {@code --task distil} learns from. */
final class DistilRun {
  private DistilRun() {}

  /** Fails for settings that do not go together. */
  static void check(Arguments arguments) {
    arguments.settings(DistilSettings.SETTINGS);
    if (arguments.has("init")) {
      throw new UserError("--init is not for --task distil yet: make the small model first (--task generate --init)");
    }
    arguments.required("teacher");
  }

  static PreparedRun of(Arguments arguments, TrainConfig config, Consumer<String> say) throws IOException {
    DistilSettings settings = arguments.settings(DistilSettings.SETTINGS);
    PreparedRun.Parts<Example.Language> parts = PreparedRun.parts(arguments, config, say, Dataset::language, (data, size) ->
        PreparedRun.chosen(data, data.row(0) instanceof Example.Document ? Split.lastRows(data, size)
            : Split.random(data, size, config.seed())));
    Path model = ModelArgument.resolve(arguments.required("model"), say);
    Path teacher = ModelArgument.resolve(arguments.required("teacher"), say);
    AdapterConfig method = MethodFlags.config(arguments, model);
    DType quantized = PreparedRun.quantized(arguments, method == null);
    DistilTuning tuning = method == null ? DistilTuning.full(model, teacher, arguments.path("teacher-adapter"), settings)
        : DistilTuning.adapted(model, method, teacher, arguments.path("teacher-adapter"), settings, config.seed(), quantized);
    tuning = tuning.withRows(arguments.has("max-length") ? arguments.integer("max-length")
        : tuning.generator().encoder().maxLength(), arguments.on("train-on-prompt"));
    PreparedRun.sayBase(tuning, arguments, say);
    Path output = Path.of(arguments.required("output-dir"));
    TrainingSet training = tuning.encode(parts.training(), output.resolve("teacher.training"),
        line -> say.accept("training: " + line));
    TrainingSet heldOut = parts.heldOut() == null ? null : tuning.encode(parts.heldOut(), output.resolve("teacher.held-out"),
        line -> say.accept("held out: " + line));
    Set<Reporting> reporting = Reporting.of(arguments);
    RunRecorder recorder = reporting.contains(Reporting.HTML)
        ? RunRecorder.of(tuning, parts.training(), parts.measured(), PreparedRun.about(arguments, parts)) : null;
    return new PreparedRun(tuning, training, heldOut, recorder, reporting);
  }
}
