package dev.hone.train.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.metric.ProbabilityScores;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages are well-formed whatever is written on them. */
class PageTest {
  private static final String HOSTILE = "</title><script>alert(1)</script> \" onload=\"x' & \u0000\u0007\uD800 \u202E עברית "
      + "&amp;";

  private static double[] range(int n) {
    return IntStream.range(0, n).mapToDouble(i -> i).toArray();
  }

  @Test
  void everyElementEscapesWhatItIsGiven() {
    Page page = new Page(HOSTILE).section(HOSTILE).subsection(HOSTILE).text(HOSTILE).note(HOSTILE).code(HOSTILE)
        .list(List.of(HOSTILE)).values(Map.of(HOSTILE, HOSTILE)).verdict(Verdict.BAD, HOSTILE)
        .table(Table.of(HOSTILE, HOSTILE, "n").row(new Table.Cell(HOSTILE, Verdict.GOOD), 1.5))
        .spans(List.of(new Span(HOSTILE, true, HOSTILE), new Span(HOSTILE, false)))
        .details(HOSTILE, inner -> inner.text(HOSTILE).figure(Charts.bars(HOSTILE, HOSTILE, List.of(new Charts.Bar(HOSTILE, 2)))))
        .figure(Charts.lines(HOSTILE, HOSTILE, HOSTILE, List.of(Charts.Series.points(HOSTILE, range(3), range(3)),
            Charts.Series.line(HOSTILE, range(2), range(2)))))
        .figure(Charts.histogram(HOSTILE, HOSTILE, range(5), new Charts.Rule(HOSTILE, 3)))
        .figure(Charts.matrix(HOSTILE, HOSTILE, HOSTILE, List.of(HOSTILE), new long[][] {{3}}))
        .figure(Charts.intervals(HOSTILE, HOSTILE, List.of(new Charts.Estimate(HOSTILE, 1, 0, 2)), 1));
    Markups.assertWhole(page.html());
    assertFalse(page.html().contains("<script"), "a text became an element");
  }

  @Test
  void chartsTakeNothingAndWhatIsNotFinite() {
    double[] broken = {1, Double.NaN, Double.POSITIVE_INFINITY, 4, Double.NaN};
    Page page = new Page("empty").figure(Charts.lines("a", "x", "y", List.of()))
        .figure(Charts.lines("b", "x", "y", List.of(Charts.Series.line("s", range(5), broken))))
        .figure(Charts.lines("c", "x", "y", List.of(Charts.Series.points("s", range(1), range(1)))))
        .figure(Charts.histogram("d", "x", new double[0])).figure(Charts.histogram("e", "x", broken))
        .figure(Charts.histogram("f", "x", new double[] {7, 7, 7})).figure(Charts.bars("g", "v", List.of()))
        .figure(Charts.bars("h", "v", List.of(new Charts.Bar("none", 0))))
        .figure(Charts.matrix("i", "r", "c", List.of("a", "b"), new long[2][2])).figure(Charts.reliability("j", List.of()))
        .figure(Charts.intervals("k", "v", List.of(), Double.NaN))
        .figure(Charts.intervals("l", "v", List.of(new Charts.Estimate("x", Double.NaN, Double.NaN, Double.NaN)), 2));
    Markups.assertWhole(page.html());
    assertFalse(page.html().replaceAll("(?s)<style>.*?</style>|<desc>.*?</desc>|<td[^>]*>.*?</td>", "").contains("NaN"));
  }

  @Test
  void aLongSeriesIsThinnedButKeepsItsPeaks() {
    int n = 1_000_000;
    double[] y = new double[n];
    Random random = new Random(5);
    Arrays.setAll(y, i -> random.nextDouble());
    y[777_777] = 40;
    Chart figure = Charts.lines("t", "step", "loss", List.of(Charts.Series.line("s", range(n), y)));
    assertTrue(figure.svg().length() < 40_000, figure.svg().length() + " characters");
    assertTrue(figure.description().contains("greatest 40."), figure.description());
    assertTrue(figure.svg().contains(" 10L"), "the peak, which is the upper edge, is not drawn");
  }

  @Test
  void aMatrixOfManyClassesFoldsTheRareOnes() {
    int n = 40;
    List<String> names = new ArrayList<>();
    long[][] counts = new long[n][n];
    for (int i = 0; i < n; i++) {
      names.add("class " + i);
      counts[i][i] = i;
      counts[i][(i + 1) % n] = 1;
    }
    Chart figure = Charts.matrix("m", "true", "predicted", names, counts);
    assertTrue(figure.svg().contains("24 others") && figure.svg().contains("class 39") && !figure.svg().contains("class 3,"));
    assertTrue(figure.description().startsWith("17 by 17"), figure.description());
    assertTrue(figure.description().contains(" of " + (n * (n - 1) / 2 + n)), figure.description());
  }

  @Test
  void aHistogramCountsEveryValueOnce() {
    double[] values = new Random(3).doubles(10_000, -3, 250).toArray();
    Page page = new Page("h").figure(Charts.histogram("t", "x", values));
    long sum = Pattern.compile("below [^:<]*: ([\\d,]+)</title>").matcher(page.html()).results()
        .mapToLong(m -> Long.parseLong(m.group(1).replace(",", ""))).sum();
    assertEquals(values.length, sum);
  }

  @Test
  void calibrationIsDrawnWhereItIs() {
    Chart figure = Charts.reliability("c", List.of(new ProbabilityScores.Bin(0.4, 0.6, 10, 0.5, 0.25),
        new ProbabilityScores.Bin(0.9, 1, 30, 0.95, 1)));
    assertTrue(figure.svg().contains("10 rows: confidence 0.500, accuracy 0.250"));
    assertTrue(figure.svg().contains("class=\"rule\""));
  }

  @ParameterizedTest
  @CsvSource({"0,0", "12,12", "-3,-3", "1234567,'1,234,567'", "0.5,0.5", "0.123456,0.1235", "0.0123456,0.01235", "0.001,0.001",
      "0.00005,5e-5", "12.3456,12.35", "1234.56,'1,235'", "12345678.9,1.235e7", "NaN,–", "Infinity,∞"})
  void numbersAreShort(double value, String text) {
    assertEquals(text, Markup.number(value));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-12, 3e-5, 0.007, 0.6, 1, 9.99, 42, 1000, 123_456, 7e8, 3e13})
  void ticksTellApart(double high) {
    Scale scale = Scale.round(0, high, 0, 100, 5);
    List<String> labels = scale.ticks().stream().map(scale::label).toList();
    assertTrue(labels.size() >= 2 && labels.size() <= 8, labels.toString());
    assertEquals(labels.size(), labels.stream().distinct().count(), labels.toString());
    assertTrue(scale.at(high) <= 100 + 1e-9 && scale.at(0) >= 0, labels.toString());
  }

  @Test
  void aRowOfTheWrongWidthIsNamed() {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Table.of("t", "a", "b").row(1));
    assertEquals("Table 't': 2 columns, a row of 1", e.getMessage());
  }
}
