package dev.hone.train.run;

import dev.hone.core.DType;
import dev.hone.lora.AdapterConfig;
import dev.hone.nn.Labels;
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
import dev.hone.train.task.tag.TagTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;

/** Reads what {@code --task tag} learns from. */
final class TagRun {
  private TagRun() {}

  /** Fails for settings that do not go together. */
  static void check(Arguments arguments, TrainConfig config) {
    HeldOutMetric best = HeldOutMetric.named(config.bestMetric());
    if (best != HeldOutMetric.LOSS && best != HeldOutMetric.ACCURACY && best != HeldOutMetric.MICRO_F1
        && best != HeldOutMetric.MACRO_F1) {
      throw new UserError("--metric-for-best-model must be loss, accuracy (of words), micro_f1 or macro_f1 (of spans), is "
          + config.bestMetric());
    }
    if (arguments.has("init")) {
      throw new UserError("--init makes a new model that writes; a tagger is tuned from an encoder (--model)");
    }
  }

  static PreparedRun of(Arguments arguments, TrainConfig config, Consumer<String> say) throws IOException {
    PreparedRun.Parts<Example.Tagged> parts = PreparedRun.parts(arguments, config, say, Dataset::tagged,
        (data, size) -> PreparedRun.chosen(data, Split.grouped(data, size, config.seed(), Example.Tagged::text)));
    Labels labels = TagTuning.labels(parts.training());
    Path model = ModelArgument.resolve(arguments, say);
    AdapterConfig method = MethodFlags.config(arguments, model);
    DType quantized = PreparedRun.quantized(arguments, method == null);
    TagTuning tuning = method == null ? TagTuning.full(model, labels, config.seed())
        : TagTuning.adapted(model, labels, method, config.seed(), quantized);
    if (arguments.has("max-length")) {
      tuning = tuning.withMaxLength(arguments.integer("max-length"));
    }
    PreparedRun.sayBase(tuning, arguments, say);
    TrainingSet training = tuning.encode(parts.training());
    say.accept("training: " + parts.training().size() + " texts in " + training.size() + " windows; tags: "
        + String.join(", ", labels.names()));
    TrainingSet heldOut = parts.heldOut() == null ? null : tuning.encode(parts.heldOut());
    HeldOutMetric best = HeldOutMetric.named(config.bestMetric());
    if (best == HeldOutMetric.ACCURACY) {
      tuning.setMetric((evaluated, _, _) -> evaluated.accuracy());
    } else if (best != HeldOutMetric.LOSS) {
      TagTuning tagged = tuning;
      String figure = best == HeldOutMetric.MICRO_F1 ? "micro_f1" : "macro_f1";
      tuning.setMetric((_, _, _) -> TagTuning.evaluate(tagged.tagger(), parts.heldOut(), PreparedRun.NO_INTERVALS).figure(figure)
          .value());
    }
    Set<Reporting> reporting = Reporting.of(arguments);
    RunRecorder recorder = reporting.contains(Reporting.HTML)
        ? RunRecorder.of(tuning, parts.training(), parts.measured(), PreparedRun.about(arguments, parts)) : null;
    return new PreparedRun(tuning, training, heldOut, recorder, reporting);
  }
}
