package dev.hone.train.report;

import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.evaluation.Figure;
import dev.hone.train.evaluation.Prediction;
import dev.hone.train.page.Verdict;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What a person should see first in a run: whether it learnt, overfitted, beats a guess, and how sure the figures are. */
final class Findings {
  private static final double OVERFITTED = 1.05; // held-out loss at the end against the lowest
  private static final double ROUGH_CALIBRATION = 0.1;
  private static final int FEW_ROWS = 100;

  /** A line. */
  record Finding(Verdict verdict, String line) {}

  private final Run run;
  private final List<Finding> findings = new ArrayList<>();

  private Findings(Run run) {
    this.run = run;
  }

  static List<Finding> of(Run run) {
    Findings all = new Findings(run);
    all.headline();
    all.training();
    all.overfitting();
    all.calibration();
    all.trust();
    return all.findings;
  }

  private void add(Verdict verdict, String format, Object... values) {
    findings.add(new Finding(verdict, String.format(Locale.ROOT, format, values)));
  }

  static String rows(Run run) {
    return run.evaluation().predictions().size() + " " + (run.facts().measuredOn().equals("test") ? "test" : "held-out")
        + (run.evaluation().tokens() > 0 && run.evaluation().predictions().size() > 1 ? " texts" : " rows");
  }

  private void headline() {
    Evaluation evaluation = run.evaluation();
    if (evaluation == null) {
      add(Verdict.NOTICE, "nothing was measured: the run had no held-out rows (--val-size, --eval-data, --test-data)");
      return;
    }
    if (!evaluation.classes().isEmpty()) {
      classes(evaluation);
      return;
    }
    if (evaluation.figures().containsKey("margin")) {
      pairs(evaluation);
      return;
    }
    String name = List.of("perplexity", "micro_f1", "rmse").stream().filter(evaluation.figures()::containsKey).findFirst()
        .orElse("loss");
    Figure figure = evaluation.figure(name);
    boolean blind = evaluation.figures().containsKey("r2") && evaluation.figure("r2").low() <= 0;
    add(blind ? Verdict.BAD : Verdict.GOOD, "%s %.4g (%.4g to %.4g) on %s%s", name.replace('_', ' '), figure.value(),
        figure.low(),
        figure.high(), rows(run), blind ? ": that may be no better than always saying the mean" : "");
  }

  /** Against always saying the most frequent class. */
  private void classes(Evaluation evaluation) {
    long[] support = new long[evaluation.labels().size()];
    evaluation.classes().forEach(row -> support[row.truth()]++);
    int most = 0;
    for (int i = 0; i < support.length; i++) {
      most = support[i] > support[most] ? i : most;
    }
    double guess = support[most] / (double) evaluation.classes().size();
    Figure accuracy = evaluation.figure("accuracy");
    boolean better = accuracy.low() > guess;
    add(better ? Verdict.GOOD : Verdict.BAD, "accuracy %.3f (%.3f to %.3f) on %s; always saying '%s' has %.3f%s",
        accuracy.value(), accuracy.low(), accuracy.high(), rows(run), evaluation.labels().get(most), guess,
        better ? "" : ", which is not clearly worse");
    long unseen = Arrays.stream(support).filter(n -> n == 0).count();
    if (unseen > 0) {
      add(Verdict.NOTICE, "%d of %d classes have no row there, so that nothing is known about them", unseen, support.length);
    }
  }

  /** Against tossing a coin, and what people ask about rewards. */
  private void pairs(Evaluation evaluation) {
    boolean rewarded = evaluation.figures().containsKey("reward_accuracy");
    Figure accuracy = evaluation.figure(rewarded ? "reward_accuracy" : "accuracy");
    boolean better = accuracy.low() > 0.5;
    add(better ? Verdict.GOOD : Verdict.BAD, "the better answer is told from the worse in %.3f (%.3f to %.3f) of %s%s",
        accuracy.value(), accuracy.low(), accuracy.high(), rows(run),
        better ? "" : ", which is not clearly more than a coin does");
    if (rewarded && evaluation.figure("chosen_reward").value() < 0) {
      add(Verdict.NOTICE, "the rewards of chosen answers fell, too (%.3f, rejected %.3f): these losses move the two apart and "
          + "say nothing of where to; it is usual. An sft_weight above 0, or a higher beta, keeps chosen answers likely",
          evaluation.figure("chosen_reward").value(), evaluation.figure("rejected_reward").value());
    }
  }

  private void training() {
    double[] loss = run.curves().smoothedLoss();
    if (loss.length < 2) {
      return;
    }
    double first = loss[Math.min(loss.length - 1, loss.length / 50)];
    double last = loss[loss.length - 1];
    add(last < first ? Verdict.GOOD : Verdict.BAD, "training loss %s from %.4f to %.4f in %d steps", last < first ? "fell"
        : "rose",
        first, last, loss.length);
    long skipped = run.curves().steps().stream()
        .filter(step -> !Double.isFinite(step.loss()) || !Double.isFinite(step.gradientNorm())).count();
    if (skipped > 0) {
      add(Verdict.BAD, "%d steps were skipped, their loss or gradient was not finite", skipped);
    }
  }

  private void overfitting() {
    List<Curves.HeldOutPoint> points = run.curves().evaluations();
    if (points.size() < 2) {
      return;
    }
    Curves.HeldOutPoint least = points.getFirst();
    for (Curves.HeldOutPoint point : points) {
      least = point.loss() < least.loss() ? point : least;
    }
    Curves.HeldOutPoint last = points.getLast();
    if (last.loss() > OVERFITTED * least.loss()) {
      add(Verdict.NOTICE, "held-out loss was lowest after step %d (%.4f) and rose to %.4f: later steps learnt the rows by heart; "
          + "the weights kept are those of step %d", least.step(), least.loss(), last.loss(), run.facts().bestStep());
    } else if (least == last) {
      add(Verdict.NOTICE, "held-out loss was still falling at the end: more epochs may help");
    } else {
      add(Verdict.GOOD, "held-out loss %.4f at the end, %.4f at its lowest: no overfitting", last.loss(), least.loss());
    }
  }

  private void calibration() {
    if (run.evaluation() == null || run.evaluation().classes().isEmpty()) {
      return;
    }
    double error = run.evaluation().figure("calibration_error").value();
    double confidence = run.evaluation().classes().stream()
        .mapToDouble((Prediction.OneClass row) -> row.probabilities()[row.predicted()]).average().orElse(0);
    double accuracy = run.evaluation().figure("accuracy").value();
    if (error > ROUGH_CALIBRATION) {
      add(Verdict.NOTICE, "probabilities are off by %.3f on average (confidence %.3f, accuracy %.3f): the model is %s", error,
          confidence, accuracy, confidence > accuracy ? "too sure of itself" : "right more often than it says");
    } else {
      add(Verdict.GOOD, "probabilities are off by %.3f on average: they say about what they mean", error);
    }
  }

  private void trust() {
    if (run.evaluation() == null) {
      return;
    }
    if (run.evaluation().predictions().size() < FEW_ROWS && run.evaluation().tokens() == 0) {
      add(Verdict.NOTICE, "%d rows are few: read the intervals, not the figures", run.evaluation().predictions().size());
    }
    if (run.facts().measuredOn().equals("held-out") && run.curves().evaluations().size() > 1) {
      add(Verdict.NOTICE, "the weights were chosen by these rows, so the figures are a little too good; --test-data FILE "
          + "measures on "
          + "rows that nothing was chosen by");
    }
  }
}
