package dev.hone.train.cli;

import dev.hone.train.ClassifierTuning;
import dev.hone.train.Objective;
import dev.hone.train.TextClassifier;
import dev.hone.train.Trainer;
import dev.hone.train.TrainingSet;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.metric.Average;
import dev.hone.train.metric.ConfusionMatrix;
import dev.hone.train.metric.Scores;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How well a classifier does on rows whose labels are known.
 *
 * @param labels the names of the classes
 * @param loss mean cross-entropy
 * @param matrix true against predicted classes
 */
record Evaluation(List<String> labels, double loss, ConfusionMatrix matrix) {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int BATCH = 32;

  static Evaluation of(TextClassifier classifier, Dataset<Example.Labelled> data) {
    TrainingSet set = ClassifierTuning.encode(classifier, data);
    Trainer.Evaluated result =
        Trainer.evaluate(classifier.model(), Objective.classification(classifier.model().labels()), set, BATCH);
    int[] truth = new int[set.size()];
    int[] predicted = new int[set.size()];
    for (int i = 0; i < truth.length; i++) {
      truth[i] = (int) set.targets().get(i)[0];
      predicted[i] = TextClassifier.argMax(result.logits()[i]);
    }
    List<String> labels = classifier.model().labels().names();
    return new Evaluation(labels, result.loss(), ConfusionMatrix.of(truth, predicted, labels.size()));
  }

  void print(Console console) {
    int width = Math.max(8, labels.stream().mapToInt(String::length).max().orElse(0));
    console.result(String.format(Locale.ROOT, "rows %d  loss %.4f  accuracy %.4f  macro-F1 %.4f", matrix.total(), loss,
        matrix.accuracy(), matrix.scores(Average.MACRO).f1()));
    console.result("");
    console.result(String.format("%-" + width + "s %9s %9s %9s %9s", "label", "precision", "recall", "F1", "rows"));
    for (int c = 0; c < labels.size(); c++) {
      Scores scores = matrix.scores(c);
      console.result(String.format(Locale.ROOT, "%-" + width + "s %9.4f %9.4f %9.4f %9d", labels.get(c), scores.precision(),
          scores.recall(), scores.f1(), matrix.support(c)));
    }
    console.result("");
    StringBuilder head = new StringBuilder(String.format("%-" + width + "s", "true \\ predicted"));
    labels.forEach(label -> head.append(String.format(" %" + Math.max(6, label.length()) + "s", label)));
    console.result(head.toString());
    int left = Math.max(width, "true \\ predicted".length());
    for (int t = 0; t < labels.size(); t++) {
      StringBuilder row = new StringBuilder(String.format("%-" + left + "s", labels.get(t)));
      for (int p = 0; p < labels.size(); p++) {
        row.append(String.format(" %" + Math.max(6, labels.get(p).length()) + "d", matrix.count(t, p)));
      }
      console.result(row.toString());
    }
  }

  String json() {
    ObjectNode tree = JSON.createObjectNode().put("rows", matrix.total()).put("loss", loss)
        .put("accuracy", matrix.accuracy()).put("macro_f1", matrix.scores(Average.MACRO).f1());
    ObjectNode classes = tree.putObject("classes");
    ArrayNode confusion = tree.putArray("confusion_matrix");
    for (int c = 0; c < labels.size(); c++) {
      Scores scores = matrix.scores(c);
      classes.putObject(labels.get(c)).put("precision", scores.precision()).put("recall", scores.recall())
          .put("f1", scores.f1()).put("support", matrix.support(c));
      ArrayNode row = confusion.addArray();
      for (int p = 0; p < labels.size(); p++) {
        row.add(matrix.count(c, p));
      }
    }
    return JSON.writeValueAsString(tree);
  }
}
