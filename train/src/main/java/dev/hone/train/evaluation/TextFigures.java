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
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Figures of a language model: of tokens, which all count the same whatever their row, and of what it wrote itself, if it did.
 * BLEU and chrF are of all rows together, the others means over rows.
 */
final class TextFigures implements Figures {
  private final List<Prediction.OneText> all;
  private final Map<String, ToDoubleFunction<int[]>> ofWriting = new LinkedHashMap<>();

  TextFigures(List<Prediction.OneText> rows) {
    all = rows;
    if (rows.stream().allMatch(row -> row.generated() != null && row.reference() != null)) {
      List<String> written = rows.stream().map(Prediction.OneText::generated).toList();
      List<List<String>> wanted = rows.stream().map(row -> List.of(row.reference())).toList();
      ofWriting.put("bleu", Bleu.CORPUS.ofRows(written, wanted));
      ofWriting.put("chrf", ChrF.CHRF.ofRows(written, wanted));
      for (Rouge rouge : List.of(Rouge.ROUGE_1, Rouge.ROUGE_2, Rouge.ROUGE_L)) {
        ofWriting.put(switch (rouge) {
          case ROUGE_1 -> "rouge_1";
          case ROUGE_2 -> "rouge_2";
          default -> "rouge_l";
        }, mean(i -> rouge.best(List.of(written.get(i)), List.of(wanted.get(i))).f1()));
      }
      ofWriting.put("exact_match", mean(i -> QuestionAnswering.exactMatch(written.get(i), wanted.get(i))));
      ofWriting.put("token_f1", mean(i -> QuestionAnswering.f1(written.get(i), wanted.get(i))));
    }
  }

  /** A figure of one row. */
  private interface OfRow {
    double of(int row);
  }

  private ToDoubleFunction<int[]> mean(OfRow figure) {
    double[] values = IntStream.range(0, all.size()).mapToDouble(figure::of).toArray();
    return rows -> IntStream.of(rows).mapToDouble(row -> values[row]).average().orElse(Double.NaN);
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
    int at = 3;
    for (ToDoubleFunction<int[]> figure : ofWriting.values()) {
      values[at++] = figure.applyAsDouble(rows);
    }
    return values;
  }
}
