package dev.hone.train.page;

import dev.hone.train.metric.ProbabilityScores;
import java.util.List;

/**
 * Charts. Colours come from the page and change with light and dark; dashes and marks tell series apart without them. Long
 * series are thinned in a way that keeps their peaks, so that a chart stays below about 40 kB.
 */
public final class Charts {
  private Charts() {}

  /** How a series is drawn. */
  public enum Style {
    /** A line. */
    LINE,
    /** A line with a mark at every point: few points. */
    POINTS,
    /** A thin pale line in the colour of the next series, which is the same thing smoothed. */
    BACKGROUND
  }

  /**
   * A series of a line chart.
   *
   * @param name for the legend
   * @param x rising
   * @param y as many; NaN and infinities leave a gap
   * @param style how it is drawn
   * @param colour 0 to 7; -1 takes the next free one
   */
  public record Series(String name, double[] x, double[] y, Style style, int colour) {
    /** Checks the lengths. */
    public Series {
      if (x.length != y.length) {
        throw new IllegalArgumentException("Series '" + name + "': " + x.length + " x, " + y.length + " y");
      }
    }

    /** A line. */
    public static Series line(String name, double[] x, double[] y) {
      return new Series(name, x, y, Style.LINE, -1);
    }

    /** A line with marks. */
    public static Series points(String name, double[] x, double[] y) {
      return new Series(name, x, y, Style.POINTS, -1);
    }

    /** A thin pale line behind the next series. */
    public static Series background(String name, double[] x, double[] y) {
      return new Series(name, x, y, Style.BACKGROUND, -1);
    }

    /** This series in another colour. */
    public Series withColour(int number) {
      return new Series(name, x, y, style, number);
    }
  }

  /**
   * A bar.
   *
   * @param label what it stands for
   * @param value 0 or more
   * @param text written at its end, such as "12 (3 %)"
   */
  public record Bar(String label, double value, String text) {
    /** A bar with its value as text. */
    public Bar(String label, double value) {
      this(label, value, Markup.number(value));
    }
  }

  /**
   * A vertical rule in a histogram.
   *
   * @param label what it stands for
   * @param x where
   */
  public record Rule(String label, double x) {}

  /**
   * A figure with its interval.
   *
   * @param label what was measured
   * @param value the figure
   * @param low lower end of the interval; NaN if there is none
   * @param high upper end
   */
  public record Estimate(String label, double value, double low, double high) {}

  /** Curves over one axis. */
  public static Chart lines(String title, String x, String y, List<Series> series) {
    return new LineChart(title, x, y, series).figure();
  }

  /**
   * How often values fall into equal bins.
   *
   * @param x name of what is counted
   * @param values any number of them
   * @param rules drawn across
   */
  public static Chart histogram(String title, String x, double[] values, Rule... rules) {
    return HistogramChart.of(title, x, values, List.of(rules)).figure();
  }

  /**
   * A histogram of counts: of more values than a page should hold.
   *
   * @param start lower end of the first bin
   * @param width of each bin
   * @param counts of each bin
   * @param open whether the last bin has no upper end
   */
  public static Chart histogram(String title, String x, double start, double width, long[] counts, boolean open, Rule... rules) {
    return HistogramChart.of(title, x, start, width, counts, open, List.of(rules)).figure();
  }

  /**
   * Bars from left to right, with their labels before them; the first 40, the others only in the table.
   *
   * @param value name of what the bars measure
   */
  public static Chart bars(String title, String value, List<Bar> bars) {
    return BarChart.figure(title, value, bars);
  }

  /**
   * Counts of pairs, each cell coloured by its share of its row: a confusion matrix has the truth in rows. The 16 names
   * with most rows are drawn, the others as one.
   *
   * @param rowName what rows are, such as "true"
   * @param columnName what columns are, such as "predicted"
   * @param names of rows and of columns
   * @param counts [row][column]
   */
  public static Chart matrix(String title, String rowName, String columnName, List<String> names, long[][] counts) {
    return HeatMatrix.figure(title, rowName, columnName, names, counts);
  }

  /** Accuracy over confidence, which should lie on the diagonal; the area of a mark is the share of rows. */
  public static Chart reliability(String title, List<ProbabilityScores.Bin> bins) {
    return ReliabilityPlot.figure(title, bins);
  }

  /**
   * Figures with intervals, one below the other.
   *
   * @param value name of what was measured
   * @param reference a value to compare with, drawn across; NaN for none
   */
  public static Chart intervals(String title, String value, List<Estimate> estimates, double reference) {
    return IntervalPlot.figure(title, value, estimates, reference);
  }
}
