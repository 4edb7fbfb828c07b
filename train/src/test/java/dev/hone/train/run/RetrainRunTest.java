package dev.hone.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.train.TinyModel;
import dev.hone.train.config.UserError;
import dev.hone.train.monitor.AnswerLog;
import dev.hone.train.monitor.Answered;
import dev.hone.train.monitor.Feedback;
import dev.hone.train.monitor.MonitorReference;
import dev.hone.train.monitor.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The loop at small scale: a champion meets words that it never saw, is corrected, and a better one takes its place. */
class RetrainRunTest {
  private static final String[] OLD = {"good", "bad"};
  private static final String[] NEW = {"great", "awful"}; // of the same meaning, for whoever knows them

  @TempDir
  Path directory;

  private static String text(String word, int i) {
    return "it is " + (i % 3 == 0 ? "very " : "") + word + ' ' + (char) ('a' + i % 26) + ' ' + (char) ('a' + i / 26 % 26);
  }

  private Path rows(String name, String[] words, int from, int to) throws IOException {
    StringBuilder rows = new StringBuilder("text,label\n");
    for (int i = from; i < to; i++) {
      rows.append(text(words[i % 2], i)).append(i % 2 == 0 ? ",up\n" : ",down\n");
    }
    return Files.writeString(directory.resolve(name), rows);
  }

  /** Answers that somebody labelled rightly, or the wrong way round. */
  private static AnswerLog log(String[] words, boolean swapped) {
    List<AnswerLog.Entry> entries = new ArrayList<>();
    Map<String, Feedback> feedback = new HashMap<>();
    for (int i = 300; i < 400; i++) {
      String id = "classify-" + i;
      entries.add(new AnswerLog.Entry(new Answered(id, Instant.EPOCH, "classify", "champion", "v1", text(words[i % 2], i), "up",
          List.of("down", "up"), new float[] {0.4f, 0.6f}, 5, 0, 0, 1, "stop", Map.of()), "", false));
      feedback.put(id, new Feedback(id, Instant.EPOCH, Double.NaN, i % 2 == 0 == swapped ? "down" : "up", null, null, null));
    }
    return new AnswerLog(entries, feedback);
  }

  private Map<String, String> settings(Path model, String output) {
    Map<String, String> settings = new HashMap<>();
    settings.put("model", model.toString());
    settings.put("data", directory.resolve("old.csv").toString());
    settings.put("eval_data", directory.resolve("held-out.csv").toString());
    settings.put("output_dir", directory.resolve(output).toString());
    settings.put("target_modules", "all-linear");
    settings.put("learning_rate", "0.01");
    settings.put("num_train_epochs", "8");
    settings.put("batch_size", "16");
    settings.put("report_to", "none");
    return settings;
  }

  @Test
  void theChallengerTakesOverIfItIsBetterOnNewRowsAndNoWorseOnOldOnes() throws Exception {
    Path model = TinyModel.write(directory.resolve("model"));
    rows("old.csv", OLD, 0, 160);
    rows("held-out.csv", OLD, 160, 240);
    TrainingRun first = TrainingRun.of(settings(model, "first"), _ -> { });
    first.complete();
    MonitorReference reference = MonitorReference.read(first.output().resolve(MonitorReference.NAME));
    assertEquals(80, reference.rows().size());
    assertTrue(reference.accuracy() > 0.9, "accuracy " + reference.accuracy());
    assertTrue(reference.holdsOut(text("good", 160)));
    Registry registry = Registry.open(directory.resolve("registry"));
    registry.point(Registry.CHAMPION, registry.add(first.weights(), first.output().resolve(MonitorReference.NAME), "first"));

    RetrainRun better = RetrainRun.of(settings(model, "second"), registry, log(NEW, false), RetrainRun.Rules.USUAL, _ -> { });
    assertTrue(better.promoted(), better.toString());
    assertEquals(2, better.version());
    assertEquals(30, better.fresh().rows());
    assertEquals(80, better.heldOut().rows());
    assertTrue(better.fresh().low() > 0 && better.fresh().challenger() > 0.9, better.toString());
    assertEquals(Map.of("champion", 2), registry.aliases());
    assertTrue(Files.exists(registry.reference(2)));

    RetrainRun poisoned = RetrainRun.of(settings(model, "third"), registry, log(OLD, true), new RetrainRun.Rules(3, 0.3, 0, 0.02),
        _ -> { });
    assertFalse(poisoned.promoted(), poisoned.toString());
    assertTrue(poisoned.reasons().stream().anyMatch(reason -> reason.contains("held-out rows it loses")), poisoned.toString());
    assertEquals(Map.of("champion", 2, "challenger", 3), registry.aliases());
    assertTrue(registry.note(3).startsWith("not promoted: "), registry.note(3));

    assertEquals(1, registry.rollback(Registry.CHAMPION));

    UserError few = assertThrows(UserError.class, () -> RetrainRun.of(settings(model, "fourth"), registry,
        new AnswerLog(log(NEW, false).entries().subList(0, 40), log(NEW, false).feedback()), RetrainRun.Rules.USUAL, _ -> { }));
    assertTrue(few.getMessage().contains("too few corrections: 40, of which 12"), few.getMessage());
  }

  @Test
  void whatSpeaksAgainstAChallengerIsSaid() {
    RetrainRun.Rules rules = new RetrainRun.Rules(1, 0.3, 0.01, 0.02);
    RetrainRun.Pair better = new RetrainRun.Pair(100, 0.8, 0.9, 0.03, 0.17);
    RetrainRun.Pair alike = new RetrainRun.Pair(100, 0.9, 0.89, -0.04, 0.02);
    assertEquals(List.of(), RetrainRun.against(better, alike, rules));
    assertEquals(List.of("on the newest corrections the gain is not above 0.010 beyond chance (-0.040 to 0.020)",
        "on the held-out rows it loses 0.050 (-0.010 to 0.110)"), RetrainRun.against(alike,
            new RetrainRun.Pair(100, 0.9, 0.85, -0.11, 0.01), rules));
    assertEquals(List.of("on the held-out rows it loses 0.010 (0.005 to 0.020)"), RetrainRun.against(better,
        new RetrainRun.Pair(5000, 0.9, 0.89, -0.02, -0.005), rules)); // little, but beyond chance
  }

  @Test
  void aPairCountsBothOnTheSameRows() {
    boolean[] first = new boolean[40];
    boolean[] second = new boolean[40];
    for (int i = 0; i < 40; i++) {
      first[i] = i < 20;
      second[i] = i < 30;
    }
    RetrainRun.Pair pair = RetrainRun.Pair.of(first, second);
    assertEquals(List.of(0.5, 0.75), List.of(pair.champion(), pair.challenger()));
    assertTrue(pair.low() > 0.1 && pair.low() < 0.25 && pair.high() > 0.25 && pair.high() < 0.45, pair.toString());
  }
}
