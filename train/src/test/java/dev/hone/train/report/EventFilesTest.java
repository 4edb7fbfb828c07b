package dev.hone.train.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TrainListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Event files are what readers of that format expect, also after an interruption. */
class EventFilesTest {
  @TempDir
  Path directory;

  private static TrainListener.Step step(int step) {
    return new TrainListener.Step(step, 10, step / 10.0, 1.0 / step, 1e-3 * step, step, 100, step, 100L * step);
  }

  private static TrainListener.Evaluation evaluation(int step) {
    return new TrainListener.Evaluation(step, step / 10.0, 2.0 / step, 0.5, new float[0][], 0, true);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  private List<EventRecordReader.Point> all() throws IOException {
    List<EventRecordReader.Point> points = new ArrayList<>();
    for (Path file : files()) {
      points.addAll(EventRecordReader.read(file));
    }
    return points;
  }

  private List<Long> steps(String tag) throws IOException {
    return all().stream().filter(point -> point.tag().equals(tag)).map(EventRecordReader.Point::step).toList();
  }

  @Test
  void namesHaveTheDigitsOfReadersWhateverTheLocale() throws IOException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try (EventFiles events = new EventFiles(directory)) {
      events.onStep(step(1));
    } finally {
      Locale.setDefault(before);
    }
    String name = files().getFirst().getFileName().toString();
    assertTrue(name.matches("events[.]out[.]tfevents[.][0-9]{10}[.]hone"), name);
  }

  /** The record that TensorFlow's own writer gives for the version event at wall time 0 (its field left out is not ours). */
  @Test
  void aRecordHasTheBytesOfTheFormat() {
    byte[] record = EventRecords.version(0.5);
    assertEquals("1800000000000000", HexFormat.of().formatHex(record, 0, 8));
    assertEquals("09000000000000e03f" + "1a0d" + HexFormat.of().formatHex("brain.Event:2".getBytes()),
        HexFormat.of().formatHex(record, 12, 12 + 24));
    // 24 as a length has this checksum in every file that TensorBoard writes: each begins with such a record.
    assertArrayEquals(HexFormat.of().parseHex("a37f4b22"), java.util.Arrays.copyOfRange(record, 8, 12));
  }

  @Test
  void scalarsHaveTheNamesOfHuggingFaceRuns() throws IOException {
    try (EventFiles events = new EventFiles(directory)) {
      events.onStep(step(1));
      events.onStep(step(300));
      events.onEvaluation(evaluation(300));
      events.onEvaluation(new TrainListener.Evaluation(301, 1, 0, Double.NaN, null, 0, false));
    }
    List<EventRecordReader.Point> points = all();
    assertEquals("brain.Event:2", points.getFirst().tag());
    assertTrue(points.contains(new EventRecordReader.Point(300, "train/loss", (float) (1.0 / 300))));
    assertTrue(points.contains(new EventRecordReader.Point(300, "train/learning_rate", 0.3f)));
    assertTrue(points.contains(new EventRecordReader.Point(300, "train/grad_norm", 300f)));
    assertTrue(points.contains(new EventRecordReader.Point(300, "train/epoch", 30f)));
    assertTrue(points.contains(new EventRecordReader.Point(300, "eval/loss", (float) (2.0 / 300))));
    assertTrue(points.contains(new EventRecordReader.Point(300, "eval/accuracy", 0.5f)));
    assertTrue(points.contains(new EventRecordReader.Point(301, "eval/perplexity", 1f)));
    assertEquals(List.of(300L), steps("eval/accuracy"));
  }

  @Test
  void noPointIsMissingOrDoubledAfterKills() throws IOException {
    Map<String, String> at2;
    Map<String, String> at4;
    try (EventFiles events = new EventFiles(directory)) {
      events.onStep(step(1));
      events.onStep(step(2));
      at2 = events.save();
      events.onStep(step(3)); // done again
    }
    Path first = files().getFirst();
    Files.write(first, new byte[] {1, 2, 3}, java.nio.file.StandardOpenOption.APPEND); // a kill inside a record
    try (EventFiles events = new EventFiles(directory)) {
      events.resume(at2);
      events.onStep(step(3));
      events.onStep(step(4));
      at4 = events.save();
      events.onStep(step(5));
    }
    try (EventFiles events = new EventFiles(directory)) {
      events.resume(at4);
      events.onStep(step(5));
      events.onStep(step(6)); // killed before the next checkpoint
    }
    try (EventFiles events = new EventFiles(directory)) {
      events.resume(at4);
      events.onStep(step(5));
      events.onStep(step(6));
      events.onStep(step(7));
    }
    assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L, 7L), steps("train/loss"));
    assertEquals(List.of(3L, 5L), steps("session 8 1"), "session starts at the steps that are done again");
    assertEquals(3, files().size());
  }

  @Test
  void aNewRunRemovesTheFilesOfAnEarlierOne() throws IOException {
    for (int i = 0; i < 2; i++) {
      try (EventFiles events = new EventFiles(directory)) {
        events.onStep(step(1));
      }
    }
    Files.writeString(directory.resolve("events.out.tfevents.1.other"), "not ours");
    try (EventFiles events = new EventFiles(directory)) {
      events.onStep(step(9));
    }
    assertEquals(2, files().size());
    assertEquals(List.of(9L), EventRecordReader.read(files().getLast()).stream().filter(p -> p.tag().equals("train/loss"))
        .map(EventRecordReader.Point::step).toList());
  }
}
