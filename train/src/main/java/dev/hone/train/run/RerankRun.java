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
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.report.RunRecorder;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.TaskName;
import dev.hone.train.task.rerank.RerankEvaluator;
import dev.hone.train.task.rerank.RerankTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Prepares the tuning of a reranker. */
final class RerankRun {
  /** The flags of the task. */
  static final List<Flag> FLAGS = List.of(Flag.of("pos-weight", "X", "1", "what documents that fit weigh in the loss")
      .only(TaskName.RERANK.word()));

  private RerankRun() {}

  /** Fails for settings that do not go together. */
  static void check(TrainConfig config) {
    HeldOutMetric best = HeldOutMetric.named(config.bestMetric());
    if (best != HeldOutMetric.LOSS && best != HeldOutMetric.NDCG && best != HeldOutMetric.MRR && best != HeldOutMetric.MAP) {
      throw new UserError("--metric-for-best-model must be loss, map, ndcg or mrr, is " + config.bestMetric());
    }
  }

  static PreparedRun of(Arguments arguments, TrainConfig config, Consumer<String> say) throws IOException {
    PreparedRun.Parts<Example.Related> parts = PreparedRun.parts(arguments, config, say, Dataset::related, // one query, one side
        (data, size) -> PreparedRun.chosen(data, Split.grouped(data, size, config.seed(), row -> row.texts().getFirst())));
    Path model = ModelArgument.resolve(arguments, say);
    AdapterConfig method = MethodFlags.config(arguments, model);
    DType quantized = PreparedRun.quantized(arguments, method == null);
    double weight = arguments.number("pos-weight");
    RerankTuning tuning = method == null ? RerankTuning.full(model, weight, config.seed())
        : RerankTuning.adapted(model, method, weight, config.seed(), quantized);
    if (arguments.has("max-length")) {
      tuning = tuning.withMaxLength(arguments.integer("max-length"));
    }
    PreparedRun.sayBase(tuning, arguments, say);
    HeldOutMetric best = HeldOutMetric.named(config.bestMetric());
    if (best != HeldOutMetric.LOSS && parts.heldOut() != null) {
      RerankTuning tuned = tuning;
      RerankEvaluator evaluator = new RerankEvaluator(PreparedRun.NO_INTERVALS);
      tuning.setMetric((_, _, _) -> evaluator.evaluate(tuned.reranker(), parts.heldOut()).value(best.name()));
    }
    RerankTuning.Pairs pairs = RerankTuning.Pairs.of(parts.training());
    TrainingSet training = tuning.reranker().encode(pairs.texts(), pairs.targets());
    say.accept(training.size() + " pairs of a query and a document, up to " + tuning.reranker().maxLength() + " tokens each");
    int cut = tuning.reranker().countCut(pairs.texts(), training);
    if (cut > 0) {
      say.accept(cut + " of " + training.size() + " pairs are cut to " + tuning.reranker().maxLength() + " tokens");
    }
    TrainingSet heldOut = parts.heldOut() == null ? null : tuning.encode(parts.heldOut());
    Set<Reporting> reporting = Reporting.of(arguments);
    RunRecorder recorder = reporting.contains(Reporting.HTML)
        ? RunRecorder.of(tuning, parts.training(), parts.measured(), PreparedRun.about(arguments, parts)) : null;
    return new PreparedRun(tuning, training, heldOut, recorder, reporting);
  }
}
