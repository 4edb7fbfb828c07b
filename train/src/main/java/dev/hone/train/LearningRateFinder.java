package dev.hone.train;

import java.util.ArrayList;
import java.util.List;

/** A search for a learning rate (Smith 2017): rates that rise by the same factor from step to step, and what the loss does. */
public final class LearningRateFinder {
  private static final double LOWEST = 1e-7;
  private static final double HIGHEST = 10;
  private static final double SMOOTHING = 0.8;
  private static final double TOO_MUCH = 4;

  /**
   * One step of the search.
   *
   * @param rate of the step
   * @param loss smoothed over about five steps
   */
  public record Point(double rate, double loss) {}

  private final int steps;
  private final List<Point> points = new ArrayList<>();
  private double sum;
  private double weight;
  private double lowest = Double.POSITIVE_INFINITY;
  private boolean over;

  LearningRateFinder(int steps) {
    if (steps < 10) {
      throw new IllegalArgumentException("find_lr: needs at least 10 steps, got " + steps);
    }
    this.steps = steps;
  }

  boolean goesOn() {
    return !over && points.size() < steps;
  }

  double nextRate() {
    return LOWEST * Math.pow(HIGHEST / LOWEST, points.size() / (steps - 1.0));
  }

  void add(double rate, double loss) {
    sum = SMOOTHING * sum + (1 - SMOOTHING) * loss;
    weight = SMOOTHING * weight + 1 - SMOOTHING;
    double smoothed = sum / weight;
    over = !Double.isFinite(smoothed) || smoothed > TOO_MUCH * lowest;
    if (!over) {
      points.add(new Point(rate, smoothed));
      lowest = Math.min(lowest, smoothed);
    }
  }

  /** The steps until the loss got out of hand. */
  public List<Point> points() {
    return List.copyOf(points);
  }

  /** A tenth of the rate at which the loss was lowest: as far as one can go, with some distance. */
  public double suggestion() {
    Point best = points.getFirst();
    for (Point point : points) {
      best = point.loss() < best.loss() ? point : best;
    }
    return best.rate() / 10;
  }
}
