package dev.hone.train.evaluation;

import dev.hone.train.metric.Bootstrap;
import dev.hone.train.metric.ConfusionMatrix;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON form of what an evaluation finds: {@code rows}, each figure by name, {@code intervals} with {@code [low, high]} of
 * each, {@code bootstrap} saying how these were made; of a classifier {@code classes}, {@code confusion_matrix} (true class by
 * row) and {@code reliability}. What is not a number is null.
 */
public final class EvaluationJson {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private EvaluationJson() {}

  /** An evaluation, without its predictions. */
  public static ObjectNode of(Evaluation evaluation) {
    ObjectNode tree = JSON.createObjectNode().put("rows", evaluation.predictions().size());
    if (evaluation.tokens() > 0) {
      tree.put("tokens", evaluation.tokens());
    }
    if (evaluation.written() > 0) {
      tree.put("generated", evaluation.written());
    }
    figures(tree, evaluation.figures());
    bootstrap(tree, evaluation.bootstrap());
    if (!evaluation.byLabel().isEmpty()) {
      ObjectNode classes = tree.putObject("classes");
      evaluation.byLabel().forEach(label -> classes.putObject(label.label()).put("precision", label.scores().precision())
          .put("recall", label.scores().recall()).put("f1", label.scores().f1()).put("support", label.support()));
    }
    ConfusionMatrix matrix = evaluation.confusion();
    if (matrix != null) {
      ArrayNode confusion = tree.putArray("confusion_matrix");
      for (int t = 0; t < matrix.classes(); t++) {
        ArrayNode row = confusion.addArray();
        for (int p = 0; p < matrix.classes(); p++) {
          row.add(matrix.count(t, p));
        }
      }
      ArrayNode bins = tree.putArray("reliability");
      evaluation.reliability(ClassFigures.BINS).forEach(bin -> bins.addObject().put("low", bin.low()).put("high", bin.high())
          .put("rows", bin.rows()).put("confidence", bin.confidence()).put("accuracy", bin.accuracy()));
    }
    return tree;
  }

  /** Groups: an array of {@code value, rows} and figures, and the gap of each figure between {@code best} and {@code worst}. */
  public static ObjectNode of(Slices slices) {
    ObjectNode tree = JSON.createObjectNode().put("column", slices.column());
    ArrayNode groups = tree.putArray("groups");
    slices.groups().forEach(group -> figures(groups.addObject().put("value", group.value()).put("rows", group.rows()),
        group.figures()));
    ObjectNode gaps = tree.putObject("gaps");
    slices.gaps().forEach((name, gap) -> {
      ObjectNode one = gaps.putObject(name).put("best", gap.best()).put("worst", gap.worst());
      number(one, "gap", gap.figure().value());
      interval(one, "interval", gap.figure());
    });
    return tree;
  }

  /** A swap test: an array with {@code one, other, rows, changed, share, mean_change, effects} and examples of changes. */
  public static ArrayNode of(SwapTest test, int examples) {
    ArrayNode all = JSON.createArrayNode();
    for (SwapTest.PairResult pair : test.pairs()) {
      ObjectNode one = all.addObject().put("one", pair.terms().one()).put("other", pair.terms().other()).put("rows", pair.rows())
          .put("changed", pair.changed());
      number(one, "share", pair.share().value());
      interval(one, "interval", pair.share());
      number(one, "mean_change", pair.meanChange());
      ObjectNode effects = one.putObject("effects");
      for (int l = 0; l < pair.effects().size(); l++) {
        ObjectNode effect = effects.putObject(test.labels().get(l));
        number(effect, "change", pair.effects().get(l).value());
        interval(effect, "interval", pair.effects().get(l));
      }
      ArrayNode shown = one.putArray("examples");
      pair.examples().stream().limit(examples).forEach(change -> shown.addObject().put("line", change.row().line())
          .put("text", change.row().text()).put("swapped", change.swapped()).put("before", change.before())
          .put("after", change.after()).put("change", change.change()));
    }
    return all;
  }

  /** Two models: per figure {@code first, second, change, interval}; rows won and lost, the p-value, and first examples. */
  public static ObjectNode of(Comparison comparison, int examples) {
    ObjectNode tree = JSON.createObjectNode().put("rows", comparison.pairs().size()).put("unpaired", comparison.unpaired());
    ObjectNode differences = tree.putObject("differences");
    comparison.differences().forEach((name, difference) -> {
      ObjectNode one = differences.putObject(name);
      number(one, "first", difference.first());
      number(one, "second", difference.second());
      number(one, "change", difference.change().value());
      interval(one, "interval", difference.change());
    });
    tree.put("won", comparison.won().size()).put("lost", comparison.lost().size()).put("p_value", comparison.pValue());
    pairs(tree.putArray("won_examples"), comparison, comparison.won(), examples);
    pairs(tree.putArray("lost_examples"), comparison, comparison.lost(), examples);
    return tree;
  }

  private static void pairs(ArrayNode array, Comparison comparison, List<Comparison.Pair> pairs, int examples) {
    pairs.stream().limit(examples).forEach(pair -> {
      ObjectNode one = array.addObject();
      one.set("first", PredictionsFile.tree(pair.first(), comparison.labels()));
      one.set("second", PredictionsFile.tree(pair.second(), comparison.labels()));
    });
  }

  /** The value of each figure under its name, and the ends of its interval in {@code intervals}. */
  static void figures(ObjectNode tree, Map<String, Figure> figures) {
    figures.forEach((name, figure) -> number(tree, name, figure.value()));
    ObjectNode intervals = tree.putObject("intervals");
    figures.forEach((name, figure) -> interval(intervals, name, figure));
  }

  static void interval(ObjectNode tree, String name, Figure figure) {
    ArrayNode ends = tree.putArray(name);
    for (double end : new double[] {figure.low(), figure.high()}) {
      if (Double.isFinite(end)) {
        ends.add(end);
      } else {
        ends.addNull();
      }
    }
  }

  private static void bootstrap(ObjectNode tree, Bootstrap bootstrap) {
    tree.putObject("bootstrap").put("level", bootstrap.level()).put("resamples", bootstrap.resamples())
        .put("seed", bootstrap.seed());
  }

  static void number(ObjectNode tree, String name, double value) {
    if (Double.isFinite(value)) {
      tree.put(name, value);
    } else {
      tree.putNull(name);
    }
  }
}
