package dev.hone.train.view;

import java.util.Arrays;

/**
 * Points of a curve, of which a limited number is kept: when there are too many, neighbours are replaced by their mean, and
 * from then on as many new points make one.
 */
final class Curve {
  static final int CAPACITY = 1024;

  private final double[] x = new double[CAPACITY];
  private final double[] y = new double[CAPACITY];
  private int size;
  private int stride = 1;
  private double sumX;
  private double sumY;
  private int pending;

  void add(double atX, double atY) {
    sumX += atX;
    sumY += atY;
    pending++;
    if (pending < stride) {
      return;
    }
    if (size == CAPACITY) {
      halve();
      if (pending < stride) {
        return;
      }
    }
    x[size] = sumX / pending;
    y[size++] = sumY / pending;
    sumX = 0;
    sumY = 0;
    pending = 0;
  }

  private void halve() {
    for (int i = 0; i < CAPACITY / 2; i++) {
      x[i] = (x[2 * i] + x[2 * i + 1]) / 2;
      y[i] = (y[2 * i] + y[2 * i + 1]) / 2;
    }
    size = CAPACITY / 2;
    stride *= 2;
  }

  boolean isEmpty() {
    return size == 0 && pending == 0;
  }

  /** Positions of the points, rising. */
  double[] x() {
    return points(x, sumX);
  }

  /** Heights of the points. */
  double[] y() {
    return points(y, sumY);
  }

  private double[] points(double[] values, double sum) {
    double[] all = Arrays.copyOf(values, size + (pending > 0 ? 1 : 0));
    if (pending > 0) {
      all[size] = sum / pending;
    }
    return all;
  }
}
