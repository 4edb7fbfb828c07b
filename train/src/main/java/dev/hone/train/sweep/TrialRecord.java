package dev.hone.train.sweep;

import dev.hone.core.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How far a trial has come.
 *
 * @param trial what was tried
 * @param state where it stands
 * @param rung rungs of successive halving that it has reached
 * @param steps that were taken
 * @param evaluations in their order
 * @param note why it was given up; empty if it was not
 */
public record TrialRecord(Trial trial, State state, int rung, int steps, List<Point> evaluations, String note) {
  /** Where a trial stands. */
  public enum State {
    /** It has come to its end; its weights are in its directory. */
    COMPLETE,
    /** It waits at a rung for the others, or was not among those that went on from there. */
    PAUSED,
    /** It was given up because others were better. */
    PRUNED,
    /** It could not go on: it diverged, or memory did not suffice. */
    FAILED
  }

  /**
   * One evaluation.
   *
   * @param step after which step
   * @param value of the sweep's metric
   * @param best whether the weights were the best until then
   */
  public record Point(int step, double value, boolean best) {}

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String FILE = "trial.json";

  public TrialRecord {
    evaluations = List.copyOf(evaluations);
  }

  /** The best evaluation among the first so many, or null if there is none. */
  public Point best(int first) {
    Point best = null;
    for (Point point : evaluations.subList(0, Math.min(first, evaluations.size()))) {
      best = point.best ? point : best;
    }
    return best;
  }

  /** The best evaluation, or null if there is none. */
  public Point best() {
    return best(evaluations.size());
  }

  void write(Path directory) throws IOException {
    AtomicFile.writeString(directory.resolve(FILE), text() + "\n");
  }

  /** The record as JSON. */
  String text() {
    ObjectNode tree = JSON.createObjectNode().put("trial", trial.number())
        .put("state", state.name().toLowerCase(Locale.ROOT)).put("rung", rung).put("steps", steps);
    ObjectNode varied = tree.putObject("settings");
    trial.varied().forEach(varied::put);
    tree.set("evaluations", tree(evaluations));
    tree.put("note", note);
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(tree);
  }

  /** The record in a directory, or null if there is none yet. */
  static TrialRecord read(Trial trial, Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    if (!Files.exists(file)) {
      return null;
    }
    try {
      return parse(trial, Files.readString(file));
    } catch (JacksonException | IllegalArgumentException e) {
      throw new IOException(file + ": not the record of a trial; remove it to do the trial again", e);
    }
  }

  /** The record that {@link #text()} gave. */
  static TrialRecord parse(Trial trial, String text) {
    JsonNode tree = JSON.readTree(text);
    return new TrialRecord(trial, State.valueOf(tree.path("state").asString("").toUpperCase(Locale.ROOT)),
        tree.path("rung").asInt(), tree.path("steps").asInt(), points(tree.path("evaluations")),
        tree.path("note").asString(""));
  }

  static void delete(Path directory) throws IOException {
    Files.deleteIfExists(directory.resolve(FILE));
  }

  static String text(List<Point> evaluations) {
    return JSON.writeValueAsString(tree(evaluations));
  }

  static List<Point> points(String text) {
    return points(JSON.readTree(text));
  }

  private static ArrayNode tree(List<Point> evaluations) {
    ArrayNode list = JSON.createArrayNode();
    for (Point point : evaluations) {
      ObjectNode entry = list.addObject().put("step", point.step);
      if (Double.isFinite(point.value)) {
        entry.put("value", point.value);
      } else {
        entry.putNull("value"); // JSON has no word for it
      }
      entry.put("best", point.best);
    }
    return list;
  }

  private static List<Point> points(JsonNode list) {
    List<Point> points = new ArrayList<>();
    list.forEach(entry -> points.add(new Point(entry.path("step").asInt(), entry.path("value").asDouble(Double.NaN),
        entry.path("best").asBoolean())));
    return points;
  }
}
