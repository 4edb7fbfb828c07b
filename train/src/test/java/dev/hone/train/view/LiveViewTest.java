package dev.hone.train.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TrainListener.Evaluation;
import dev.hone.train.TrainListener.Step;
import dev.hone.train.report.Curves;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LiveViewTest {
  private static final Look PLAIN = new Look(false, true);

  private long nanos; // the view's clock stands still unless a test moves it
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final AtomicReference<TerminalSize.Size> size = new AtomicReference<>(new TerminalSize.Size(80, 24));

  private static Step step(int step, int steps, double loss) {
    return new Step(step, steps, 3.0 * step / steps, loss, 1e-3, 1.25, 500, step * 0.1, 500L * step);
  }

  private static Evaluation evaluation(int step, double loss, boolean best) {
    return new Evaluation(step, 1, loss, 0.75, new float[0][], loss, best);
  }

  /** A run whose losses fall from 2 to 1, and to 1.25 for held-out rows, which then rise again. */
  private static RunTrace trace(int done, int steps) {
    RunTrace trace = new RunTrace("", "loss");
    for (int i = 1; i <= done; i++) {
      trace.add(step(i, steps, 2 - (double) i / steps));
      if (i % (steps / 8) == 0) {
        double share = (double) i / steps;
        trace.add(evaluation(i, 1.25 + Math.abs(share - 0.75), share <= 0.75));
      }
    }
    return trace;
  }

  private LiveView view(Look look) {
    return new LiveView(new PrintStream(bytes, true, StandardCharsets.UTF_8), look, "", "loss", size::get, () -> nanos);
  }

  private String printed() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource({"60,8", "61,24", "80,24", "80,9", "99,31", "120,40", "300,100"})
  void everyLineFitsOnTheScreen(int columns, int rows) {
    for (int done : new int[] {1, 2, 7, 80, 4000}) {
      for (boolean color : new boolean[] {true, false}) {
        List<String> lines = Dashboard.lines(trace(done, 4000), new Look(color, true), columns, rows, 123_456_789);
        assertTrue(lines.size() < rows, lines.size() + " lines on " + rows + " rows");
        lines.forEach(line -> assertTrue(Look.width(line) <= columns, Look.width(line) + " of " + columns + ": " + line));
      }
    }
  }

  @Test
  void extremeNumbersFitAsWell() {
    RunTrace trace = new RunTrace("a title that is much longer than what there is room for on a screen", "balanced_accuracy");
    trace.add(new Step(999_999_998, 1_000_000_000, 123456.78, 1e-30, 1e-30, 1e30, 500, 1e9, Long.MAX_VALUE / 2));
    trace.add(new Evaluation(999_999_998, 1, 1e12, 0.5, new float[0][], -1e-9, true));
    trace.add(new Step(999_999_999, 1_000_000_000, 123456.78, Double.NaN, 1e-30, Double.NaN, 500, 1e9, Long.MAX_VALUE / 2));
    for (int columns = 60; columns < 130; columns++) {
      for (String line : Dashboard.lines(trace, PLAIN, columns, 24, Long.MAX_VALUE)) {
        assertTrue(Look.width(line) <= columns, line);
      }
    }
    assertEquals(1e-30, trace.smoothed(), "a step that was skipped leaves the mean as it is");
  }

  @Test
  void thePictureShowsBothCurvesAndTheNumbers() {
    List<String> lines = Dashboard.lines(trace(4000, 4000), new Look(false, false), 79, 24, 1_500_000_000);
    String picture = String.join("\n", lines);
    assertTrue(lines.getFirst().startsWith("step 4000/4000   ####"), picture);
    assertTrue(lines.getFirst().endsWith("#   100 %   epoch 3.00   left 0:00"), picture);
    for (String part : List.of("loss 1.00", "held-out 1.5000, accuracy 0.750", "* best 1.2500 at step 3000", "rate 1.00e-03",
        "gradient norm 1.2500", "5,000 tokens/s", "elapsed 6:40", "memory 1.50 GB")) {
      assertTrue(picture.contains(part), part + " in\n" + picture);
    }
    // the training loss begins at the top left and ends at the bottom right, as the scale says
    assertTrue(lines.get(1).startsWith("1.9997 |'"), picture);
    assertTrue(lines.get(12).matches("1\\.00\\d\\d \\|.*\\S") && lines.get(12).length() > 75, picture);
    assertTrue(lines.get(13).matches(" {7}\\+\\d-+step 4000"), picture);
    // eight evaluations, of which the best lies three quarters of the way
    assertEquals(8, String.join("", lines.subList(1, 13)).replaceAll("[^o*]", "").length(), picture);
    String row = lines.stream().filter(line -> line.contains("|") && line.contains("*")).findFirst().orElseThrow();
    assertEquals(8 + 71 * 0.75, row.indexOf('*'), 1.5, picture);
  }

  /** What {@code metrics.jsonl} has of the run of {@link #trace}. */
  private static Curves course(int done, int steps) {
    List<Curves.StepPoint> points = new ArrayList<>();
    List<Curves.HeldOutPoint> evaluations = new ArrayList<>();
    for (int i = 1; i <= done; i++) {
      points.add(new Curves.StepPoint(i, 3.0 * i / steps, 2 - (double) i / steps, 1e-3, 1.25, 5000));
      if (i % (steps / 8) == 0) {
        double share = (double) i / steps;
        evaluations.add(new Curves.HeldOutPoint(i, 1.25 + Math.abs(share - 0.75), 0.75, share <= 0.75));
      }
    }
    return new Curves(points, evaluations);
  }

  @Test
  void aRunThatGoesOnShowsItsEarlierSteps() {
    RunTrace resumed = new RunTrace("", "loss");
    resumed.goOn(course(3600, 4000));
    RunTrace whole = trace(3600, 4000);
    for (int i = 3601; i <= 3700; i++) {
      resumed.add(step(i, 4000, 2 - i / 4000.0));
      whole.add(step(i, 4000, 2 - i / 4000.0));
    }
    assertEquals(whole.smoothed(), resumed.smoothed());
    List<String> expected = new ArrayList<>(Dashboard.lines(whole, PLAIN, 79, 24, 0));
    List<String> actual = new ArrayList<>(Dashboard.lines(resumed, PLAIN, 79, 24, 0));
    assertEquals(expected.subList(0, 14), actual.subList(0, 14)); // what was measured last stands below, and comes again
    assertTrue(String.join("\n", actual).contains("* best 1.2500 at step 3000"), String.join("\n", actual));
    resumed.add(evaluation(3700, 1.5, false));
    whole.add(evaluation(3700, 1.5, false));
    assertEquals(Dashboard.lines(whole, PLAIN, 79, 24, 0), Dashboard.lines(resumed, PLAIN, 79, 24, 0));
  }

  @Test
  void aMeasureThatTheFileDoesNotHaveIsShownFromTheNextBestOn() {
    RunTrace resumed = new RunTrace("", "macro_f1");
    resumed.goOn(course(3600, 4000));
    assertNull(resumed.best);
    assertFalse(resumed.heldOut.isEmpty());
  }

  @Test
  void brailleHasEightDotsACell() {
    String picture = String.join("\n", Dashboard.lines(trace(4000, 4000), PLAIN, 79, 24, 0));
    assertTrue(picture.chars().filter(c -> c > 0x2800 && c < 0x28ff).count() > 60, picture);
    String ascii = String.join("\n", Dashboard.lines(trace(4000, 4000), new Look(true, false), 79, 24, 0));
    assertTrue(ascii.chars().allMatch(c -> c < 128), ascii);
  }

  @Test
  void aLongRunIsKeptInLittleRoomAndItsShapeIsKept() {
    Curve curve = new Curve();
    int n = 1_000_003;
    for (int i = 0; i < n; i++) {
      curve.add(i, 3.0 * i);
    }
    double[] x = curve.x();
    double[] y = curve.y();
    assertTrue(x.length <= Curve.CAPACITY + 1 && x.length >= Curve.CAPACITY / 2, x.length + " points");
    for (int i = 0; i < x.length; i++) {
      assertEquals(3 * x[i], y[i], 1e-6);
      assertTrue(i == 0 || x[i] > x[i - 1]);
    }
  }

  @Test
  void framesAreFewAndReplaceEachOther() {
    LiveView view = view(PLAIN);
    for (int i = 1; i <= 2000; i++) {
      view.onStep(step(i, 2000, 1));
    }
    view.close();
    Screen screen = new Screen(80, 24).print(printed());
    assertEquals(1, screen.text().split("step 2000/2000", -1).length - 1, screen.text());
    assertFalse(screen.text().contains("step 1/2000"), screen.text());
    assertTrue(printed().split("\u001b\\[\\?25l", -1).length < 50, "2000 steps were drawn in a blink");
    assertTrue(screen.cursorVisible() && screen.row() == screen.lines().size(), "the cursor waits below the picture");
  }

  @Test
  void warningsStandAboveThePicture() {
    LiveView view = view(new Look(true, true));
    view.onStep(step(1, 10, 1));
    view.onWarning("step 2: the loss is NaN; the step is skipped");
    view.onWarning("a longer one. ".repeat(12).strip());
    view.note("a note");
    view.close();
    List<String> lines = new Screen(80, 24).print(printed()).lines();
    assertEquals("warning: step 2: the loss is NaN; the step is skipped", lines.get(0));
    assertEquals("warning: " + "a longer one. ".repeat(12).strip(), lines.get(1) + lines.get(2) + lines.get(3));
    assertEquals("a note", lines.get(4));
    assertTrue(lines.get(5).startsWith("step 1/10"), lines.get(5));
    assertEquals(1, lines.stream().filter(line -> line.contains("step 1/10")).count(), lines.toString());
  }

  @Test
  void anotherSizeGetsAnotherPicture() {
    LiveView view = view(PLAIN);
    view.note("before");
    view.onStep(step(1, 40, 1));
    Screen screen = new Screen(80, 24).print(printed());
    for (int columns : new int[] {100, 62, 200, 75}) {
      size.set(new TerminalSize.Size(columns, 24));
      screen.reflow(columns);
      int already = printed().length();
      nanos += 260_000_000;
      view.onStep(step(columns / 10, 40, 1));
      screen.print(printed().substring(already));
      List<String> lines = screen.lines();
      assertEquals("before", lines.getFirst());
      assertTrue(lines.get(1).startsWith("step " + columns / 10 + "/40"), lines.toString());
      assertEquals(columns - 1, lines.get(1).length());
      assertEquals(1, lines.stream().filter(line -> line.startsWith("step ")).count(), lines.toString());
    }
    view.erase();
    view.close();
    assertEquals(List.of("before"), screen.print(printed().substring(printed().lastIndexOf("\u001b[?25l"))).lines());
  }

  @Test
  void aNarrowScreenGetsLines() {
    size.set(new TerminalSize.Size(59, 24));
    LiveView view = view(PLAIN);
    for (int i = 1; i <= 40; i++) {
      view.onStep(step(i, 40, 1));
    }
    view.onEvaluation(evaluation(40, 1.5, true));
    assertFalse(printed().contains("\u001b"), printed());
    assertEquals(22, printed().lines().count(), printed());
    assertTrue(printed().endsWith("epoch 1.00  held-out loss 1.5000  accuracy 0.750  (best so far)\n"), printed());
    size.set(new TerminalSize.Size(80, 24));
    view.onStep(step(40, 40, 1));
    view.close();
    assertTrue(new Screen(80, 24).print(printed()).text().contains("gradient norm"), "there is room for the picture now");
  }

  @Test
  void theSizeIsWhatSttySaysOrTheEnvironment() {
    assertEquals(new TerminalSize.Size(132, 43), TerminalSize.parse("43 132\n", Map.of("COLUMNS", "70", "LINES", "20")));
    assertEquals(new TerminalSize.Size(70, 20), TerminalSize.parse("0 0\n", Map.of("COLUMNS", "70", "LINES", "20")));
    assertEquals(new TerminalSize.Size(80, 24), TerminalSize.parse("", Map.of("COLUMNS", "wide")));
  }
}
