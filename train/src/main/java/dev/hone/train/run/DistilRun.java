package dev.hone.train.run;

import dev.hone.core.DType;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Labels;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
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
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.distil.ClassifierTeacher;
import dev.hone.train.task.distil.DistilSettings;
import dev.hone.train.task.distil.DistilTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
    Path teacher = ModelArgument.resolve(arguments.required("teacher"), say);
    Path teacherAdapter = arguments.path("teacher-adapter");
    Task task = teacherAdapter == null ? ModelLoader.taskOf(teacher) : AdapterFiles.task(teacherAdapter, teacher);
    if (task != Task.SEQUENCE_CLASSIFICATION && task != Task.CAUSAL_LM) {
      throw new UserError("--teacher " + teacher + " is neither a language model nor a classifier of texts, but for " + task);
    }
    HeldOutMetric.named(config.bestMetric()).check(task == Task.CAUSAL_LM ? null : Labels.Kind.SINGLE_LABEL);
    return task == Task.CAUSAL_LM ? language(arguments, config, say, settings, teacher)
        : classifier(arguments, config, say, ClassifierTeacher.load(teacher, teacherAdapter, settings));
  }

  private static PreparedRun classifier(Arguments arguments, TrainConfig config, Consumer<String> say, ClassifierTeacher teacher)
      throws IOException {
    for (String flag : List.of("train-on-prompt", "probe", "teacher-top-k")) {
      if (arguments.has(flag)) {
        throw new UserError("--" + flag + " is for language models, and the teacher is a classifier; leave it out");
      }
    }
    PreparedRun.Parts<Example.Labelled> parts = PreparedRun.parts(arguments, config, say, Dataset::labelled,
        (data, size) -> PreparedRun.chosen(data, Split.stratified(data, size, config.seed())));
    Path model = ModelArgument.resolve(arguments, say);
    AdapterConfig method = MethodFlags.config(arguments, model);
    DType quantized = PreparedRun.quantized(arguments, method == null);
    ClassifierTuning tuning = method == null ? ClassifierTuning.full(model, teacher.labels(), config.seed())
        : ClassifierTuning.adapted(model, teacher.labels(), method, config.seed(), quantized);
    if (arguments.has("max-length")) {
      tuning = tuning.withMaxLength(arguments.integer("max-length"));
    }
    teacher.teach(tuning);
    PreparedRun.sayBase(tuning, arguments, say);
    Path output = Path.of(arguments.required("output-dir"));
    TrainingSet training = teacher.encode(tuning, parts.training(), output.resolve("teacher.training"));
    TrainingSet heldOut = parts.heldOut() == null ? null
        : teacher.encode(tuning, parts.heldOut(), output.resolve("teacher.held-out"));
    say.accept("the teacher is a classifier of " + String.join(", ", teacher.labels().names()) + "; it was asked about "
        + (training.size() + (heldOut == null ? 0 : heldOut.size())) + " texts");
    Set<Reporting> reporting = Reporting.of(arguments);
    RunRecorder recorder = reporting.contains(Reporting.HTML)
        ? RunRecorder.of(tuning, parts.training(), parts.measured(), PreparedRun.about(arguments, parts)) : null;
    return new PreparedRun(tuning, training, heldOut, recorder, reporting,
        heldOut == null ? List.of() : parts.heldOut().map(Example.Labelled::text));
  }

  private static PreparedRun language(Arguments arguments, TrainConfig config, Consumer<String> say, DistilSettings settings,
      Path teacher) throws IOException {
    PreparedRun.Parts<Example.Language> parts = PreparedRun.parts(arguments, config, say, Dataset::language, (data, size) ->
        PreparedRun.chosen(data, data.row(0) instanceof Example.Document ? Split.lastRows(data, size)
            : Split.random(data, size, config.seed())));
    Path model = ModelArgument.resolve(arguments.required("model"), say);
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
