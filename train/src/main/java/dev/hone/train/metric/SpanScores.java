package dev.hone.train.metric;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * How well spans are found: one counts if type, first and last word are right. Micro means are of all spans, macro and weighted
 * ones of the types that occur, in the truth or among the predictions. A share of nothing is 0.
 */
public final class SpanScores {
  private final List<String> types;
  private final int[][][] counts; // [rows][types][correct, predicted, true]

  private SpanScores(List<String> types, int[][][] counts) {
    this.types = types;
    this.counts = counts;
  }

  /** Compares true and predicted spans, row by row. */
  public static SpanScores of(List<List<TagSpan>> truth, List<List<TagSpan>> predicted) {
    Set<String> names = new TreeSet<>();
    truth.forEach(row -> row.forEach(span -> names.add(span.type())));
    predicted.forEach(row -> row.forEach(span -> names.add(span.type())));
    List<String> types = List.copyOf(names);
    int[][][] counts = new int[truth.size()][types.size()][3];
    for (int i = 0; i < counts.length; i++) {
      Set<TagSpan> right = new HashSet<>(truth.get(i));
      for (TagSpan span : truth.get(i)) {
        counts[i][types.indexOf(span.type())][2]++;
      }
      for (TagSpan span : predicted.get(i)) {
        int[] of = counts[i][types.indexOf(span.type())];
        of[1]++;
        of[0] += right.contains(span) ? 1 : 0;
      }
    }
    return new SpanScores(types, counts);
  }

  /** The types that occur, by name. */
  public List<String> types() {
    return types;
  }

  /** The scores of a type, by its place. */
  public Scores scores(int type) {
    return counts(all()).scores(type);
  }

  /** How many true spans of a type there are, by its place. */
  public long support(int type) {
    return counts(all()).actual()[type];
  }

  /** The scores of all rows. */
  public Scores scores(Average average) {
    return scores(average, all());
  }

  /** The scores of some rows, any of which may occur more than once. */
  public Scores scores(Average average, int[] rows) {
    ClassCounts of = counts(rows);
    int[] occurring = IntStream.range(0, types.size()).filter(c -> of.predicted()[c] + of.actual()[c] > 0).toArray();
    return new ClassCounts(chosen(of.hits(), occurring), chosen(of.predicted(), occurring), chosen(of.actual(), occurring))
        .average(average);
  }

  private static long[] chosen(long[] values, int[] places) {
    return IntStream.of(places).mapToLong(place -> values[place]).toArray();
  }

  private int[] all() {
    return IntStream.range(0, counts.length).toArray();
  }

  private ClassCounts counts(int[] rows) {
    long[][] sums = new long[3][types.size()];
    for (int row : rows) {
      for (int type = 0; type < types.size(); type++) {
        for (int k = 0; k < 3; k++) {
          sums[k][type] += counts[row][type][k];
        }
      }
    }
    return new ClassCounts(sums[0], sums[1], sums[2]);
  }
}
