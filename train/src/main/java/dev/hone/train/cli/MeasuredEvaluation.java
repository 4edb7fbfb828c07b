package dev.hone.train.cli;

import dev.hone.nn.Labels;
import dev.hone.train.ClassifierTuning;
import dev.hone.train.HeldOutMetric;
import dev.hone.train.Objective;
import dev.hone.train.TextClassifier;
import dev.hone.train.Trainer;
import dev.hone.train.TrainingSet;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * How well a model does on rows that carry several labels or a number: a few measures.
 *
 * @param rows how many
 * @param measures by name
 */
record MeasuredEvaluation(int rows, Map<String, Double> measures) {
  private static final int BATCH = 32;
  private static final List<HeldOutMetric> OF_LABELS =
      List.of(HeldOutMetric.ACCURACY, HeldOutMetric.MICRO_F1, HeldOutMetric.MACRO_F1, HeldOutMetric.WEIGHTED_F1);
  private static final List<HeldOutMetric> OF_NUMBERS =
      List.of(HeldOutMetric.MAE, HeldOutMetric.RMSE, HeldOutMetric.R2, HeldOutMetric.PEARSON);

  static MeasuredEvaluation of(TextClassifier classifier, Dataset<Example.Labelled> data) {
    Labels labels = classifier.model().labels();
    TrainingSet set = ClassifierTuning.encode(classifier, data);
    Trainer.Evaluated result = Trainer.evaluate(classifier.model(), Objective.classification(labels), set, BATCH);
    Map<String, Double> measures = new LinkedHashMap<>();
    measures.put("loss", result.loss());
    for (HeldOutMetric metric : labels.kind() == Labels.Kind.REGRESSION ? OF_NUMBERS : OF_LABELS) {
      measures.put(metric.name().toLowerCase(Locale.ROOT), metric.of(result, set, labels));
    }
    return new MeasuredEvaluation(set.size(), measures);
  }

  String text() {
    StringBuilder line = new StringBuilder("rows ").append(rows);
    measures.forEach((name, value) -> line.append(String.format(Locale.ROOT, "  %s %.4f", name, value)));
    return line.toString();
  }

  String json() {
    JsonMapper json = JsonMapper.builder().build();
    ObjectNode tree = json.createObjectNode().put("rows", rows);
    measures.forEach((name, value) -> {
      if (value.isNaN()) {
        tree.putNull(name);
      } else {
        tree.put(name, value);
      }
    });
    return json.writeValueAsString(tree);
  }
}
