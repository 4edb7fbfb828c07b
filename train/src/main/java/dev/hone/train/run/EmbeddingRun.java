package dev.hone.train.run;

import dev.hone.core.DType;
import dev.hone.lora.AdapterConfig;
import dev.hone.train.HeldOutMetric;
import dev.hone.train.TrainConfig;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.Split;
import dev.hone.train.report.RunRecorder;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.TaskName;
import dev.hone.train.task.embed.EmbeddingEvaluator;
import dev.hone.train.task.embed.EmbeddingSettings;
import dev.hone.train.task.embed.EmbeddingTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Prepares the tuning of an embedding model. */
final class EmbeddingRun {
  /** The flags of the task. */
  static final List<Flag> FLAGS = Flag.of(EmbeddingSettings.SETTINGS).stream().map(flag -> flag.only(TaskName.EMBED.word()))
      .toList();

  /** Measures of rows without scores, and of those with scores or labels. */
  private static final Set<HeldOutMetric> SEARCH = EnumSet.of(HeldOutMetric.NDCG, HeldOutMetric.MRR, HeldOutMetric.MAP);
  private static final Set<HeldOutMetric> ORDER = EnumSet.of(HeldOutMetric.SPEARMAN, HeldOutMetric.PEARSON);

  private EmbeddingRun() {}

  /** Fails for settings that do not go together. */
  static void check(TrainConfig config) {
    HeldOutMetric best = HeldOutMetric.named(config.bestMetric());
    if (best != HeldOutMetric.LOSS && !SEARCH.contains(best) && !ORDER.contains(best)) {
      throw new UserError("--metric-for-best-model must be loss; ndcg, mrr or map of rows without scores; spearman or pearson of "
          + "rows with scores or labels; is " + config.bestMetric());
    }
  }

  /** Chooses the best step by what the evaluation says of the held-out rows. */
  private static void measure(EmbeddingTuning tuning, Dataset<Example.Related> heldOut, TrainConfig config) {
    HeldOutMetric best = HeldOutMetric.named(config.bestMetric());
    if (best == HeldOutMetric.LOSS || heldOut == null) {
      return;
    }
    boolean scored = heldOut.row(0).label() != null || !Double.isNaN(heldOut.row(0).score());
    if (scored != ORDER.contains(best)) {
      throw new UserError("--metric-for-best-model " + config.bestMetric() + " is of rows " + (scored ? "without" : "with")
          + " scores, and these have " + (scored ? "them; use loss, spearman or pearson" : "none; use loss, ndcg, mrr or map"));
    }
    EmbeddingEvaluator evaluator = tuning.evaluator(PreparedRun.NO_INTERVALS, heldOut);
    tuning.setMetric((_, _, _) -> evaluator.evaluate(tuning.embedder(), heldOut).value(best.name()));
  }

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
    measure(tuning, parts.heldOut(), config);
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
