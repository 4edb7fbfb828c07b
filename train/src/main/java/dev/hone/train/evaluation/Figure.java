package dev.hone.train.evaluation;

import dev.hone.train.metric.Bootstrap;

/**
 * A figure and how far it would move with other rows of the same kind.
 *
 * @param value of the rows at hand; NaN if it is not defined for them
 * @param low lower end of the confidence interval; NaN if there is none
 * @param high upper end
 */
public record Figure(double value, double low, double high) {
  static Figure of(double value, Bootstrap.Interval interval) {
    return new Figure(value, interval.low(), interval.high());
  }
}
