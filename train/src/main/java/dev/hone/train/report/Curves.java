package dev.hone.train.report;

import dev.hone.train.data.DataException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The course of a run, from its {@code metrics.jsonl}.
 *
 * @param steps one for each step
 * @param evaluations one for each evaluation on held-out rows
 */
public record Curves(List<StepPoint> steps, List<HeldOutPoint> evaluations) {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int WINDOWS = 50; // the smoothed loss follows a fiftieth of the run

  /**
   * A step.
   *
   * @param loss NaN if it was not finite, as is the norm
   */
  public record StepPoint(int step, double epoch, double loss, double learningRate, double gradientNorm,
      double tokensPerSecond) {}

  /**
   * An evaluation.
   *
   * @param accuracy NaN where there is no right and wrong
   */
  public record HeldOutPoint(int step, double loss, double accuracy, boolean best) {}

  /** Reads the file; no points if there is none. */
  public static Curves read(Path file) throws IOException {
    List<StepPoint> steps = new ArrayList<>();
    List<HeldOutPoint> evaluations = new ArrayList<>();
    if (Files.isRegularFile(file)) {
      try (BufferedReader lines = Files.newBufferedReader(file)) {
        int number = 1;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          add(file, number++, line, steps, evaluations);
        }
      }
    }
    return new Curves(steps, evaluations);
  }

  private static void add(Path file, int number, String line, List<StepPoint> steps, List<HeldOutPoint> evaluations) {
    try {
      JsonNode tree = JSON.readTree(line);
      int step = tree.path("step").asInt();
      if (tree.has("eval_loss")) {
        evaluations.add(new HeldOutPoint(step, number(tree, "eval_loss"), number(tree, "eval_accuracy"),
            tree.path("best").asBoolean(false)));
      } else {
        steps.add(new StepPoint(step, number(tree, "epoch"), number(tree, "loss"), number(tree, "learning_rate"),
            number(tree, "grad_norm"), number(tree, "tokens_per_second")));
      }
    } catch (JacksonException e) {
      throw new DataException(file.toString(), number, "is not a line of metrics: " + e.getOriginalMessage());
    }
  }

  private static double number(JsonNode tree, String key) {
    return tree.path(key).isNumber() ? tree.path(key).asDouble() : Double.NaN;
  }

  /** A value of every step. */
  double[] ofSteps(ToDoubleFunction<StepPoint> value) {
    return steps.stream().mapToDouble(value).toArray();
  }

  /** A value of every evaluation. */
  double[] ofEvaluations(ToDoubleFunction<HeldOutPoint> value) {
    return evaluations.stream().mapToDouble(value).toArray();
  }

  /** The loss of the steps as a mean whose weights fall by half within a fraction of the run; it begins unbiased. */
  double[] smoothedLoss() {
    double keep = 1 - 1 / Math.max(1, steps.size() / (double) WINDOWS);
    double[] smoothed = new double[steps.size()];
    double sum = 0;
    double weight = 0;
    for (int i = 0; i < smoothed.length; i++) {
      double loss = steps.get(i).loss;
      if (Double.isFinite(loss)) {
        sum = keep * sum + (1 - keep) * loss;
        weight = keep * weight + (1 - keep);
      }
      smoothed[i] = weight == 0 ? Double.NaN : sum / weight;
    }
    return smoothed;
  }
}
