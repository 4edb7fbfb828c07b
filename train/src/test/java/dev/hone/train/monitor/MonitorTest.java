package dev.hone.train.monitor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.config.UserError;
import dev.hone.train.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The monitor's figures on rows that are made so that the right ones are known. */
class MonitorTest {
  private static final List<String> LABELS = List.of("down", "up");

  @TempDir
  Path directory;
  private final Map<String, float[]> vectors = new HashMap<>();

  private static float[] vector(Random random, double shift) {
    float[] vector = new float[8];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (random.nextGaussian() + (i == 0 ? shift : 0));
    }
    return vector;
  }

  private static MonitorReference reference(int rows) {
    Random random = new Random(7);
    List<MonitorReference.Row> all = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      double confidence = 0.5 + 0.5 * random.nextDouble();
      all.add(new MonitorReference.Row(i % 2, confidence, random.nextDouble() < confidence, 5 + random.nextInt(20), 0,
          vector(random,
          0)));
    }
    return new MonitorReference(LABELS, all, Set.of(MonitorReference.hash("It is  GOOD")), new float[] {0.5f, -0.25f});
  }

  private AnswerLog.Entry row(int i, Random random, double up, double shift, boolean audit) {
    float confidence = (float) (0.5 + 0.5 * random.nextDouble());
    boolean isUp = random.nextDouble() < up;
    String text = "text " + i;
    vectors.put(text, vector(random, shift));
    return new AnswerLog.Entry(new Answered("classify-" + i, Instant.EPOCH, "classify", "m", "", text, isUp ? "up" : "down",
        LABELS,
        new float[] {isUp ? 1 - confidence : confidence, isUp ? confidence : 1 - confidence}, 5 + random.nextInt(20), 0, 0, 1,
        "stop", Map.of("region", i % 3 == 0 ? "north" : "south")), "", audit);
  }

  private List<AnswerLog.Entry> rows(int count, double up, double shift, boolean audit) {
    Random random = new Random(9);
    List<AnswerLog.Entry> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(row(i, random, up, shift, audit));
    }
    return rows;
  }

  private MonitorReport check(List<AnswerLog.Entry> rows, Map<String, Feedback> feedback) {
    return Monitor.USUAL.check(reference(300), new AnswerLog(rows, feedback),
        (Monitor.Vectors) texts -> texts.stream().map(vectors::get).toList());
  }

  private static boolean alarm(MonitorReport report, String name) {
    return report.signals().stream().filter(signal -> signal.name().equals(name)).findFirst().orElseThrow().alarm();
  }

  @Test
  void likeRowsAreNoChange() {
    MonitorReport report = check(rows(300, 0.5, 0, false), Map.of());
    assertEquals("no change", report.verdict());
    assertEquals(List.of("labels", "confidence", "length", "unknown tokens", "meaning"),
        report.signals().stream().map(MonitorReport.Signal::name).toList());
    assertTrue(report.expected().known());
    assertTrue(report.expected().low() < 0.75 && report.expected().high() > 0.75, report.expected().toString());
    assertFalse(report.json().path("alarm").asBoolean());
    assertTrue(report.html().contains("no change"));
  }

  @Test
  void aShiftOfLabelsIsNamedWithTheLabelAndHowFar() {
    MonitorReport report = check(rows(300, 0.75, 0, false), Map.of());
    assertEquals("changed: labels", report.verdict());
    MonitorReport.Change change = report.signals().getFirst().change();
    assertTrue(change.what().equals("share of up") || change.what().equals("share of down"), change.what());
    double truth = change.what().equals("share of up") ? 0.25 : -0.25;
    assertTrue(change.low() < truth && change.high() > truth, change.toString());
  }

  @Test
  void rowsOfAnotherMeaningAreNamedAndTheAccuracyIsNotKnown() {
    MonitorReport report = check(rows(300, 0.5, 6, false), Map.of());
    assertTrue(alarm(report, "meaning"));
    assertFalse(alarm(report, "labels"));
    assertFalse(report.expected().known());
    assertTrue(report.expected().low() < 0.6, report.expected().toString()); // no better than chance where rows are new
    assertEquals(10, report.newest().size());
    assertTrue(report.newest().getFirst().distance() >= report.newest().getLast().distance());
    assertTrue(report.text().contains("cannot be known from confidence"), report.text());
  }

  @Test
  void whatPeopleSaidIsMeasuredApartForRowsDrawnAtRandomAndOthers() {
    List<AnswerLog.Entry> rows = new ArrayList<>(rows(300, 0.5, 0, true));
    Map<String, Feedback> feedback = new HashMap<>();
    for (int i = 0; i < 100; i++) {
      Answered answered = rows.get(i).answered();
      boolean right = i % 4 != 0; // 75 of 100, as the reference has it
      feedback.put(answered.id(), new Feedback(answered.id(), Instant.EPOCH, Double.NaN,
          right == answered.output().equals("up") ? "up" : "down", null, null, null));
    }
    MonitorReport report = check(rows, feedback);
    assertEquals(100, report.audited().rows());
    assertEquals(75, report.audited().right());
    assertEquals(0.6569, report.audited().low(), 1e-4); // Wilson's interval of 75 of 100
    assertEquals(0.8245, report.audited().high(), 1e-4);
    assertEquals(0, report.spoken().rows());
    assertFalse(report.worse());
    MonitorReport.Slice north = report.slices().get("region").getFirst();
    assertEquals("north", north.value());
    assertEquals(100, north.rows());
    feedback.replaceAll((id, said) -> new Feedback(id, Instant.EPOCH, Integer.parseInt(id.substring(9)) % 2, null, null, null,
        null));
    report = check(rows, feedback);
    assertEquals(50, report.audited().right());
    assertTrue(report.worse());
    assertEquals("changed: accuracy", report.verdict());
  }

  @Test
  void tooFewRowsSayNothing() {
    MonitorReport report = check(rows(49, 1, 9, false), Map.of());
    assertEquals("nothing can be said yet", report.verdict());
    assertNull(report.expected());
    assertFalse(report.alarm());
    assertThrows(UserError.class, () -> Monitor.USUAL.check(reference(20), new AnswerLog(List.of(), Map.of()),
        (Monitor.Vectors) null));
  }

  @Test
  void aReferenceIsReadAsItWasWritten() throws IOException {
    Path file = directory.resolve(MonitorReference.NAME);
    MonitorReference reference = reference(60);
    reference.write(file);
    MonitorReference read = MonitorReference.read(file);
    assertEquals(reference.labels(), read.labels());
    assertEquals(reference.accuracy(), read.accuracy());
    for (int i = 0; i < 60; i++) {
      assertArrayEquals(reference.rows().get(i).vector(), read.rows().get(i).vector());
      assertEquals(reference.rows().get(i).confidence(), read.rows().get(i).confidence());
    }
    assertArrayEquals(reference.probe(), read.probe());
    assertTrue(read.holdsOut(" it is good "));
    assertFalse(read.holdsOut("it is bad"));
    Files.writeString(file, Files.readString(file).replace("\"width\":8", "\"width\":9"));
    assertThrows(DataException.class, () -> MonitorReference.read(file));
  }

  @Test
  void fishersTestIsThatOfTheTableOfTeaAndMilk() {
    assertEquals(17 / 70.0, 1 - FisherTest.less(2, 4, 2, 4), 1e-9); // P(X >= 3) of the lady who tastes tea, 4 and 4 cups
    assertEquals(1 / 70.0, FisherTest.less(0, 4, 4, 4), 1e-12);
    assertEquals(1, FisherTest.less(4, 4, 4, 4), 1e-12);
  }

  @Test
  void theDistancesAreThoseOfTheirFormulas() {
    double[] values = {1, 2, 3, 4, 2, 3, 5, 6};
    int[] second = {4, 5, 6, 7};
    assertEquals(0.5, TwoSample.largestGap(values, 4).applyAsDouble(second), 1e-12);
    assertEquals(0.25, TwoSample.shareOfChange(new int[] {0, 0, 1, 1, 0, 1, 1, 1}, 2, 4).applyAsDouble(second), 1e-12);
    // two points each, at 0 and 1 and at 10 and 11: between 10, within 1 each (without the point itself)
    float[] points = {0, 1, 10, 11};
    float[][] distances = new float[4][4];
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 4; j++) {
        distances[i][j] = Math.abs(points[i] - points[j]);
      }
    }
    assertEquals((2 * 10 - 1 - 1) / 20.0, TwoSample.energy(distances, 2).applyAsDouble(new int[] {2, 3}), 1e-6);
  }

  @Test
  void aChallengerThatAnswersForTheLogIsComparedAndCountsForNothingElse() {
    List<AnswerLog.Entry> rows = new ArrayList<>(rows(100, 0.5, 0, false));
    Map<String, Feedback> feedback = new HashMap<>();
    for (int i = 0; i < 100; i++) {
      Answered answered = rows.get(i).answered();
      String other = answered.output().equals("up") ? "down" : "up";
      rows.add(new AnswerLog.Entry(new Answered(answered.id(), Instant.EPOCH, ShadowReport.ROUTE, "champion", "v2",
          answered.input(),
          i < 20 ? other : answered.output(), LABELS, answered.probabilities(), 5, 0, 0, 1, "stop", Map.of()), "", false));
      if (i < 40) { // the challenger is right where they differ
        feedback.put(answered.id(), new Feedback(answered.id(), Instant.EPOCH, Double.NaN, i < 20 ? other : answered.output(),
            null,
            null, null));
      }
    }
    ShadowReport report = ShadowReport.of(new AnswerLog(rows, feedback));
    assertEquals(List.of(100, 80, 40, 20, 40), List.of(report.rows(), report.alike(), report.labelled(), report.champion(),
        report.challenger()));
    assertTrue(report.low() > 0.3 && report.low() < 0.5 && report.high() > 0.5 && report.high() < 0.7, report.toString());
    assertEquals(100, check(rows, feedback).rows());
    assertEquals(40, FeedbackRows.of(new AnswerLog(rows, feedback), FeedbackRows.Form.LABELS, null, false).rows().size());
    assertNull(ShadowReport.of(new AnswerLog(rows.subList(0, 100), feedback)));
  }
}
