package dev.hone.train.monitor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.config.UserError;
import dev.hone.train.data.DataException;
import dev.hone.train.fixture.ChildJvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A log gives back what was put in: whole lines, no texts unless asked for, nothing that is too old or was taken out. */
class FeedbackLogTest {
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
  private static final LogSettings TEXTS = new LogSettings(true, 0, 0, List.of("region"));

  @TempDir
  Path directory;

  static Answered labelled(String id, Instant time, String text, String label, float... probabilities) {
    return new Answered(id, time, "classify", "reviews", "", text, label, List.of("down", "up"), probabilities, 7, 1, 0, 3,
        "stop",
        Map.of("region", "north", "secret", "x"));
  }

  private static Feedback label(String id, Instant time, String label) {
    return new Feedback(id, time, Double.NaN, label, null, null, "page");
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).filter(name -> !name.equals("lock")).sorted().toList();
    }
  }

  private AnswerLog read() throws IOException {
    return AnswerLog.read(directory, null, _ -> true);
  }

  @Test
  void whatWasPutInComesOutAndTheLastWordOfEachAnswerCounts() throws IOException {
    try (FeedbackLog log = FeedbackLog.open(directory, TEXTS)) {
      log.answer(labelled("classify-a", NOON, "it is good, write to me@example.org", "up", 0.25f, 0.75f));
      log.answer(labelled("classify-b/1", NOON.plusSeconds(86400), "so so", "down", 0.625f, 0.375f));
      log.say(label("classify-b/1", NOON.plusSeconds(86400), "down"));
      log.say(new Feedback("classify-a", NOON.plusSeconds(9), 1, null, null, "call +49 30 123456", null));
      log.say(label("classify-a", NOON.plusSeconds(10), "down"));
    }
    assertEquals(List.of("feedback-2026-03-01.jsonl", "feedback-2026-03-02.jsonl", "requests-2026-03-01.jsonl",
        "requests-2026-03-02.jsonl"), names());
    AnswerLog log = read();
    Answered first = log.entries().getFirst().answered();
    assertEquals("it is good, write to [mail]", first.input());
    assertEquals("up", first.output());
    assertEquals(List.of("down", "up"), first.labels());
    assertArrayEquals(new float[] {0.25f, 0.75f}, first.probabilities());
    assertEquals(0.75, first.confidence());
    assertEquals(Map.of("region", "north"), first.metadata());
    assertEquals(List.of(7, 1), List.of(first.promptTokens(), first.unknownTokens()));
    assertEquals("down", log.feedback().get("classify-a").label());
    assertNull(log.feedback().get("classify-a").comment());
    assertEquals("page", log.feedback().get("classify-b/1").source());
    assertTrue(Files.readString(directory.resolve("feedback-2026-03-01.jsonl")).contains("call [phone]"));
    assertEquals(1, AnswerLog.read(directory, NOON.plusSeconds(1), _ -> true).entries().size());
    assertEquals(1, AnswerLog.read(directory, null, answered -> answered.output().equals("up")).entries().size());
  }

  @Test
  void withoutTextsThereAreHashesAndFiguresOnly() throws IOException {
    try (FeedbackLog log = FeedbackLog.open(directory, LogSettings.DEFAULTS)) {
      log.answer(new Answered("cmpl-a", Instant.now(), "completions", "m", "3", "abc", "sesame", List.of(), new float[0], 4, -1,
          2,
          5, "stop", Map.of("region", "north")));
      assertThrows(IllegalArgumentException.class, () -> log.say(new Feedback("cmpl-a", NOON, 1, null, "open", null, null)));
      log.say(new Feedback("cmpl-a", Instant.now(), -1, null, null, null, null));
    }
    AnswerLog.Entry entry = read().entries().getFirst();
    assertNull(entry.answered().input());
    assertNull(entry.answered().output());
    assertEquals(Map.of(), entry.answered().metadata());
    assertEquals("3", entry.answered().version());
    assertEquals("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", entry.inputHash()); // of FIPS 180-2
    assertTrue(read().feedback().get("cmpl-a").isBad());
    for (String name : names()) {
      assertFalse(Files.readString(directory.resolve(name)).matches("(?s).*(sesame|\"abc\"|north).*"), name);
    }
  }

  @Test
  void whatIsSaidOfNoAnswerOrWithALabelThatIsNoneIsRefused() throws IOException {
    try (FeedbackLog log = FeedbackLog.open(directory, TEXTS)) {
      log.answer(labelled("classify-a", NOON, "x", "up", 0.25f, 0.75f));
      log.answer(labelled("classify-several", NOON, "x", "up", 0.9f, 0.75f));
      assertThrows(FeedbackLog.UnknownAnswer.class, () -> log.say(label("classify-c", NOON, "up")));
      assertEquals("label must be one of down, up", assertThrows(IllegalArgumentException.class, () ->
          log.say(label("classify-a", NOON, "sideways"))).getMessage());
      assertThrows(IllegalArgumentException.class, () -> log.say(label("classify-a", NOON, "up|down")));
      log.say(label("classify-several", NOON, "up|down"));
    }
    try (FeedbackLog again = FeedbackLog.open(directory, TEXTS)) { // it knows what it has from its files
      again.say(label("classify-a", NOON, "up"));
      assertThrows(FeedbackLog.UnknownAnswer.class, () -> again.say(label("classify-c", NOON, "up")));
    }
  }

  @ParameterizedTest
  @CsvSource({"'../x', 1, , , id must be", "classify-a, 2, , , score must be from -1 to 1",
      "classify-a, NaN, , , must have a score",
      "classify-a, NaN, up, well, not both"})
  void feedbackThatSaysNothingIsRefused(String id, double score, String label, String answer, String message) {
    String said = assertThrows(IllegalArgumentException.class, () -> new Feedback(id, NOON, score, label, answer, null, null))
        .getMessage();
    assertTrue(said.contains(message), said);
  }

  @Test
  void aLineThatWasNotFinishedIsCutOffAndNeverRead() throws IOException {
    try (FeedbackLog log = FeedbackLog.open(directory, TEXTS)) {
      log.answer(labelled("classify-a", NOON, "x", "up", 0.25f, 0.75f));
    }
    Path file = directory.resolve("requests-2026-03-01.jsonl");
    String whole = Files.readString(file);
    Files.writeString(file, "{\"id\":\"classify-torn\",\"time\":\"2026-0" + "x".repeat(70_000), StandardOpenOption.APPEND);
    assertEquals(1, read().entries().size());
    try (FeedbackLog log = FeedbackLog.open(directory, TEXTS)) {
      log.answer(labelled("classify-b", NOON, "x", "up", 0.25f, 0.75f));
    }
    assertEquals(whole + whole.replace("classify-a", "classify-b"), Files.readString(file));
  }

  @Test
  void aLineInTheMiddleThatIsNoneIsNamed() throws IOException {
    Files.writeString(directory.resolve("requests-2026-03-01.jsonl"), "{\"id\": 1}\n");
    DataException e = assertThrows(DataException.class, this::read);
    assertTrue(e.getMessage().contains("requests-2026-03-01.jsonl line 1: no line of a log"), e.getMessage());
  }

  @Test
  void filesThatAreTooOldGoAndOthersStay() throws IOException {
    LogSettings threeDays = new LogSettings(true, 3, 0, List.of());
    for (int day = 1; day <= 5; day++) {
      Instant time = Instant.parse("2026-03-0" + day + "T23:59:59Z");
      try (FeedbackLog log = FeedbackLog.open(directory, threeDays, Clock.fixed(time, ZoneOffset.UTC))) {
        log.answer(labelled("classify-" + day, time, "x", "up", 0.25f, 0.75f));
        log.say(label("classify-" + day, time, "up"));
      }
    }
    assertEquals(List.of("feedback-2026-03-03.jsonl", "feedback-2026-03-04.jsonl", "feedback-2026-03-05.jsonl",
        "requests-2026-03-03.jsonl", "requests-2026-03-04.jsonl", "requests-2026-03-05.jsonl"), names());
  }

  @Test
  void answersAreTakenOutByTheirIdsWithAllThatWasSaidOfThem() throws IOException {
    try (FeedbackLog log = FeedbackLog.open(directory, TEXTS)) {
      for (String id : List.of("classify-a", "classify-b", "classify-c")) {
        log.answer(labelled(id, NOON, "text of " + id, "up", 0.25f, 0.75f));
        log.say(label(id, NOON.plusSeconds(90000), "down"));
      }
      assertEquals(4, log.delete(List.of("classify-a", "classify-c", "classify-x")));
      log.answer(labelled("classify-d", NOON, "later", "up", 0.25f, 0.75f));
      assertThrows(FeedbackLog.UnknownAnswer.class, () -> log.say(label("classify-a", NOON, "up")));
    }
    AnswerLog log = read();
    assertEquals(List.of("classify-b", "classify-d"), log.entries().stream().map(entry -> entry.answered().id()).toList());
    assertEquals(List.of("classify-b"), List.copyOf(log.feedback().keySet()));
    for (String name : names()) {
      assertFalse(Files.readString(directory.resolve(name)).contains("classify-a"), name);
    }
  }

  @Test
  void aSecondWriterIsRefused() throws IOException {
    try (FeedbackLog _ = FeedbackLog.open(directory, TEXTS)) {
      String message = assertThrows(UserError.class, () -> FeedbackLog.open(directory, TEXTS)).getMessage();
      assertTrue(message.contains("another program writes to this log"), message);
    }
    FeedbackLog.open(directory, TEXTS).close();
  }

  /** Tries to open a log that another process has; prints what comes of it. */
  public static final class Second {
    private Second() {}

    public static void main(String[] arguments) throws IOException {
      try (FeedbackLog _ = FeedbackLog.open(Path.of(arguments[0]), TEXTS)) {
        System.out.println("opened");
      } catch (UserError e) {
        System.out.println(e.getMessage());
      }
    }
  }

  /** On POSIX systems a process loses its lock of a file when it closes any other opening of that file. */
  @Test
  void aSecondTryInOneProcessDoesNotLetAnotherProcessIn() throws Exception {
    try (FeedbackLog _ = FeedbackLog.open(directory, TEXTS)) {
      assertThrows(UserError.class, () -> FeedbackLog.open(directory.resolve("../" + directory.getFileName()), TEXTS));
      Process process = ChildJvm.java(List.of(Second.class.getName(), directory.toString())).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.waitFor(), said);
      assertTrue(said.contains("another program writes to this log"), said);
    }
  }

  @Test
  void anInterruptedThreadWritesAndStaysInterruptedAndSpoilsNothingForOthers() throws IOException {
    try (FeedbackLog log = FeedbackLog.open(directory, TEXTS)) {
      log.answer(labelled("classify-a", NOON, "x", "up", 0.25f, 0.75f));
      Thread.currentThread().interrupt();
      log.answer(labelled("classify-b", NOON, "x", "up", 0.25f, 0.75f));
      log.say(label("classify-b", NOON, "down"));
      assertTrue(Thread.interrupted());
      log.answer(labelled("classify-c", NOON, "x", "up", 0.25f, 0.75f));
      log.say(label("classify-c", NOON, "down"));
    }
    assertEquals(List.of("classify-a", "classify-b", "classify-c"), read().entries().stream().map(entry ->
        entry.answered().id()).toList());
    assertEquals(List.of("classify-b", "classify-c"), List.copyOf(read().feedback().keySet()));
  }

  @Test
  void aFileThatIsMovedDeletedOrEmptiedMeanwhileIsBegunAnew() throws IOException {
    Path file = directory.resolve("requests-2026-03-01.jsonl");
    Path moved = directory.resolve("requests-2026-03-01.jsonl.1");
    try (FeedbackLog log = FeedbackLog.open(directory, TEXTS)) {
      log.answer(labelled("classify-a", NOON, "x", "up", 0.25f, 0.75f));
      String line = Files.readString(file);
      Files.move(file, moved);
      log.answer(labelled("classify-b", NOON, "x", "up", 0.25f, 0.75f));
      assertEquals(line, Files.readString(moved));
      assertEquals(line.replace("classify-a", "classify-b"), Files.readString(file));
      Files.writeString(file, ""); // as logrotate's copytruncate does
      log.answer(labelled("classify-c", NOON, "x", "up", 0.25f, 0.75f));
      assertEquals(line.replace("classify-a", "classify-c"), Files.readString(file));
      Files.delete(file);
      log.answer(labelled("classify-d", NOON, "x", "up", 0.25f, 0.75f));
      assertEquals(line.replace("classify-a", "classify-d"), Files.readString(file));
    }
  }

  @Test
  void personsAreTakenOutOfConversationsWhoseJsonStaysWhole() throws IOException {
    String chat = "[{\"role\":\"user\",\"content\":"
        + "\"Hello\\nanna@example.org\\n+49 30 123456\\r\\n4111111111111111\\tDE89 3704 0044 "
        + "0532 0130 00\"}]";
    try (FeedbackLog log = FeedbackLog.open(directory, TEXTS)) {
      log.answer(new Answered("chatcmpl-a", NOON, "chat.completions", "m", "", chat, "well", List.of(), new float[0], 4, -1, 2, 5,
          "stop", Map.of()));
      log.say(new Feedback("chatcmpl-a", NOON, 1, null, null, null, null));
    }
    assertEquals("[{\"role\":\"user\",\"content\":"
        + "\"Hello\\n[mail]\\n[phone]\\r\\n[card]\\t[iban]\"}]", read().entries().getFirst()
        .answered().input());
    assertEquals("Hello\n[mail]\n[phone]\r\n[card]\t[iban]", FeedbackRows.of(read(), FeedbackRows.Form.KTO, null, false).rows()
        .getFirst().path("prompt").path(0).path("content").asString());
  }

  @Test
  void theAnswersToBeLabelledInAnyCaseAreAFairShareThatHangsOnTheirIdsAlone() {
    long marked = IntStream.range(0, 20_000).filter(i -> LogLines.isAudited("classify-" + i, 0.01)).count();
    assertTrue(marked > 150 && marked < 250, marked + " of 20000"); // 200 ± 3.5 deviations
    assertTrue(IntStream.range(0, 100).allMatch(i -> LogLines.isAudited("a-" + i, 1)));
    assertTrue(IntStream.range(0, 100).noneMatch(i -> LogLines.isAudited("a-" + i, 0)));
  }
}
