package dev.hone.train.data;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.function.ObjIntConsumer;
import java.util.stream.IntStream;

/**
 * The classes of a task and their numbers, 0, 1, 2, ...
 *
 * <p>From data the order does not depend on the order of rows: labels that are numbers come first, by value, all others
 * follow by their characters (Unicode values, so upper case before lower case).
 *
 * @param names the label of each number
 */
public record LabelSet(List<String> names) {
  /** The order described above; labels that are equal as numbers ("1", "1.0") by their characters. */
  public static final Comparator<String> ORDER = Comparator
      .comparing((String label) -> !ColumnNames.isNumber(label))
      .thenComparingDouble(label -> ColumnNames.isNumber(label) ? Double.parseDouble(label.strip()) : 0)
      .thenComparing(Comparator.naturalOrder());

  private static final int SHOWN = 20;
  /** More different labels are no classes. */
  static final int MAX = 10_000;

  /** Keeps the order given. Throws {@link IllegalArgumentException} if a label occurs twice or there is none. */
  public LabelSet {
    names = List.copyOf(names);
    if (names.isEmpty() || names.stream().distinct().count() != names.size()) {
      throw new IllegalArgumentException("LabelSet: needs one label or more, all different, got " + names);
    }
  }

  /** The labels of training data, in the order described above. Throws {@link DataException} if there is only one. */
  public static LabelSet of(Dataset<Example.Labelled> data) {
    Set<String> found = new HashSet<>(); // the order asks every label for its number, so first those that differ
    data.rows().forEach(row -> found.add(row.label()));
    TreeSet<String> labels = inOrder(found);
    if (labels.size() < 2) {
      throw new DataException(data.source(), labels.isEmpty() ? "has no rows"
          : "has only one label ('" + labels.first() + "'); a classifier needs at least two");
    }
    return new LabelSet(new ArrayList<>(labels));
  }

  private static TreeSet<String> inOrder(Set<String> found) {
    TreeSet<String> labels = new TreeSet<>(ORDER);
    labels.addAll(found);
    return labels;
  }

  /** The labels of training data whose rows may carry several. */
  public static LabelSet ofSeveral(Dataset<Example.Labelled> data) {
    Set<String> found = new HashSet<>();
    data.rows().forEach(row -> found.addAll(row.labels()));
    TreeSet<String> labels = inOrder(found);
    if (labels.isEmpty()) {
      throw new DataException(data.source(), "no row has a label");
    }
    return new LabelSet(new ArrayList<>(labels));
  }

  /**
   * Which labels a row carries, by its number: 1 for those, else 0. The function throws {@link DataException} for one that is
   * not in this set.
   */
  public IntFunction<float[]> several(Dataset<Example.Labelled> data) {
    Map<String, Integer> ids = label2id();
    return i -> {
      float[] target = new float[size()];
      for (String label : data.row(i).labels()) {
        target[id(ids, label, data, i)] = 1;
      }
      return target;
    };
  }

  /**
   * The rows all of whose labels are in this set, by number.
   *
   * @param lists whether a row may carry several
   * @param unknown is told every label that is not, with its row
   */
  public int[] known(Dataset<Example.Labelled> data, boolean lists, ObjIntConsumer<String> unknown) {
    Map<String, Integer> ids = label2id();
    return IntStream.range(0, data.size()).filter(i -> {
      Example.Labelled row = data.row(i);
      List<String> missing = (lists ? row.labels() : List.of(row.label())).stream().filter(label
          -> !ids.containsKey(label)).toList();
      missing.forEach(label -> unknown.accept(label, i));
      return missing.isEmpty();
    }).toArray();
  }

  /** The number of labels. */
  public int size() {
    return names.size();
  }

  /** The label of class {@code id}. */
  public String name(int id) {
    return names.get(id);
  }

  /** The class of every row. Throws {@link DataException} with the line of the first row whose label is not in this set. */
  public int[] ids(Dataset<Example.Labelled> data) {
    return IntStream.range(0, data.size()).map(id(data)).toArray();
  }

  /** The class of a row, by its number. The function throws {@link DataException} for a label that is not in this set. */
  public IntUnaryOperator id(Dataset<Example.Labelled> data) {
    Map<String, Integer> ids = label2id();
    return i -> id(ids, data.row(i).label(), data, i);
  }

  private int id(Map<String, Integer> ids, String label, Dataset<?> data, int row) {
    Integer id = ids.get(label);
    if (id == null) {
      String alike = names.stream().filter(name -> LabelCheck.plain(name).equals(LabelCheck.plain(label))).findFirst()
          .map(name -> ", which differs from '" + name + "' by its spelling alone (--labels merge, there as here)").orElse("");
      throw new DataException(data.source(), data.line(row), "label '" + label + "' is not known to the model" + alike
          + "; known labels: "
          + String.join(", ", names.subList(0, Math.min(size(), SHOWN))) + (size() > SHOWN ? ", ..." : ""));
    }
    return id;
  }

  /** {@code id2label} as model configurations hold it: number -> label, by number. */
  public Map<Integer, String> id2label() {
    Map<Integer, String> map = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      map.put(i, names.get(i));
    }
    return map;
  }

  /** {@code label2id}: label -> number. */
  public Map<String, Integer> label2id() {
    Map<String, Integer> map = HashMap.newHashMap(names.size());
    for (int i = 0; i < names.size(); i++) {
      map.put(names.get(i), i);
    }
    return map;
  }
}
