package dev.hone.train.evaluation;

import dev.hone.train.metric.Bleu;
import dev.hone.train.metric.ChrF;
import dev.hone.train.metric.Perplexity;
import dev.hone.train.metric.QuestionAnswering;
import dev.hone.train.metric.Rouge;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Figures of a language model: of tokens, which all count the same whatever their row, and of what it wrote itself, if it did.
 * BLEU and chrF are of all rows together, the others means over rows.
 */
final class TextFigures implements Figures {
  private final List<Prediction.OneText> all;
  private final int[] place; // of each row among those for which the model wrote something, -1 for the others
  private final int writings;
  private final Map<String, ToDoubleFunction<int[]>> ofWriting = new LinkedHashMap<>();

  TextFigures(List<Prediction.OneText> rows) {
    all = rows;
    place = new int[rows.size()];
    List<String> written = new ArrayList<>();
    List<List<String>> wanted = new ArrayList<>();
    for (int i = 0; i < place.length; i++) {
      place[i] = rows.get(i).written() ? written.size() : -1;
      if (place[i] >= 0) {
        written.add(rows.get(i).generated());
        wanted.add(List.of(rows.get(i).reference()));
      }
    }
    writings = written.size();
    if (writings > 0) {
      ofWriting.put("bleu", Bleu.CORPUS.ofRows(written, wanted));
      ofWriting.put("chrf", ChrF.CHRF.ofRows(written, wanted));
      ofWriting.put("rouge_1", mean(i -> rouge(Rouge.ROUGE_1, written.get(i), wanted.get(i))));
      ofWriting.put("rouge_2", mean(i -> rouge(Rouge.ROUGE_2, written.get(i), wanted.get(i))));
      ofWriting.put("rouge_l", mean(i -> rouge(Rouge.ROUGE_L, written.get(i), wanted.get(i))));
      ofWriting.put("exact_match", mean(i -> QuestionAnswering.exactMatch(written.get(i), wanted.get(i))));
      ofWriting.put("token_f1", mean(i -> QuestionAnswering.f1(written.get(i), wanted.get(i))));
    }
  }

  private static double rouge(Rouge rouge, String written, List<String> wanted) {
    return rouge.best(List.of(written), List.of(wanted)).f1();
  }

  private ToDoubleFunction<int[]> mean(IntToDoubleFunction figure) {
    double[] values = IntStream.range(0, writings).mapToDouble(figure).toArray();
    return rows -> IntStream.of(rows).mapToDouble(row -> values[row]).average().orElse(Double.NaN);
  }

  @Override
  public int count(String name, int[] rows) {
    return ofWriting.containsKey(name) ? writing(rows).length : rows.length;
  }

  private int[] writing(int[] rows) {
    return IntStream.of(rows).map(row -> place[row]).filter(at -> at >= 0).toArray();
  }

  @Override
  public List<String> names() {
    List<String> names = new ArrayList<>(List.of("loss", "perplexity", "token_accuracy"));
    names.addAll(ofWriting.keySet());
    return names;
  }

  @Override
  public double[] of(int[] rows) {
    double sum = 0;
    long tokens = 0;
    long hits = 0;
    for (int row : rows) {
      Prediction.OneText text = all.get(row);
      sum += text.loss() * text.tokens();
      tokens += text.tokens();
      hits += text.hits();
    }
    Perplexity perplexity = new Perplexity(sum, tokens);
    double[] values = new double[3 + ofWriting.size()];
    values[0] = perplexity.loss();
    values[1] = perplexity.value();
    values[2] = tokens == 0 ? Double.NaN : hits / (double) tokens;
    int[] writing = writing(rows);
    int at = 3;
    for (ToDoubleFunction<int[]> figure : ofWriting.values()) {
      values[at++] = writing.length == 0 ? Double.NaN : figure.applyAsDouble(writing);
    }
    return values;
  }
}
