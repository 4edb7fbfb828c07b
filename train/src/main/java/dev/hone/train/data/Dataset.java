package dev.hone.train.data;

import dev.hone.core.random.Philox;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;

/**
 * Rows of one kind, in the order of the file, each with the line it came from.
 *
 * @param <E> the kind of row
 */
public final class Dataset<E extends Example> {
  private static final double MOST_EMPTY = 0.05;
  private static final int LABELS_SHOWN = 10;
  /** Names the stream of random numbers that samples a fraction of the rows. */
  private static final long SAMPLE = 0x73616D706C65L;

  private final String source;
  private final String description;
  private final List<E> rows;
  private final int[] lines;
  private final int skipped;

  private Dataset(String source, String description, List<E> rows, int[] lines, int skipped) {
    this.source = source;
    this.description = description;
    this.rows = List.copyOf(rows);
    this.lines = lines;
    this.skipped = skipped;
  }

  /**
   * Reads texts with labels from a CSV, TSV, JSON or JSON lines file, also compressed with gzip.
   *
   * <p>Rows with an empty text are skipped and counted; more than 5 % of them is an error. So is all that
   * {@link DataException} describes: no such file or column, a row of another width, an empty label, not UTF-8.
   */
  public static Dataset<Example.Labelled> labelled(Path file, DataOptions options) {
    return labelled(file, options, false);
  }

  /**
   * The same.
   *
   * @param lists whether a label may be a JSON list, for rows that carry several
   */
  public static Dataset<Example.Labelled> labelled(Path file, DataOptions options, boolean lists) {
    Table table = Table.read(TextFile.read(file), options);
    ColumnChoice columns = new ColumnChoice(table, options, true, lists);
    List<Example.Labelled> rows = new ArrayList<>();
    int[] lines = new Keep(table, columns.text()).rows(r -> {
      String label = table.cell(r, columns.label());
      if (label == null || label.isBlank()) {
        throw new DataException(table.source(), table.lines()[r], "the label (" + table.describe(columns.label())
            + ") is empty");
      }
      rows.add(new Example.Labelled(table.cell(r, columns.text()), label.strip()));
    });
    int skipped = table.rows().size() - rows.size();
    String description = describe(file, table, rows.size(), skipped) + ", text = " + table.describe(columns.text())
        + ", label = " + table.describe(columns.label()) + "; " + labels(rows);
    return new Dataset<>(table.source(), description, rows, lines, skipped);
  }

  /** Reads texts alone, to predict for: as {@link #labelled}, but a label column is not needed and not kept. */
  public static Dataset<Example.Text> texts(Path file, DataOptions options) {
    Table table = Table.read(TextFile.read(file), options);
    ColumnChoice columns = new ColumnChoice(table, options, false, false);
    List<Example.Text> rows = new ArrayList<>();
    int[] lines = new Keep(table, columns.text()).rows(r -> rows.add(new Example.Text(table.cell(r, columns.text()))));
    int skipped = table.rows().size() - rows.size();
    return new Dataset<>(table.source(), describe(file, table, rows.size(), skipped) + ", text = "
        + table.describe(columns.text()), rows, lines, skipped);
  }

  /**
   * Reads rows for a language model: {@code messages} (and {@code tools}), {@code prompt} and {@code completion},
   * {@code instruction}, {@code output} (and {@code input}) or {@code text}, told by their keys; or a plain text file
   * ({@code .txt}, also {@code .txt.gz}), which becomes one {@link Example.Document}.
   *
   * <p>Rows with nothing to learn are skipped and counted as {@link #labelled} does.
   */
  public static Dataset<Example.Language> language(Path file, DataOptions options) {
    TextFile content = TextFile.read(file);
    if (content.isPlain() && options.format().isEmpty() && options.columns().isEmpty()) {
      String text = content.text();
      return new Dataset<>(content.name(), file.getFileName() + ": a text of "
          + String.format(Locale.ROOT, "%,d", text.codePointCount(0, text.length())) + " characters",
          List.of(new Example.Document(text)), new int[] {1}, 0);
    }
    Table table = Table.read(content, options);
    LanguageRows reader = new LanguageRows(table, options);
    List<Example.Language> rows = new ArrayList<>();
    int[] lines = new Keep(table, reader.learntColumn()).rows(r -> rows.add(reader.row(r)));
    int skipped = table.rows().size() - rows.size();
    return new Dataset<>(table.source(), describe(file, table, rows.size(), skipped) + ", " + reader.description(), rows, lines,
        skipped);
  }

  /**
   * Rows that the caller has made; row i counts as line i + 1.
   *
   * @param source what messages call the data
   * @param rows the rows
   */
  public static <E extends Example> Dataset<E> of(String source, List<E> rows) {
    int[] lines = new int[rows.size()];
    for (int i = 0; i < lines.length; i++) {
      lines[i] = i + 1;
    }
    return new Dataset<>(source, source + ": " + rows.size() + " rows", rows, lines, 0);
  }

  /** The rows {@code chosen} by number, in that order. */
  public Dataset<E> select(int[] chosen) {
    List<E> selected = new ArrayList<>(chosen.length);
    int[] where = new int[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      selected.add(rows.get(chosen[i]));
      where[i] = lines[chosen[i]];
    }
    return new Dataset<>(source, source + ": " + chosen.length + " of " + rows.size() + " rows", selected, where, 0);
  }

  /** The rows of several data sets, one after the other; each keeps its line. */
  public static <E extends Example> Dataset<E> together(List<Dataset<E>> parts) {
    if (parts.size() == 1) {
      return parts.getFirst();
    }
    List<E> rows = new ArrayList<>();
    List<Integer> lines = new ArrayList<>();
    for (Dataset<E> part : parts) {
      rows.addAll(part.rows);
      Arrays.stream(part.lines).forEach(lines::add);
    }
    String source = String.join(" + ", parts.stream().map(Dataset::source).toList());
    return new Dataset<>(source, source + ": " + rows.size() + " rows", rows,
        lines.stream().mapToInt(Integer::intValue).toArray(), parts.stream().mapToInt(Dataset::skipped).sum());
  }

  /**
   * Every row so many times; of a weight's fraction, a sample of that share of the rows.
   *
   * @param weight above 0; 1 is the data as it is
   * @param seed another seed gives another sample
   */
  public Dataset<E> weighted(double weight, long seed) {
    int whole = (int) Math.floor(weight);
    int sampled = (int) Math.round((weight - whole) * rows.size());
    int[] chosen = new int[whole * rows.size() + sampled];
    for (int i = 0; i < whole * rows.size(); i++) {
      chosen[i] = i % rows.size();
    }
    int[] order = new Philox(seed, SAMPLE).permutation(rows.size());
    System.arraycopy(order, 0, chosen, whole * rows.size(), sampled);
    return weight == 1 ? this : select(chosen);
  }

  /** What messages call the data: the file as the user named it. */
  public String source() {
    return source;
  }

  /** One line that says what was read and how, without a line end. */
  public String description() {
    return description;
  }

  /** The number of rows. */
  public int size() {
    return rows.size();
  }

  /** All rows, unmodifiable. */
  public List<E> rows() {
    return rows;
  }

  /** Row {@code i}, from 0. */
  public E row(int i) {
    return rows.get(i);
  }

  /** The line of the file on which row {@code i} begins, from 1. */
  public int line(int i) {
    return lines[i];
  }

  /** How many rows were left out because their text is empty. */
  public int skipped() {
    return skipped;
  }

  private static String describe(Path file, Table table, int rows, int skipped) {
    return file.getFileName() + ": " + rows + (rows == 1 ? " row" : " rows")
        + (skipped > 0 ? " (" + skipped + " with empty text skipped)" : "") + ", " + table.layout();
  }

  private static String labels(List<Example.Labelled> rows) {
    Map<String, Integer> counts = new TreeMap<>(LabelSet.ORDER);
    rows.forEach(row -> counts.merge(row.label(), 1, Integer::sum));
    StringBuilder text = new StringBuilder().append(counts.size()).append(counts.size() == 1 ? " label: " : " labels: ");
    int shown = 0;
    for (Map.Entry<String, Integer> e : counts.entrySet()) {
      if (shown == LABELS_SHOWN && counts.size() > LABELS_SHOWN + 1) {
        return text.append(" and ").append(counts.size() - shown).append(" more").toString();
      }
      text.append(shown++ == 0 ? "" : ", ").append(e.getKey()).append(' ').append(e.getValue());
    }
    return text.toString();
  }

  /** Goes through the rows that have a text. */
  private record Keep(Table table, int textColumn) {
    int[] rows(IntConsumer row) {
      int[] kept = new int[table.rows().size()];
      int n = 0;
      int firstEmpty = 0;
      for (int r = 0; r < kept.length; r++) {
        String text = table.cell(r, textColumn);
        if (text == null || text.isBlank()) {
          firstEmpty = firstEmpty == 0 ? table.lines()[r] : firstEmpty;
        } else {
          row.accept(r);
          kept[n++] = table.lines()[r];
        }
      }
      if (kept.length - n > MOST_EMPTY * kept.length) {
        throw new DataException(table.source(), firstEmpty, (kept.length - n) + " of " + kept.length + " rows have an "
            + "empty text (" + table.describe(textColumn) + "), this is the first; more than 5 % is taken for a fault");
      }
      return Arrays.copyOf(kept, n);
    }
  }
}
