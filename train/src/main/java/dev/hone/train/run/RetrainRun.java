package dev.hone.train.run;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.UserError;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.monitor.AnswerLog;
import dev.hone.train.monitor.FeedbackRows;
import dev.hone.train.monitor.MonitorReference;
import dev.hone.train.monitor.Registry;
import dev.hone.train.source.ModelArgument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@code hone retrain} does: a challenger learns the old rows and what people corrected, and takes the champion's place if
 * it is better on the newest corrections, which it has not seen, and not worse on the held-out rows that both are measured on.
 *
 * @param version of the challenger in the registry
 * @param promoted whether it is the champion now
 * @param reasons why, a line each
 * @param fresh what both make of the newest corrections
 * @param heldOut what both make of the held-out rows
 */
public record RetrainRun(int version, boolean promoted, List<String> reasons, Pair fresh, Pair heldOut) {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int LEAST_FRESH = 20;
  private static final int LEAST_SLICE = 20;

  /**
   * How the challenger is made and what it must be.
   *
   * @param weight how often a correction occurs in an epoch, an old row occurring once
   * @param fresh the share of corrections, the newest, that are kept out of training to measure both on
   * @param margin what the lower bound of the gain in accuracy on these must be above
   * @param tolerance how much accuracy on the held-out rows it may lose
   */
  public record Rules(double weight, double fresh, double margin, double tolerance) {
    /** Once each; the newest three tenths; any gain beyond chance; two hundredths. */
    public static final Rules USUAL = new Rules(1, 0.3, 0, 0.02);

    /** Checks ranges. */
    public Rules {
      if (!(weight > 0 && weight <= 1000)) {
        throw new IllegalArgumentException("correction_weight must be above 0 and at most 1000, is " + weight);
      }
      if (!(fresh > 0 && fresh < 1) || !(margin >= 0 && margin < 1) || !(tolerance >= 0 && tolerance < 1)) {
        throw new IllegalArgumentException("fresh must be between 0 and 1, margin and tolerance from 0 to below 1, are " + fresh
            + ", " + margin + " and " + tolerance);
      }
    }
  }

  /**
   * The accuracy of both on the same rows.
   *
   * @param rows how many
   * @param champion its accuracy
   * @param challenger its accuracy
   * @param low of the 95 % interval of the gain, by a paired bootstrap
   * @param high of the 95 % interval of the gain
   */
  public record Pair(int rows, double champion, double challenger, double low, double high) {
    /** The champion's and the challenger's right answers. */
    static Pair of(boolean[] champion, boolean[] challenger) {
      int rows = champion.length;
      double[] gain = new double[rows];
      int before = 0;
      int after = 0;
      for (int i = 0; i < rows; i++) {
        gain[i] = (challenger[i] ? 1 : 0) - (champion[i] ? 1 : 0);
        before += champion[i] ? 1 : 0;
        after += challenger[i] ? 1 : 0;
      }
      Bootstrap.Interval interval = Bootstrap.USUAL.interval(rows, drawn -> IntStream.of(drawn).mapToDouble(i -> gain[i])
          .average()
          .orElse(0));
      return new Pair(rows, before / (double) rows, after / (double) rows, interval.low(), interval.high());
    }

    private ObjectNode json() {
      return JSON.createObjectNode().put("rows", rows).put("champion", champion).put("challenger", challenger)
          .put("gain_low", low).put("gain_high", high);
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%.3f -> %.3f of %d rows (gain %.3f to %.3f)", champion, challenger, rows, low, high);
    }
  }

  /**
   * Trains, measures, and moves the champion's name if the challenger earned it.
   *
   * @param settings those of {@code hone train}: a model, the old rows, held-out rows ({@code eval_data}), an output directory
   * @param registry with a champion
   * @param log what was answered and said since
   * @param say told what happens, line by line
   * @throws UserError if there are too few corrections, or something is missing
   */
  public static RetrainRun of(Map<String, String> settings, Registry registry, AnswerLog log, Rules rules, Consumer<String> say)
      throws IOException {
    Arguments arguments = Arguments.of("retrain", TrainFlags.all(), "settings", settings);
    Path output = Path.of(arguments.required("output-dir"));
    OutputDirectory.check(output, false);
    DataOptions options = TrainFlags.data(arguments);
    Integer champion = registry.aliases().get(Registry.CHAMPION);
    if (champion == null) {
      throw new UserError("the registry has no champion: add one (hone registry add --alias champion)");
    }
    Dataset<Example.Labelled> heldOut = Dataset.labelled(Path.of(arguments.required("eval-data")), options);
    List<ObjectNode> corrections = corrections(log, heldOut, say);
    int kept = (int) Math.round(rules.fresh * corrections.size());
    if (kept < LEAST_FRESH) {
      throw new UserError("too few corrections: " + corrections.size() + ", of which " + kept + " would be kept to measure on; "
          + LEAST_FRESH + " are needed (--fresh " + rules.fresh + " of " + (int) Math.ceil(LEAST_FRESH / rules.fresh) + ")");
    }
    Path rows = Files.createDirectories(output.resolve("rows"));
    int learnt = corrections.size() - kept;
    Path training = write(rows.resolve("corrections.jsonl"), corrections.subList(0, learnt), arguments.text("columns"));
    Path newest = write(rows.resolve("fresh.jsonl"), corrections.subList(learnt, corrections.size()), arguments.text("columns"));
    say.accept(learnt + " corrections to learn, the newest " + kept + " to measure on");

    Path model = ModelArgument.resolve(arguments.required("model"), say);
    TextClassifier first = TextClassifier.load(model, registry.directory(champion));
    Map<String, Object> all = new HashMap<>(settings);
    String old = arguments.required("data");
    all.put("data", (old.contains("=") && !Files.exists(Path.of(old)) ? old : old + "=1") + "," + training + "=" + rules.weight);
    all.put("output_dir", output.resolve("run").toString());
    TrainingRun run = TrainingRun.of(all, say);
    if (!run.tuning().model().labels().names().equals(first.model().labels().names())) {
      throw new UserError("the rows have the labels " + run.tuning().model().labels().names() + ", the champion has "
          + first.model().labels().names() + "; a model with other labels is trained anew");
    }
    if (run.complete().interrupted()) {
      throw new UserError("the training was interrupted; nothing is promoted");
    }
    TextClassifier second = TextClassifier.load(model, run.weights());
    Dataset<Example.Labelled> fresh = Dataset.labelled(newest, options);
    Pair onFresh = Pair.of(right(first, fresh), right(second, fresh));
    boolean[] before = right(first, heldOut);
    boolean[] after = right(second, heldOut);
    Pair onOld = Pair.of(before, after);
    List<String> against = against(onFresh, onOld, rules);
    against.addAll(slices(heldOut, before, after));
    boolean promoted = against.isEmpty();
    List<String> reasons = promoted ? List.of("better on the newest corrections, and nothing lost on the held-out rows")
        : against;
    int version = registry.add(run.weights(), run.output().resolve(MonitorReference.NAME), (promoted ? "promoted: "
        : "not promoted: ")
        + String.join("; ", reasons) + ". newest corrections " + onFresh + ", held out " + onOld);
    registry.point(promoted ? Registry.CHAMPION : Registry.CHALLENGER, version);
    return new RetrainRun(version, promoted, reasons, onFresh, onOld);
  }

  private static List<ObjectNode> corrections(AnswerLog log, Dataset<Example.Labelled> heldOut, Consumer<String> say) {
    TreeSet<String> hashes = heldOut.rows().stream().map(row -> MonitorReference.hash(row.text()))
        .collect(Collectors.toCollection(TreeSet::new));
    FeedbackRows rows = FeedbackRows.of(log, FeedbackRows.Form.LABELS, new MonitorReference(List.of(), List.of(), hashes,
        new float[0]), false);
    say.accept(rows.rows().size() + " corrections and confirmations; left out: " + rows.heldOut() + " held-out texts, "
        + rows.conflicts().size() + " texts with contradictions, " + rows.withoutText() + " without text");
    return rows.rows();
  }

  /** Rows under the names that the columns of the other files have. */
  private static Path write(Path file, List<ObjectNode> rows, String columns) throws IOException {
    String text = "text";
    String label = "label";
    for (String part : columns == null || columns.isBlank() ? new String[0] : columns.split("\\s*,\\s*")) {
      String[] pair = part.split("=", 2);
      if (pair.length != 2 || pair[1].matches("[0-9]+")) {
        throw new UserError("--columns must name columns here (text=A,label=B), since corrections get them, too; is '" + columns
            + "'");
      }
      text = pair[0].equals("text") ? pair[1] : text;
      label = pair[0].equals("label") ? pair[1] : label;
    }
    StringBuilder lines = new StringBuilder();
    for (ObjectNode row : rows) {
      lines.append(JSON.createObjectNode().put(text, row.path("text").asString()).put(label, row.path("label").asString()))
          .append('\n');
    }
    AtomicFile.writeString(file, lines.toString());
    return file;
  }

  private static boolean[] right(TextClassifier classifier, Dataset<Example.Labelled> data) {
    List<TextClassifier.Prediction> predictions = classifier.predict(data.rows().stream().map(Example.Labelled::text).toList());
    boolean[] right = new boolean[data.size()];
    for (int i = 0; i < right.length; i++) {
      right[i] = predictions.get(i).label().equals(data.row(i).label());
    }
    return right;
  }

  /** For programs. */
  public ObjectNode json() {
    ObjectNode root = JSON.createObjectNode().put("version", version).put("promoted", promoted);
    reasons.forEach(root.putArray("reasons")::add);
    root.set("fresh", fresh.json());
    root.set("held_out", heldOut.json());
    return root;
  }

  /** What speaks against the challenger. */
  static List<String> against(Pair fresh, Pair heldOut, Rules rules) {
    List<String> reasons = new ArrayList<>();
    if (!(fresh.low > rules.margin)) {
      reasons.add(String.format(Locale.ROOT, "on the newest corrections the gain is not above %.3f beyond chance (%.3f to %.3f)",
          rules.margin, fresh.low, fresh.high));
    }
    if (heldOut.high < 0 || heldOut.challenger < heldOut.champion - rules.tolerance) {
      reasons.add(String.format(Locale.ROOT, "on the held-out rows it loses %.3f (%.3f to %.3f)",
          heldOut.champion - heldOut.challenger, -heldOut.high, -heldOut.low));
    }
    return reasons;
  }

  /** Labels whose held-out rows the challenger gets worse, beyond chance. */
  private static List<String> slices(Dataset<Example.Labelled> data, boolean[] before, boolean[] after) {
    List<String> worse = new ArrayList<>();
    for (String label : new TreeSet<>(data.rows().stream().map(Example.Labelled::label).toList())) {
      int[] rows = IntStream.range(0, data.size()).filter(i -> data.row(i).label().equals(label)).toArray();
      if (rows.length >= LEAST_SLICE) {
        Pair pair = Pair.of(of(before, rows), of(after, rows));
        if (pair.high < 0) {
          worse.add(label + " gets worse: " + pair);
        }
      }
    }
    return worse;
  }

  private static boolean[] of(boolean[] all, int[] rows) {
    boolean[] some = new boolean[rows.length];
    for (int i = 0; i < rows.length; i++) {
      some[i] = all[rows[i]];
    }
    return some;
  }
}
