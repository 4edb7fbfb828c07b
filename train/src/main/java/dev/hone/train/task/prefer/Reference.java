package dev.hone.train.task.prefer;

import dev.hone.autograd.GradMode;
import dev.hone.core.Scope;
import dev.hone.core.parallel.Turn;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.data.BatchSampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The log-probabilities of a frozen model, computed once for all rows: a step then costs what it costs without a reference. */
final class Reference {
  private static final int BATCH_TOKENS = 1 << 13;

  private Reference() {}

  /**
   * The rows with what the model makes of them.
   *
   * @param cache what is known already, which gets what is computed; null for nothing. A batch is computed as a whole if one of
   *     its rows is not known, so that the numbers do not depend on when a run before was stopped
   */
  static List<PreferenceRow> of(PretrainedModel asked, List<PreferenceRow> rows, int batchSize, ReferenceCache cache) {
    return of(asked, rows, batchSize, cache, Pass.inference().withSavings(Pass.Savings.ALL));
  }

  /** The rows with what the model makes of them in such a pass. */
  static List<PreferenceRow> of(PretrainedModel asked, List<PreferenceRow> rows, int batchSize, ReferenceCache cache, Pass pass) {
    PretrainedModel model = asked.snapshot();
    int[] lengths = rows.stream().mapToInt(row -> row.first().length + row.second().length).toArray();
    int budget = Math.max(BATCH_TOKENS, Arrays.stream(lengths).max().orElse(0));
    List<PreferenceRow> known = new ArrayList<>(rows);
    for (int[] batch : new BatchSampler(lengths, batchSize, budget, true, 0).inOrder()) {
      List<PreferenceRow> chosen = Arrays.stream(batch).mapToObj(rows::get).toList();
      if (cache == null || !cache.hasAll(chosen)) {
        List<PreferenceRow> made = computed(model, chosen, pass);
        if (cache == null) {
          for (int i = 0; i < batch.length; i++) {
            known.set(batch[i], made.get(i));
          }
          continue;
        }
        cache.add(made);
      }
      for (int i = 0; i < batch.length; i++) {
        known.set(batch[i], cache.known(chosen.get(i)));
      }
    }
    return known;
  }

  private static List<PreferenceRow> computed(PretrainedModel model, List<PreferenceRow> rows, Pass pass) {
    List<PreferenceRow> made = new ArrayList<>();
    try (GradMode _ = GradMode.disabled(); Turn _ = Turn.take(); Scope _ = Scope.open()) {
      Answers answers = Answers.of(model, rows, false, pass);
      for (int i = 0; i < rows.size(); i++) {
        made.add(rows.get(i).withReference(answers.logp(2 * i), answers.logp(2 * i + 1)));
      }
    }
    return made;
  }
}
