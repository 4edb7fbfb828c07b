package dev.hone.train.data;

import dev.hone.core.random.Philox;
import dev.hone.nn.Labels;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Rows of one kind, in the order of the file, each with the line it came from.
 *
 * <p>A file of more than an eighth of the heap stays on disk, unless it is packed: an index of where its rows begin is made, and
 * a row is read when it is asked for. Such a file must not be changed while it is in use. It takes 12 bytes of memory a row here,
 * and about 60 in the course of a run, however long the rows are. What is learnt from it has the same bits either way.
 *
 * @param <E> the kind of row
 */
public final class Dataset<E extends Example> {
  private static final double MAX_EMPTY = 0.05;
  private static final int LABELS_SHOWN = 10;
  private static final int MAX_LABELS = LabelSet.MAX;
  private static final int PIECE = 1 << 15;
  /** Names the stream of random numbers that samples a fraction of the rows. */
  private static final long SAMPLE = 0x73616D706C65L;

  private final String source;
  private final String description;
  private final List<E> rows;
  private final int[] lines;
  private final int skipped;
  private final boolean onDemand;
  private final Map<String, List<String>> more; // the cells of further columns, row by row

  private Dataset(String source, String description, List<E> rows, int[] lines, int skipped, boolean onDemand) {
    this(source, description, rows, lines, skipped, onDemand, Map.of());
  }

  private Dataset(String source, String description, List<E> rows, int[] lines, int skipped, boolean onDemand,
      Map<String, List<String>> more) {
    this.source = source;
    this.description = description;
    this.rows = onDemand ? rows : List.copyOf(rows);
    this.lines = lines;
    this.skipped = skipped;
    this.onDemand = onDemand;
    this.more = more;
  }

  /** The rows of a table that are kept. */
  private static <E extends Example> Dataset<E> of(Path file, RawTable table, DataOptions options, Keep keep, IntFunction<E> row,
      String columns, Set<Integer> used) {
    int[] kept = keep.kept;
    int skipped = table.rows().size() - kept.length;
    int[] lines = skipped == 0 ? table.lines() : Arrays.stream(kept).map(r -> table.lines()[r]).toArray();
    List<E> rows = new RowList<>(kept.length, skipped == 0 ? row : i -> row.apply(kept[i]));
    Map<String, List<String>> more = new HashMap<>();
    for (String said : options.more()) {
      String name = said.endsWith(DataOptions.OPTIONAL) ? said.substring(0, said.length() - 1) : said;
      if (!name.equals(said) && !table.columns().contains(name)) {
        continue;
      }
      int column = ColumnChoice.said(table, name, name);
      List<String> cells = new RowList<>(kept.length, i -> Objects.requireNonNullElse(table.cell(kept[i], column), ""));
      more.put(name, table.onDemand() ? cells : List.copyOf(cells));
    }
    return new Dataset<>(table.source(), describe(file, table, kept.length, skipped) + ", " + columns + keep.missing()
        + table.unread(used, more.keySet()), rows, lines, skipped, table.onDemand(), more);
  }

  /**
   * Reads texts with labels from a CSV, TSV, JSON or JSON lines file, also compressed with gzip.
   *
   * <p>Rows with an empty text are skipped and counted; more than 5 % of them is an error. So is all that
   * {@link DataException} describes: no such file or column, a row of another width, an empty label, not UTF-8, and labels that
   * look like a mistake ({@link LabelCheck}).
   */
  public static Dataset<Example.Labelled> labelled(Path file, DataOptions options) {
    return labelled(file, options, Labels.Kind.SINGLE_LABEL);
  }

  /**
   * Reads rows with labels of any kind: of several a row has a JSON list, names separated by {@code |}, {@code ;} or commas, or
   * columns of
   * 0 and 1.
   */
  public static Dataset<Example.Labelled> labelled(Path file, DataOptions options, Labels.Kind kind) {
    RawTable table = RawTable.read(file, options);
    LabelledRows reader = new LabelledRows(table, options, kind);
    LabelCounts labels = new LabelCounts();
    LabelCheck check = reader.check();
    Keep keep = new Keep(table, reader.textColumn()).rows(r -> {
      if (reader.lacksLabel(r)) {
        throw new DataException(table.source(), table.lines()[r], "the label (" + reader.describe() + ") is empty"
            + (kind == Labels.Kind.MULTI_LABEL ? "; a row without labels has []" : ""));
      }
      List<String> said = reader.labels(r);
      refuse(table.lines()[r], table, check.add(table.lines()[r], said));
      said.forEach(labels::add);
    });
    reader.checkFlat();
    refuse(0, table, check.end());
    return of(file, table, options, keep, reader::row, reader.description() + "; " + labels, reader.used());
  }

  private static void refuse(int line, RawTable table, String problem) {
    if (problem != null) {
      throw new DataException(table.source(), line, problem);
    }
  }

  /** Reads texts alone, to predict for: as {@link #labelled}, but a label column is not needed and not kept. */
  public static Dataset<Example.Text> texts(Path file, DataOptions options) {
    RawTable table = RawTable.read(file, options);
    int text = new ColumnChoice(table, options, false).text();
    Keep keep = new Keep(table, text).rows(_ -> { });
    ColumnChoice.requireFlat(table, text);
    return of(file, table, options, keep, r -> new Example.Text(table.cell(r, text)), "text = " + table.describe(text),
        IntStream.range(0, table.columns().size()).boxed().collect(Collectors.toSet())); // a table to predict for has others
  }

  /**
   * Reads rows for a language model: {@code messages} (and {@code tools}), {@code prompt} and {@code completion},
   * {@code instruction}, {@code output} (and {@code input}) or {@code text}, told by their keys; or a plain text file
   * ({@code .txt}, also {@code .txt.gz}), which becomes one {@link Example.Document}, or one for each
   * {@value #PIECE} bytes, cut at line ends, if it is too large for the heap.
   *
   * <p>Rows with nothing to learn are skipped and counted as {@link #labelled} does.
   */
  public static Dataset<Example.Language> language(Path file, DataOptions options) {
    if (TextFile.isPlain(file) && options.silent()) {
      return RowFile.suits(file, options) ? pieces(RowFile.open(file, options)) : document(TextFile.read(file, options));
    }
    RawTable table = RawTable.read(file, options);
    LanguageRows reader = new LanguageRows(table, options);
    Keep keep = new Keep(table, reader.learntColumn()).rows(reader::row);
    reader.checkFlat();
    return of(file, table, options, keep, reader::row, reader.description(), reader.used());
  }

  /**
   * Reads what people think of answers. Pairs: {@code chosen} and {@code rejected}, with a {@code prompt}, or with what both
   * begin with as their prompt; {@code margin} if there is one. Or answers that were liked or not: {@code prompt},
   * {@code completion} and {@code label}. Texts or lists of messages, with {@code tools} if there are any.
   *
   * <p>Rows without an answer are skipped and counted as {@link #labelled} does.
   */
  public static Dataset<Example.Judged> judged(Path file, DataOptions options) {
    RawTable table = RawTable.read(file, options);
    PreferenceRows reader = new PreferenceRows(table, options);
    Keep keep = new Keep(table, reader.learntColumn()).rows(reader::row);
    return of(file, table, options, keep, reader::row, reader.description(), reader.used());
  }

  /**
   * Reads texts that belong together: {@code anchor} and {@code positive} (or other usual names: query and answer, sentence1 and
   * sentence2, ...), perhaps {@code negative} columns or lists, or a {@code score}; or texts with labels, as {@link #labelled}
   * does.
   *
   * <p>Rows with an empty anchor are skipped and counted; an empty positive and a score that is no number are refused.
   */
  public static Dataset<Example.Related> related(Path file, DataOptions options) {
    RawTable table = RawTable.read(file, options);
    if (!RelatedRows.fits(table, options)) {
      if (!options.parts().containsKey(DataOptions.LABEL) && !ColumnChoice.hasLabel(table)) {
        new RelatedRows(table, options); // says what is missing
      }
      Dataset<Example.Labelled> labelled = labelled(file, options);
      return new Dataset<>(labelled.source, labelled.description, new RowList<>(labelled.size(), i -> new Example.Related(
          List.of(labelled.row(i).text()), Double.NaN, labelled.row(i).label())), labelled.lines, labelled.skipped,
          labelled.onDemand, labelled.more);
    }
    RelatedRows reader = new RelatedRows(table, options);
    Keep keep = new Keep(table, reader.anchorColumn()).rows(reader::row);
    reader.checkFlat();
    return of(file, table, options, keep, reader::row, reader.description(), reader.used());
  }

  /**
   * Reads words with tags: a CoNLL file, or JSON rows with {@code words} and {@code tags}, or {@code text} and {@code spans}.
   *
   * <p>All that is wrong is a {@link DataException} with the line: a word without a tag, a tag that is none of BIO or BILOU, a
   * span that begins within a word.
   */
  public static Dataset<Example.Tagged> tagged(Path file, DataOptions options) {
    return TaggedRows.isJson(file.getFileName().toString()) || options.formatOrNull() != null
        ? TaggedRows.json(RawTable.read(file, options)) : TaggedRows.conll(TextFile.read(file, options));
  }

  /** Rows that stand on these lines of a file. */
  static <E extends Example> Dataset<E> ofLines(String source, String description, List<E> rows, int[] lines) {
    return new Dataset<>(source, description, rows, lines, 0, false);
  }

  private static Dataset<Example.Language> document(TextFile content) {
    String text = content.text();
    return new Dataset<>(content.name(), content.path().getFileName() + ": a text of "
        + String.format(Locale.ROOT, "%,d", text.codePointCount(0, text.length())) + " characters",
        List.of(new Example.Document(text)), new int[] {1}, 0, false);
  }

  private static Dataset<Example.Language> pieces(RowFile file) {
    RowFile.Index index = file.pieces(PIECE);
    return new Dataset<>(file.name(), String.format(Locale.ROOT, "%s: a text of %,d MB, read in %,d pieces that end at line ends",
        file.path().getFileName(), file.size() / 1_000_000, index.size()),
        new RowList<>(index.size(), i -> new Example.Document(index.text(i))), index.lines(0), 0, true);
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
      if (rows.get(i) == null) {
        throw new DataException(source, i + 1, "the row is null");
      }
    }
    return new Dataset<>(source, source + ": " + rows.size() + " rows", rows, lines, 0, false);
  }

  /** The rows {@code chosen} by number, in that order. */
  public Dataset<E> select(int[] chosen) {
    int[] where = Arrays.stream(chosen).map(i -> lines[i]).toArray();
    int[] order = chosen.clone();
    Map<String, List<String>> cells = new HashMap<>();
    more.forEach((name, all) -> cells.put(name, new RowList<>(order.length, i -> all.get(order[i]))));
    return new Dataset<>(source, source + ": " + chosen.length + " of " + rows.size() + " rows",
        new RowList<>(order.length, i -> rows.get(order[i])), where, 0, onDemand, cells);
  }

  /** The rows of several data sets, one after the other; each keeps its line, but no further columns. */
  public static <E extends Example> Dataset<E> together(List<Dataset<E>> parts) {
    if (parts.size() == 1) {
      return parts.getFirst();
    }
    int[] ends = new int[parts.size()];
    int size = 0;
    for (int p = 0; p < ends.length; p++) {
      size += parts.get(p).size();
      ends[p] = size;
    }
    IntFunction<E> row = i -> {
      int p = 0;
      while (i >= ends[p]) {
        p++;
      }
      return parts.get(p).row(i - ends[p] + parts.get(p).size());
    };
    String source = String.join(" + ", parts.stream().map(Dataset::source).toList());
    return new Dataset<>(source, source + ": " + size + " rows", new RowList<>(size, row),
        parts.stream().flatMapToInt(part -> Arrays.stream(part.lines)).toArray(), parts.stream().mapToInt(Dataset::skipped).sum(),
        parts.stream().anyMatch(Dataset::onDemand));
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

  /** Whether rows are read from their file whenever they are asked for. */
  public boolean onDemand() {
    return onDemand;
  }

  /** All rows, unmodifiable. */
  public List<E> rows() {
    return rows;
  }

  /** Something of every row, unmodifiable; where rows are read on demand, it is too. */
  public <T> List<T> map(Function<E, T> part) {
    List<T> parts = new RowList<>(size(), i -> part.apply(row(i)));
    return onDemand ? parts : List.copyOf(parts);
  }

  /** Row {@code i}, from 0. */
  public E row(int i) {
    return rows.get(i);
  }

  /** The line of the file on which row {@code i} begins, from 1. */
  public int line(int i) {
    return lines[i];
  }

  /**
   * The cells of a further column, row by row; empty where the file has none.
   *
   * @param name as the {@link DataOptions} said it
   */
  public List<String> column(String name) {
    List<String> cells = more.get(name);
    if (cells == null) {
      throw new DataException(source, "column '" + name + "' was not read"
          + (more.isEmpty() ? "" : "; there are: " + String.join(", ", more.keySet())));
    }
    return cells;
  }

  /** Whether there is a further column of this name. */
  public boolean hasColumn(String name) {
    return more.containsKey(name);
  }

  /** How many rows were left out because their text is empty. */
  public int skipped() {
    return skipped;
  }

  /** What was read and how, in one line. */
  static String describe(Path file, RawTable table, int rows, int skipped) {
    return file.getFileName() + ": " + rows + (rows == 1 ? " row" : " rows")
        + (skipped > 0 ? " (" + skipped + " with empty text skipped)" : "") + ", " + table.layout();
  }

  /** How often each label occurs, in words. */
  private static final class LabelCounts {
    private final Map<String, Integer> counts = new TreeMap<>(LabelSet.ORDER);
    private boolean many; // too many to count them: numbers, more likely

    void add(String label) {
      if (!many || counts.containsKey(label)) {
        counts.merge(label, 1, Integer::sum);
        many = counts.size() == MAX_LABELS;
      }
    }

    @Override
    public String toString() {
      if (many) {
        return "more than " + (MAX_LABELS - 1) + " labels";
      }
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
  }

  /** Goes through the rows that have a text, and keeps which those are. */
  private static final class Keep {
    private final RawTable table;
    private final int textColumn;
    private int[] kept;
    private int missing; // texts that say there is none
    private int firstMissing;

    Keep(RawTable table, int textColumn) {
      this.table = table;
      this.textColumn = textColumn;
    }

    Keep rows(IntConsumer row) {
      kept = new int[table.rows().size()];
      int n = 0;
      int firstEmpty = 0;
      for (int r = 0; r < kept.length; r++) {
        String text = table.cell(r, textColumn);
        if (text == null || text.isBlank()) {
          firstEmpty = firstEmpty == 0 ? table.lines()[r] : firstEmpty;
          continue;
        }
        row.accept(r);
        kept[n++] = r;
        if (LabelCheck.isMissing(text)) {
          firstMissing = missing++ == 0 ? r : firstMissing;
        }
      }
      if (kept.length - n > MAX_EMPTY * kept.length) {
        throw new DataException(table.source(), firstEmpty, (kept.length - n) + " of " + kept.length + " rows have an "
            + "empty text (" + table.describe(textColumn) + "), this is the first; more than 5 % is taken for a fault");
      }
      kept = Arrays.copyOf(kept, n);
      return this;
    }

    /** Texts that mostly stand for none, in words; empty if there are none. */
    String missing() {
      return missing == 0 ? "" : "; " + missing + (missing == 1 ? " text mostly stands" : " texts mostly stand")
          + " for a missing one and " + (missing == 1 ? "is" : "are") + " taken as written ('"
          + table.cell(firstMissing, textColumn).strip() + "' in line " + table.lines()[firstMissing] + ")";
    }
  }
}
