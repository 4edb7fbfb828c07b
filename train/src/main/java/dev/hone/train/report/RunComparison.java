package dev.hone.train.report;

import dev.hone.train.evaluation.Comparison;
import dev.hone.train.evaluation.Evaluation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Runs side by side: the settings that differ, their figures, and which differences are more than chance, from what the runs
 * left in their directories.
 *
 * {@snippet :
 * RunComparison comparison = RunComparison.of(List.of(Path.of("head"), Path.of("lora"), Path.of("full")));
 * comparison.lines().forEach(System.out::println);
 * comparison.writePage(Path.of("compare.html"));
 * }
 */
public final class RunComparison {
  /** More runs than this are compared with the best one only, not each with each. */
  static final int MAX_FOR_ALL_PAIRS = 5;
  /** Chance of a difference below which it counts as one. */
  static final double SIGNIFICANT = 0.05;

  private static final Set<String> OWN_SETTINGS = Set.of("output_dir", "report_to");
  /** What matters of each kind of task, the first first. */
  private static final List<String> HEADLINES = List.of("accuracy", "micro_f1", "macro_f1", "matthews", "auroc", "rmse", "mae",
      "r2", "pearson", "perplexity", "token_accuracy", "loss", "calibration_error", "bleu", "chrf", "rouge_l", "exact_match");

  /**
   * Two runs on the rows that both were measured on.
   *
   * @param first number of a run
   * @param second number of another
   * @param comparison of the two; null if they cannot be compared
   * @param obstacle why not; null otherwise
   * @param holm the chance of a split of won and lost rows as uneven as theirs, raised for the number of pairs (Holm 1979); NaN
   *     where rows are not right or wrong
   */
  record Pair(int first, int second, Comparison comparison, String obstacle, double holm) {
    /** Whether rows are right or wrong, so that McNemar's test decides. */
    boolean judged() {
      return !Double.isNaN(holm);
    }
  }

  private final List<Run> runs;
  private final List<String> names;
  private final List<Pair> pairs;

  private RunComparison(List<Run> runs) {
    this.runs = runs;
    this.names = names(runs);
    this.pairs = holm(chosen().stream().map(this::pair).toList());
  }

  /** Compares two or more runs. Throws {@link dev.hone.train.data.DataException} for a directory that is not one of a run. */
  public static RunComparison of(List<Path> directories) throws IOException {
    if (directories.size() < 2 || new HashSet<>(directories).size() < directories.size()) {
      throw new IllegalArgumentException("compare: needs two or more different directories of runs, got " + directories);
    }
    List<Run> runs = new ArrayList<>();
    for (Path directory : directories) {
      runs.add(Run.read(directory));
    }
    return new RunComparison(runs);
  }

  /** The names of directories, with those above them where they are the same. */
  private static List<String> names(List<Run> runs) {
    List<String> names = runs.stream().map(Run::name).toList();
    for (int above = 1; new HashSet<>(names).size() < names.size() && above < 20; above++) {
      int levels = above + 1;
      names = runs.stream().map(run -> {
        Path path = run.directory().toAbsolutePath().normalize();
        return path.subpath(Math.max(0, path.getNameCount() - levels), path.getNameCount()).toString();
      }).toList();
    }
    return names;
  }

  /** Which runs are set against each other. */
  private List<int[]> chosen() {
    List<int[]> chosen = new ArrayList<>();
    boolean all = runs.size() <= MAX_FOR_ALL_PAIRS;
    int best = best();
    for (int i = 0; i < runs.size(); i++) {
      for (int j = i + 1; j < runs.size(); j++) {
        if (all || i == best || j == best) {
          chosen.add(j == best && !all ? new int[] {j, i} : new int[] {i, j});
        }
      }
    }
    return chosen;
  }

  /** The best run at the first figure that runs have in common. */
  private int best() {
    List<String> figures = headlines();
    if (figures.isEmpty()) {
      return 0;
    }
    double sign = Evaluation.lessIsBetter(figures.getFirst()) ? -1 : 1;
    return IntStream.range(0, runs.size()).filter(i -> runs.get(i).evaluation() != null).boxed()
        .max(Comparator.comparingDouble(i -> sign * runs.get(i).evaluation().figure(figures.getFirst()).value())).orElse(0);
  }

  private Pair pair(int[] numbers) {
    Run first = runs.get(numbers[0]);
    Run second = runs.get(numbers[1]);
    if (first.evaluation() == null || second.evaluation() == null) {
      return new Pair(numbers[0], numbers[1], null, names.get(numbers[first.evaluation() == null ? 0 : 1]) + " was not measured",
          Double.NaN);
    }
    try {
      Comparison comparison = Comparison.of(first.evaluation(), second.evaluation());
      boolean judged = comparison.pairs().getFirst().first().right().isPresent();
      return new Pair(numbers[0], numbers[1], comparison, null, judged ? comparison.pValue() : Double.NaN);
    } catch (IllegalArgumentException e) {
      return new Pair(numbers[0], numbers[1], null, e.getMessage().replaceFirst("^compare: ", ""), Double.NaN);
    }
  }

  /** Raises chances so that among all pairs together a false alarm stays as rare as in one. */
  private static List<Pair> holm(List<Pair> pairs) {
    List<Integer> order = IntStream.range(0, pairs.size()).filter(i -> pairs.get(i).judged()).boxed()
        .sorted(Comparator.comparingDouble(i -> pairs.get(i).holm)).toList();
    List<Pair> raised = new ArrayList<>(pairs);
    double least = 0;
    for (int rank = 0; rank < order.size(); rank++) {
      Pair pair = pairs.get(order.get(rank));
      least = Math.max(least, Math.min(1, (order.size() - rank) * pair.holm));
      raised.set(order.get(rank), new Pair(pair.first, pair.second, pair.comparison, null, least));
    }
    return raised;
  }

  List<Run> runs() {
    return runs;
  }

  List<String> names() {
    return names;
  }

  List<Pair> pairs() {
    return pairs;
  }

  /** The figures worth showing first that all measured runs have. */
  List<String> headlines() {
    List<Run> measured = runs.stream().filter(run -> run.evaluation() != null).toList();
    List<String> shared = measured.isEmpty() ? List.of() : HEADLINES.stream()
        .filter(name -> measured.stream().allMatch(run -> run.evaluation().figures().containsKey(name))).toList();
    return shared.contains("accuracy") ? shared.stream().filter(name -> !name.equals("micro_f1")).toList() : shared; // the same
  }

  /**
   * The settings that are not the same in all runs, with the value of each run; "" where it has none. A run that left no
   * settings differs in none: nobody knows what they were.
   */
  Map<String, List<String>> differing() {
    Set<String> keys = new LinkedHashSet<>();
    runs.forEach(run -> keys.addAll(run.settings().keySet()));
    keys.removeAll(OWN_SETTINGS);
    List<Run> known = runs.stream().filter(run -> !run.settings().isEmpty()).toList();
    Map<String, List<String>> differing = new LinkedHashMap<>();
    for (String key : keys) {
      List<String> values = runs.stream().map(run -> run.settings().getOrDefault(key, "")).toList();
      if (known.stream().map(run -> meant(run.settings().getOrDefault(key, ""))).distinct().count() > 1) {
        differing.put(key, values);
      }
    }
    return differing;
  }

  /** A number as such: 5e-3 is 0.005. */
  private static Object meant(String value) {
    try {
      return Double.valueOf(value);
    } catch (NumberFormatException _) {
      return value;
    }
  }

  /** The comparison as lines for a terminal. */
  public List<String> lines() {
    return new RunComparisonText(this).lines();
  }

  /** Writes the comparison as a page. */
  public void writePage(Path file) throws IOException {
    new RunComparisonPage(this).page().write(file);
  }
}
