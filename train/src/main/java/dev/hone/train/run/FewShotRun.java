package dev.hone.train.run;

import dev.hone.lora.AdapterConfig;
import dev.hone.nn.Labels;
import dev.hone.train.TrainConfig;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.UserError;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.data.Split;
import dev.hone.train.report.RunRecorder;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.embed.EmbeddingTuning;
import dev.hone.train.task.fewshot.FewShotTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Prepares a classifier from a few texts a class. */
final class FewShotRun {
  private FewShotRun() {}

  static PreparedRun of(Arguments arguments, TrainConfig config, Consumer<String> say) throws IOException {
    if (PreparedRun.kind(arguments.text("problem-type")) != Labels.Kind.SINGLE_LABEL) {
      throw new UserError("--few-shot learns one label a text, not " + arguments.text("problem-type"));
    }
    if (!config.classWeights().isEmpty() || config.labelSmoothing() != 0 || config.focalGamma() != 0) {
      throw new UserError("--few-shot has a loss of its own: leave out class weights, label smoothing and the focal loss");
    }
    PreparedRun.Parts<Example.Labelled> parts = PreparedRun.parts(arguments, config, say, Dataset::labelled,
        (data, size) -> PreparedRun.chosen(data, Split.stratified(data, size, config.seed())));
    Path model = ModelArgument.resolve(arguments, say);
    AdapterConfig method = MethodFlags.config(arguments, model);
    PreparedRun.quantized(arguments, method == null);
    LabelSet labels = LabelSet.of(parts.training());
    FewShotTuning tuning = method == null ? FewShotTuning.full(model, labels)
        : FewShotTuning.adapted(model, method, labels, config.seed());
    if (arguments.has("max-length")) {
      tuning = tuning.withMaxLength(arguments.integer("max-length"));
    }
    PreparedRun.sayBase(tuning.body(), arguments, say);
    EmbeddingTuning.Encoded pairs = tuning.body().encoded(tuning.pairs(parts.training(), config.seed()));
    say.accept(pairs.set().size() + " pairs made of " + parts.training().size() + " texts; " + tuning.body().describe(
        pairs.set()));
    tuning.fitWhenSaved(parts.training());
    Set<Reporting> reporting = Reporting.of(arguments);
    RunRecorder recorder = reporting.contains(Reporting.HTML)
        ? RunRecorder.of(tuning, parts.training(), parts.measured(), PreparedRun.about(arguments, parts)) : null;
    return new PreparedRun(tuning.body(), pairs.set(), null, recorder, reporting);
  }

  /** Advice for few rows, or null. */
  static String advice(Dataset<Example.Labelled> rows) {
    Map<String, Integer> counts = new HashMap<>();
    for (int i = 0; i < rows.size() && counts.values().stream().allMatch(count -> count <= FewShotTuning.FEW); i++) {
      counts.merge(rows.row(i).label(), 1, Integer::sum);
    }
    return counts.size() > 1 && counts.values().stream().allMatch(count -> count <= FewShotTuning.FEW)
        ? "no label has more than " + FewShotTuning.FEW + " rows: --few-shot usually learns more from so few" : null;
  }
}
