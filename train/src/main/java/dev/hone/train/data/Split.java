package dev.hone.train.data;

import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Rows for training and rows held out, by number, each in rising order.
 *
 * <p>Where rows have labels, the draw is stratified: each label gives the held-out part its share of rows (largest remainders first), and keeps
 * at least one row for training. Rows with the same text, ignoring case and spacing, stay together, so that nothing held
 * out has been seen in training. The draw depends on the seed, the rows and their order alone.
 *
 * @param train rows to train on
 * @param heldOut rows to evaluate on
 */
public record Split(int[] train, int[] heldOut) {
  /** Names the stream of random numbers of this draw. */
  private static final long STREAM = 0x73706C6974L;

  /**
   * Draws the held-out rows.
   *
   * @param data the rows
   * @param size below 1 the share to hold out, from 1 on the number of rows
   * @param seed another seed gives another draw
   */
  public static Split stratified(Dataset<Example.Labelled> data, double size, long seed) {
    return draw(data, size, seed, Example.Labelled::text, Example.Labelled::label);
  }

  /** The same for rows without classes. */
  public static <E extends Example> Split random(Dataset<E> data, double size, long seed) {
    return draw(data, size, seed, row -> row instanceof Example.Labelled labelled ? labelled.text() : row.toString(), _ -> "");
  }

  private static <E extends Example> Split draw(Dataset<E> data, double size, long seed, Function<E, String> text,
      Function<E, String> labelOf) {
    int n = data.size();
    boolean whole = size >= 1;
    if (!(size > 0) || size >= n || (whole && size != Math.rint(size))) {
      throw new DataException(data.source(), "cannot hold out " + (whole ? Long.toString((long) size) : size) + " of " + n
          + " rows; give a share between 0 and 1 or a number of rows below " + n);
    }
    Map<String, List<List<Integer>>> byLabel = copiesByLabel(data, text, labelOf);
    int[] quota = quotas(byLabel.values().stream().map(Split::rows).toList(), whole ? (int) size : (int) Math.rint(size * n),
        n);
    boolean[] out = new boolean[n];
    int label = 0;
    for (List<List<Integer>> copies : byLabel.values()) {
      int room = Math.min(quota[label], rows(copies) - 1);
      int left = copies.size();
      for (int g : new Philox(seed, Philox.stream(STREAM, label)).permutation(copies.size())) {
        if (copies.get(g).size() <= room && left > 1) {
          room -= copies.get(g).size();
          left--;
          copies.get(g).forEach(row -> out[row] = true);
        }
      }
      label++;
    }
    return new Split(where(out, false), where(out, true));
  }

  /** Label -> its texts -> the rows of each text. A text that carries several labels counts for the first of them. */
  private static <E extends Example> Map<String, List<List<Integer>>> copiesByLabel(Dataset<E> data, Function<E, String> textOf,
      Function<E, String> labelOf) {
    Map<String, List<Integer>> copies = new LinkedHashMap<>();
    for (int i = 0; i < data.size(); i++) {
      String text = textOf.apply(data.row(i)).strip().toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
      copies.computeIfAbsent(text, _ -> new ArrayList<>()).add(i);
    }
    Map<String, List<List<Integer>>> byLabel = new TreeMap<>(LabelSet.ORDER);
    for (List<Integer> rows : copies.values()) {
      byLabel.computeIfAbsent(labelOf.apply(data.row(rows.getFirst())), _ -> new ArrayList<>()).add(rows);
    }
    return byLabel;
  }

  private static int rows(List<List<Integer>> copies) {
    return copies.stream().mapToInt(List::size).sum();
  }

  /** Shares {@code total} out in proportion to {@code rows}: whole parts first, then the largest remainders. */
  private static int[] quotas(List<Integer> rows, int total, int n) {
    int[] quota = new int[rows.size()];
    double[] rest = new double[quota.length];
    Integer[] order = new Integer[quota.length];
    int given = 0;
    for (int l = 0; l < quota.length; l++) {
      double exact = rows.get(l) * (double) total / n;
      quota[l] = (int) exact;
      rest[l] = exact - quota[l];
      given += quota[l];
      order[l] = l;
    }
    Arrays.sort(order, Comparator.comparingDouble((Integer l) -> -rest[l]));
    for (int i = 0; given < total; i++, given++) {
      quota[order[i % order.length]]++;
    }
    return quota;
  }

  private static int[] where(boolean[] flags, boolean value) {
    int[] rows = new int[flags.length];
    int count = 0;
    for (int i = 0; i < flags.length; i++) {
      if (flags[i] == value) {
        rows[count++] = i;
      }
    }
    return Arrays.copyOf(rows, count);
  }
}
