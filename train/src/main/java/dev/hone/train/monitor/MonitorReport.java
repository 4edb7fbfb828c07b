package dev.hone.train.monitor;

import dev.hone.train.page.Page;
import dev.hone.train.page.Table;
import dev.hone.train.page.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How what was served compares with the held-out rows of the training.
 *
 * @param rows that were served
 * @param reference rows of the reference
 * @param accuracyBefore of the reference's rows
 * @param signals what may have changed; empty where there are too few rows
 * @param expected the accuracy that confidence speaks for; null where there are too few rows
 * @param audited rows drawn at random that somebody labelled
 * @param spoken other rows that somebody spoke of: mostly errors, so their accuracy is lower than that of all
 * @param worse whether the audited rows are right less often than the reference's, beyond chance
 * @param newest rows unlike any of the reference, the most unlike first
 * @param slices figures by the values of each logged column
 * @param remarks what was left out, and why
 */
public record MonitorReport(int rows, int reference, double accuracyBefore, List<Signal> signals, ExpectedAccuracy expected,
    Measured audited, Measured spoken, boolean worse, List<NewRow> newest, Map<String, List<Slice>> slices,
    List<String> remarks) {
  private static final int SHORT = 100;

  /** Copies the lists. */
  public MonitorReport {
    signals = List.copyOf(signals);
    newest = List.copyOf(newest);
    remarks = List.copyOf(remarks);
  }

  /**
   * A figure then and now.
   *
   * @param what it is
   * @param before of the reference
   * @param after of the rows served
   * @param low of the 95 % interval of the difference
   * @param high of the 95 % interval of the difference
   */
  public record Change(String what, double before, double after, double low, double high) {}

  /**
   * Something that may have changed.
   *
   * @param name such as {@code labels}
   * @param distance between the rows served and the reference: a difference of shares or distribution functions, from 0 to 1
   * @param usual what it stays below in nineteen of twenty cases where nothing changed
   * @param p how likely any of the signals would be as far from the usual if nothing had changed
   * @param change in a figure that can be read
   * @param alarm whether it is beyond chance and large enough to matter
   */
  public record Signal(String name, double distance, double usual, double p, Change change, boolean alarm) {}

  /**
   * Rows of which it is known whether the answer is right.
   *
   * @param rows how many
   * @param right how many are
   * @param low of the 95 % interval of the share; NaN without rows
   * @param high of the 95 % interval of the share
   */
  public record Measured(int rows, int right, double low, double high) {
    /** The share that is right. */
    public double accuracy() {
      return rows == 0 ? Double.NaN : right / (double) rows;
    }
  }

  /**
   * A row unlike any of the reference.
   *
   * @param id of the answer
   * @param distance to the nearest row of the reference, 1 being where rows begin to be new
   * @param text of the row
   */
  public record NewRow(String id, double distance, String text) {}

  /**
   * Rows with one value in a column.
   *
   * @param value the value
   * @param rows how many; 30 or more
   * @param confidence mean confidence
   * @param low of its 95 % interval
   * @param high of its 95 % interval
   * @param measured rows that somebody spoke of; an interval from 30 rows on
   */
  public record Slice(String value, int rows, double confidence, double low, double high, Measured measured) {}

  /** Whether something changed that somebody should look at. */
  public boolean alarm() {
    return worse || signals.stream().anyMatch(Signal::alarm);
  }

  /** What came out in one line. */
  public String verdict() {
    if (signals.isEmpty() && !worse) {
      return "nothing can be said yet";
    }
    StringJoiner changed = new StringJoiner(", ");
    signals.stream().filter(Signal::alarm).forEach(signal -> changed.add(signal.name));
    if (worse) {
      changed.add("accuracy");
    }
    return changed.length() == 0 ? "no change" : "changed: " + changed;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, Math.abs(value) >= 10 ? "%.1f" : "%.3f", value);
  }

  private String accuracyLine() {
    String interval = number(expected.low()) + " to " + number(expected.high());
    return expected.known() ? "expected " + number(expected.value()) + " (" + interval
        + ") by confidence, which means on these rows "
        + "what it meant on the reference" : "cannot be known from confidence, since the rows are of another kind: "
        + interval + " (" + number(expected.value()) + " if confidence means what it meant); labels for some of them would tell";
  }

  private static String line(Measured measured) {
    return measured.rows() == 0 ? "no rows" : number(measured.accuracy()) + " (" + number(measured.low()) + " to "
        + number(measured.high()) + ") of " + measured.rows() + " rows";
  }

  /** For people. */
  public String text() {
    StringBuilder out = new StringBuilder();
    out.append(verdict()).append(": ").append(rows).append(" rows beside ").append(reference)
        .append(" held-out rows of the training\n");
    if (!signals.isEmpty()) {
      out.append(String.format(Locale.ROOT, "%n%-15s %9s %9s %7s   %s%n", "", "distance", "usually", "p", "what it looks like"));
    }
    for (Signal signal : signals) {
      out.append(String.format(Locale.ROOT, "%-15s %9.4f %9.4f %7.3f %s %s%n", signal.name, signal.distance, signal.usual,
          signal.p,
          signal.alarm ? "!" : " ", changeLine(signal.change)));
    }
    out.append("\naccuracy: ").append(number(accuracyBefore)).append(" on the reference\n");
    if (expected != null) {
      out.append("  ").append(accuracyLine()).append('\n');
    }
    out.append("  measured on rows drawn at random: ").append(line(audited)).append(worse ? "  ! less than before"
        : "").append('\n');
    out.append("  of other rows that people spoke of: ").append(line(spoken))
        .append(spoken.rows() > 0 ? ", mostly errors: no measure of all" : "").append('\n');
    slices.forEach((column, values) -> {
      out.append('\n').append(column).append('\n');
      values.forEach(slice -> out.append("  ").append(sliceLine(slice)).append('\n'));
    });
    if (!newest.isEmpty()) {
      out.append("\nrows unlike any of the reference:\n");
      newest.forEach(row -> out.append("  ").append(row.id).append("  ").append(shortened(row.text)).append('\n'));
    }
    remarks.forEach(remark -> out.append("note: ").append(remark).append('\n'));
    return out.toString();
  }

  private static String changeLine(Change change) {
    return change.what + " " + number(change.before) + " -> " + number(change.after) + " (difference " + number(change.low)
        + " to "
        + number(change.high) + ")";
  }

  private static String sliceLine(Slice slice) {
    return slice.value + ": " + slice.rows + " rows, confidence " + number(slice.confidence) + " (" + number(slice.low) + " to "
        + number(slice.high) + ")" + (Double.isNaN(slice.measured.low) ? ", accuracy not known ("
        + slice.measured.rows + " rows that people spoke of, 30 are needed)" : ", right where people spoke "
            + line(slice.measured));
  }

  private static String shortened(String text) {
    String line = text.replaceAll("\\s+", " ");
    return line.length() <= SHORT ? line : line.substring(0, SHORT - 3) + "...";
  }

  /** For programs. */
  public ObjectNode json() {
    ObjectNode root = LogLines.JSON.createObjectNode().put("alarm", alarm()).put("verdict", verdict()).put("rows", rows)
        .put("reference_rows", reference).put("reference_accuracy", accuracyBefore);
    ArrayNode list = root.putArray("signals");
    for (Signal signal : signals) {
      ObjectNode item = list.addObject().put("name", signal.name).put("distance", signal.distance).put("usual", signal.usual)
          .put("p", signal.p).put("alarm", signal.alarm);
      item.putObject("change").put("what", signal.change.what).put("before", signal.change.before)
          .put("after", signal.change.after).put("low", signal.change.low).put("high", signal.change.high);
    }
    if (expected != null) {
      root.putObject("expected_accuracy").put("known", expected.known()).put("value", expected.value()).put("low", expected.low())
          .put("high", expected.high());
    }
    put(root, "audited", audited);
    put(root, "spoken", spoken);
    root.put("worse", worse);
    ObjectNode columns = root.putObject("slices");
    slices.forEach((column, values) -> {
      ArrayNode items = columns.putArray(column);
      values.forEach(slice -> put(items.addObject().put("value", slice.value).put("rows", slice.rows)
          .put("confidence", slice.confidence).put("low", slice.low).put("high", slice.high), "measured", slice.measured));
    });
    ArrayNode fresh = root.putArray("new_rows");
    newest.forEach(row -> fresh.addObject().put("id", row.id).put("distance", row.distance).put("text", row.text));
    remarks.forEach(root.putArray("remarks")::add);
    return root;
  }

  private static void put(ObjectNode root, String name, Measured measured) {
    ObjectNode item = root.putObject(name).put("rows", measured.rows()).put("right", measured.right());
    if (measured.rows() > 0 && !Double.isNaN(measured.low())) {
      item.put("accuracy", measured.accuracy()).put("low", measured.low()).put("high", measured.high());
    }
  }

  /** For a browser. */
  public String html() {
    Page page = new Page("Monitor").verdict(alarm() ? Verdict.WARNING : Verdict.GOOD, verdict())
        .text(rows + " rows beside " + reference + " held-out rows of the training");
    if (!signals.isEmpty()) {
      Table table = Table.of("What may have changed", "signal", "distance", "usually below", "p", "figure", "before", "after",
          "difference");
      signals.forEach(signal -> table.row(signal.alarm ? signal.name + " !" : signal.name, number4(signal.distance),
          number4(signal.usual), number(signal.p), signal.change.what, number(signal.change.before), number(signal.change.after),
          number(signal.change.low) + " to " + number(signal.change.high)));
      page.section("Signals").table(table);
    }
    List<String> lines = new ArrayList<>(List.of(number(accuracyBefore) + " on the reference"));
    if (expected != null) {
      lines.add(accuracyLine());
    }
    lines.add("measured on rows drawn at random: " + line(audited) + (worse ? ": less than before" : ""));
    lines.add("of other rows that people spoke of, mostly errors: " + line(spoken));
    page.section("Accuracy").list(lines);
    slices.forEach((column, values) -> page.section("By " + column).list(values.stream().map(MonitorReport::sliceLine).toList()));
    if (!newest.isEmpty()) {
      Table table = Table.of("Rows unlike any of the reference", "id", "distance", "text");
      newest.forEach(row -> table.row(row.id, number(row.distance), row.text));
      page.section("New rows").table(table);
    }
    if (!remarks.isEmpty()) {
      page.section("Notes").list(remarks);
    }
    return page.html();
  }

  private static String number4(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }
}
