package dev.hone.train.run;

import dev.hone.core.DType;
import dev.hone.lora.AdapterConfig;
import dev.hone.train.TrainConfig;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.Split;
import dev.hone.train.report.RunRecorder;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.TaskName;
import dev.hone.train.task.embed.EmbeddingSettings;
import dev.hone.train.task.embed.EmbeddingTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Prepares the tuning of an embedding model. */
final class EmbeddingRun {
  /** The flags of the task. */
  static final List<Flag> FLAGS = Flag.of(EmbeddingSettings.SETTINGS).stream().map(flag -> flag.only(TaskName.EMBED.word()))
      .toList();

  private EmbeddingRun() {}

  static PreparedRun of(Arguments arguments, TrainConfig config, Consumer<String> say) throws IOException {
    EmbeddingSettings settings = arguments.settings(EmbeddingSettings.SETTINGS);
    PreparedRun.Parts<Example.Related> parts = PreparedRun.parts(arguments, config, say, Dataset::related,
        (data, size) -> PreparedRun.chosen(data, Split.random(data, size, config.seed())));
    Path model = ModelArgument.resolve(arguments, say);
    AdapterConfig method = MethodFlags.config(arguments, model);
    DType quantized = PreparedRun.quantized(arguments, method == null);
    EmbeddingTuning tuning = method == null ? EmbeddingTuning.full(model, settings)
        : EmbeddingTuning.adapted(model, method, settings, config.seed(), quantized);
    if (arguments.has("max-length")) {
      tuning = tuning.withMaxLength(arguments.integer("max-length"));
    }
    PreparedRun.sayBase(tuning, arguments, say);
    EmbeddingTuning.Encoded training = tuning.encoded(parts.training());
    EmbeddingTuning.Encoded heldOut = parts.heldOut() == null ? null : tuning.encoded(parts.heldOut());
    say.accept(tuning.describe(training.set()));
    if (training.set().size() != parts.training().size()) {
      say.accept(training.set().size() + " pairs made of " + parts.training().size() + " labelled texts: each with one of its "
          + "label and "
          + "one of another");
    }
    if (training.cut() > 0) {
      say.accept(training.cut() + " of " + training.texts() + " texts are cut to " + tuning.maxLength() + " tokens");
    }
    Set<Reporting> reporting = Reporting.of(arguments);
    RunRecorder recorder = reporting.contains(Reporting.HTML)
        ? RunRecorder.of(tuning, parts.training(), parts.measured(), PreparedRun.about(arguments, parts)) : null;
    return new PreparedRun(tuning, training.set(), heldOut == null ? null : heldOut.set(), recorder, reporting);
  }
}
