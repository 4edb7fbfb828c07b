package dev.hone.train.evaluation;

import dev.hone.train.metric.Bootstrap;
import dev.hone.train.metric.ConfusionMatrix;
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
