package dev.hone.train.page;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Counts of pairs as coloured cells. */
final class HeatMatrix {
  private static final int SHOWN = 16;
  private static final int LABEL = 16; // characters
  private static final int TOP = 44;
  private static final double DARKEST = 0.6; // text on it is still easily read

  private HeatMatrix() {}

  static Chart figure(String title, String rowName, String columnName, List<String> names, long[][] counts) {
    if (names.size() > SHOWN) {
      int[] most = IntStream.range(0, names.size()).boxed()
          .sorted(Comparator.comparingLong(c -> -Arrays.stream(counts[c]).sum())).limit(SHOWN).mapToInt(Integer::intValue)
          .sorted().toArray();
      List<String> kept = Stream.concat(Arrays.stream(most).mapToObj(names::get),
          Stream.of((names.size() - SHOWN) + " others")).toList();
      return draw(title, rowName, columnName, kept, folded(counts, most));
    }
    return draw(title, rowName, columnName, names, counts);
  }

  /** All but some rows and columns added up as one. */
  private static long[][] folded(long[][] counts, int[] kept) {
    int[] place = new int[counts.length];
    Arrays.fill(place, kept.length);
    for (int i = 0; i < kept.length; i++) {
      place[kept[i]] = i;
    }
    long[][] folded = new long[kept.length + 1][kept.length + 1];
    for (int r = 0; r < counts.length; r++) {
      for (int c = 0; c < counts.length; c++) {
        folded[place[r]][place[c]] += counts[r][c];
      }
    }
    return folded;
  }

  private static Chart draw(String title, String rowName, String columnName, List<String> names, long[][] counts) {
    int n = names.size();
    double left = 34 + Svg.CHARACTER * names.stream().mapToInt(name -> Math.min(LABEL, name.length())).max().orElse(1);
    double cell = Math.min(84, (Svg.WIDTH - left - 6) / Math.max(1, n));
    double row = Math.clamp(cell, 24, 44);
    long all = Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
    long diagonal = IntStream.range(0, n).mapToLong(i -> counts[i][i]).sum();
    String description = n + " by " + n + " counts, rows are " + rowName + ", columns " + columnName + "; " + diagonal + " of "
        + all
        + " lie on the diagonal.";
    Svg svg = new Svg(TOP + n * row + 6, title, description);
    svg.text("soft", "start", left, 14, columnName + " →");
    svg.sideways(14, TOP + n * row / 2, "← " + rowName);
    Table table = new Table(rowName + " in rows, " + columnName + " in columns",
        Stream.concat(Stream.of(""), names.stream()).toList());
    int columnCharacters = Math.max(1, (int) (cell / Svg.CHARACTER));
    for (int r = 0; r < n; r++) {
      long sum = Arrays.stream(counts[r]).sum();
      svg.text("", "end", left - 8, TOP + row * (r + 0.5) + 4.5, Markup.cut(names.get(r), LABEL));
      svg.text("", "middle", left + cell * (r + 0.5), TOP - 8, Markup.cut(names.get(r), columnCharacters));
      Object[] cells = new Object[n + 1];
      cells[0] = names.get(r);
      for (int c = 0; c < n; c++) {
        double share = sum == 0 ? 0 : counts[r][c] / (double) sum;
        String count = Markup.number(counts[r][c]);
        svg.rectangle(r == c ? "f2" : "f1", Math.max(0.04, DARKEST * share), left + cell * c + 1, TOP + row * r + 1, cell - 2,
            row - 2,
            rowName + " " + names.get(r) + ", " + columnName + " " + names.get(c) + ": " + count + " ("
                + Math.round(100 * share) + " %)");
        if (count.length() * Svg.CHARACTER <= cell + 2) {
          svg.text("", "middle", left + cell * (c + 0.5), TOP + row * (r + 0.5) + 4.5, count);
        }
        cells[c + 1] = counts[r][c];
      }
      table.row(cells);
    }
    return new Chart(title, description, svg.finish(), List.of(), table);
  }
}
