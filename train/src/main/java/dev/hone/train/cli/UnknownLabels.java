package dev.hone.train.cli;

import dev.hone.nn.Labels;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.evaluation.Evaluation;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Rows whose label a classifier does not have: it cannot be right about them, and no loss can be given.
 *
 * @param all the rows
 * @param known those of labels that it has
 * @param labels how often each other label occurs
 * @param firstLine of a row with such a label
 */
record UnknownLabels(Dataset<Example.Labelled> all, Dataset<Example.Labelled> known, Map<String, Integer> labels, int firstLine) {
  private static final int SHOWN = 10;

  static UnknownLabels in(Dataset<Example.Labelled> data, Labels labels) {
    if (labels.kind() == Labels.Kind.REGRESSION) {
      return new UnknownLabels(data, data, Map.of(), 0);
    }
    Map<String, Integer> unknown = new TreeMap<>(LabelSet.ORDER);
    int[] first = {-1};
    int[] known = new LabelSet(labels.names()).known(data, labels.kind() == Labels.Kind.MULTI_LABEL, (label, row) -> {
      unknown.merge(label, 1, Integer::sum);
      first[0] = first[0] < 0 ? row : first[0];
    });
    if (known.length == 0) {
      throw new DataException(data.source(), data.line(0), "no row has a label that the model knows: '"
          + unknown.keySet().iterator()
          .next() + "' and others are not among " + String.join(", ", labels.names().subList(0, Math.min(SHOWN, labels.size()))));
    }
    return new UnknownLabels(data, known.length == data.size() ? data : data.select(known), unknown,
        first[0] < 0 ? 0 : data.line(first[0]));
  }

  /** What is to be said of them; null if there are none. */
  String remark(Evaluation evaluation) {
    int left = all.size() - known.size();
    if (left == 0) {
      return null;
    }
    String names = labels.entrySet().stream().limit(SHOWN).map(label -> label.getKey() + " " + label.getValue())
        .collect(Collectors.joining(", ")) + (labels.size() > SHOWN ? ", ..." : "");
    double accuracy = evaluation.figures().containsKey("accuracy")
        ? evaluation.figure("accuracy").value() * known.size() / all.size() : Double.NaN;
    return String.format(Locale.ROOT, "%d of %d rows have labels that training never saw (%s; the first in line %d): the "
        + "figures are "
        + "without them%s", left, all.size(), names, firstLine, Double.isNaN(accuracy) ? ""
            : String.format(Locale.ROOT, "; if they count as wrong, accuracy is %.4f", accuracy));
  }
}
