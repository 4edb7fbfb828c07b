package dev.hone.train.monitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.train.fixture.ChildJvm;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where no more can be written, what was kept stays as it is, and what was not is said not to be. */
class FullDiskTest {
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

  @TempDir
  Path directory;

  /** Writes answers and feedback until neither can be written; prints how many of each were kept, then what failed. */
  public static final class Writer {
    private Writer() {}

    public static void main(String[] arguments) throws Exception {
      int answers = 0;
      int said = 0;
      String failure = "";
      try (FeedbackLog log = FeedbackLog.open(Path.of(arguments[0]), new LogSettings(true, 0, 0, List.of()))) {
        for (int i = 0; failure.isEmpty(); i++) {
          try {
            log.answer(FeedbackLogTest.labelled("classify-" + i, NOON, "text ".repeat(i % 50), "up", 0.25f, 0.75f));
            answers++;
          } catch (UncheckedIOException e) {
            failure = e.getMessage();
          }
        }
        try {
          while (true) {
            log.say(new Feedback("classify-" + said % answers, NOON, 1, null, null, null, "x".repeat(said % 70)));
            said++;
          }
        } catch (UncheckedIOException e) {
          failure += "; " + e.getMessage();
        }
      }
      System.out.println(answers + " " + said + " " + failure);
    }
  }

  @Test
  void whatWasKeptStaysWholeWhenNoMoreCanBeWritten() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "needs bash, whose ulimit makes files end at a size");
    Path log = directory.resolve("log");
    List<String> child = ChildJvm.java(List.of("-XX:-UsePerfData", "-Xmx256m", Writer.class.getName(), log.toString())).command();
    List<String> limited = new ArrayList<>(List.of("/bin/bash", "-c", "ulimit -f 40; exec \"$@\"", "bash"));
    limited.addAll(child);
    Process process = new ProcessBuilder(limited).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertEquals(0, process.waitFor(), said);
    String[] counts = said.lines().toList().getLast().split(" ", 3);
    assertTrue(counts.length == 3 && counts[2].contains("the log cannot be written"), said);
    String requests = Files.readString(log.resolve("requests-2026-03-01.jsonl"));
    String feedback = Files.readString(log.resolve("feedback-2026-03-01.jsonl"));
    assertEquals(Integer.parseInt(counts[0]), requests.lines().count());
    assertEquals(Integer.parseInt(counts[1]), feedback.lines().count());
    assertTrue(requests.endsWith("}\n") && feedback.endsWith("}\n"));
    assertTrue(requests.length() > 39_000 && requests.length() <= 40 * 1024, requests.length() + " bytes");
    assertEquals(Integer.parseInt(counts[0]), AnswerLog.read(log, null, _ -> true).entries().size());
  }
}
