package dev.hone.train.report;

import dev.hone.train.page.Chart;
import dev.hone.train.page.Charts;
import dev.hone.train.page.Charts.Series;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Curves of one run, or of several on the same axes. */
final class CurveCharts {
  private CurveCharts() {}

  /** The curves of a run: losses, what is right, rate, norm, speed. */
  static List<Chart> of(Run run) {
    Curves curves = run.curves();
    double[] steps = curves.ofSteps(Curves.StepPoint::step);
    List<Chart> charts = new ArrayList<>();
    if (steps.length == 0) {
      return charts;
    }
    List<Series> loss = new ArrayList<>(List.of(Series.background("training", steps, curves.ofSteps(Curves.StepPoint::loss)),
        Series.line("training, smoothed", steps, curves.smoothedLoss())));
    double[] evaluated = curves.ofEvaluations(Curves.HeldOutPoint::step);
    if (evaluated.length > 0) {
      loss.add(Series.points("held out", evaluated, curves.ofEvaluations(Curves.HeldOutPoint::loss)));
    }
    charts.add(Charts.lines("Loss", "step", "loss", loss));
    double[] accuracy = curves.ofEvaluations(Curves.HeldOutPoint::accuracy);
    if (evaluated.length > 0 && Arrays.stream(accuracy).anyMatch(Double::isFinite)) {
      charts.add(Charts.lines("Accuracy on held-out rows", "step", run.facts().task().equals("generate") ? "token accuracy"
          : "accuracy", List.of(Series.points("held out", evaluated, accuracy))));
    }
    if (evaluated.length > 0 && run.facts().task().equals("generate")) {
      charts.add(Charts.lines("Perplexity of held-out rows", "step", "perplexity",
          List.of(Series.points("held out", evaluated, curves.ofEvaluations(point -> Math.exp(point.loss()))))));
    }
    charts.add(Charts.lines("Learning rate", "step", "rate",
        List.of(Series.line("learning rate", steps, curves.ofSteps(Curves.StepPoint::learningRate)))));
    charts.add(Charts.lines("Gradient norm, before clipping", "step", "norm",
        List.of(Series.line("gradient norm", steps, curves.ofSteps(Curves.StepPoint::gradientNorm)))));
    charts.add(Charts.lines("Speed", "step", "tokens per second",
        List.of(Series.line("mean since the beginning", steps, curves.ofSteps(Curves.StepPoint::tokensPerSecond)))));
    return charts;
  }

  /** Curves of several runs, a colour for each. */
  static List<Chart> of(List<Run> runs, List<String> names) {
    List<Series> training = new ArrayList<>();
    List<Series> heldOut = new ArrayList<>();
    List<Series> accuracy = new ArrayList<>();
    List<Series> rate = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      Curves curves = runs.get(i).curves();
      double[] steps = curves.ofSteps(Curves.StepPoint::step);
      double[] evaluated = curves.ofEvaluations(Curves.HeldOutPoint::step);
      if (steps.length > 0) {
        training.add(Series.line(names.get(i), steps, curves.smoothedLoss()).withColour(i));
        rate.add(Series.line(names.get(i), steps, curves.ofSteps(Curves.StepPoint::learningRate)).withColour(i));
      }
      if (evaluated.length > 0) {
        heldOut.add(Series.points(names.get(i), evaluated, curves.ofEvaluations(Curves.HeldOutPoint::loss)).withColour(i));
        double[] right = curves.ofEvaluations(Curves.HeldOutPoint::accuracy);
        if (Arrays.stream(right).anyMatch(Double::isFinite)) {
          accuracy.add(Series.points(names.get(i), evaluated, right).withColour(i));
        }
      }
    }
    List<Chart> charts = new ArrayList<>();
    add(charts, "Training loss, smoothed", "loss", training);
    add(charts, "Held-out loss", "loss", heldOut);
    add(charts, "Held-out accuracy", "accuracy", accuracy);
    add(charts, "Learning rate", "rate", rate);
    return charts;
  }

  private static void add(List<Chart> charts, String title, String y, List<Series> series) {
    if (!series.isEmpty()) {
      charts.add(Charts.lines(title, "step", y, series));
    }
  }
}
