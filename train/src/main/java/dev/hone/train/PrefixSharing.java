package dev.hone.train;

import dev.hone.nn.PrefixTree;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.data.Batches;
import dev.hone.train.encode.TrainingSet;
import java.util.List;
import java.util.Optional;

/** Whether what rows of a batch begin with alike is computed once in a run. */
final class PrefixSharing {
  private static final int LOOKED_AT = 4; // batches

  private PrefixSharing() {}

  /** A line that says why it is not, though it is wanted and there is something to share; else nothing. */
  static Optional<String> refusal(PretrainedModel model, Objective objective, TrainConfig config, TrainingSet training,
      Batches batches) {
    if (!config.savings().sharedPrefixes() || !objective.dropsOut() || !model.config().generates()) {
      return Optional.empty();
    }
    String why = model.unshared(config.pass(0));
    List<int[]> some = batches.epoch(0);
    return why == null || some.subList(0, Math.min(LOOKED_AT, some.size())).stream()
        .allMatch(rows -> PrefixTree.of(training.batch(rows).tokens()) == null) ? Optional.empty()
        : Optional.of("share_prefixes: what rows begin with alike is computed for each of them, as " + why);
  }
}
