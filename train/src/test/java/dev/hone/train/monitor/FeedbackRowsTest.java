package dev.hone.train.monitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.train.data.DataException;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people said becomes the rows that training reads, without held-out texts, copies and contradictions. */
class FeedbackRowsTest {
  @TempDir
  Path directory;

  private static AnswerLog.Entry labelled(String id, String text, String prediction, boolean audit) {
    return new AnswerLog.Entry(new Answered(id, Instant.EPOCH, "classify", "m", "2", text, prediction, List.of("down", "up"),
        new float[] {0.25f, 0.75f}, 4, 0, 0, 1, "stop", Map.of()), "", audit);
  }

  private static AnswerLog.Entry written(String id, String route, String prompt, String text) {
    return new AnswerLog.Entry(new Answered(id, Instant.EPOCH, route, "m", "", prompt, text, List.of(), new float[0], 4, -1, 3, 1,
        "stop", Map.of()), "", false);
  }

  private static Feedback said(String id, double score, String label, String answer) {
    return new Feedback(id, Instant.EPOCH, score, label, answer, null, null);
  }

  private static AnswerLog log(List<AnswerLog.Entry> entries, Feedback... feedback) {
    Map<String, Feedback> byId = new LinkedHashMap<>();
    Stream.of(feedback).forEach(each -> byId.put(each.id(), each));
    return new AnswerLog(entries, byId);
  }

  @Test
  void correctionsAndConfirmedPredictionsAreRowsWithLabels() throws IOException {
    AnswerLog log = log(List.of(labelled("c-1", "good thing", "up", false), labelled("c-2", "bad thing", "up", false),
        labelled("c-3", "held out", "up", false), labelled("c-4", "Bad  thing", "down", false), labelled("c-5", "odd", "up",
            false),
        labelled("c-6", "odd", "down", false), labelled("c-7", null, "up", false), labelled("c-8", "nobody spoke", "up", false),
        labelled("c-9", "wrong, but not how", "up", false)),
        said("c-1", 1, null, null), said("c-2", Double.NaN, "down", null), said("c-3", 1, null, null), said("c-4", 1, null, null),
        said("c-5", Double.NaN, "down", null), said("c-6", Double.NaN, "up", null), said("c-7", 1, null, null),
        said("c-9", 0, null, null), said("c-0", 1, null, null));
    MonitorReference reference = new MonitorReference(List.of("down", "up"), List.of(),
        Set.of(MonitorReference.hash("Held  OUT")), new float[0]);
    FeedbackRows rows = FeedbackRows.of(log, FeedbackRows.Form.LABELS, reference, false);
    assertEquals(Map.of("odd", List.of("down", "up")), rows.conflicts());
    assertEquals(List.of(1, 1, 1, 1), List.of(rows.heldOut(), rows.repeated(), rows.withoutText(), rows.withoutAnswer()));
    Path file = directory.resolve("rows.jsonl");
    rows.write(file, FeedbackRows.Form.LABELS);
    Dataset<Example.Labelled> read = Dataset.labelled(file, DataOptions.DETECT);
    assertEquals(List.of(new Example.Labelled("good thing", "up"), new Example.Labelled("bad thing", "down")),
        List.copyOf(read.rows()));
  }

  @Test
  void opinionsOnTextsAreRowsForKtoAndCorrectionsRowsForDpo() throws IOException {
    String chat = "[{\"role\":\"user\",\"content\":\"Hi\"}]";
    AnswerLog log = log(List.of(written("t-1", "completions", "Once", " upon"), written("t-2", "completions", "Twice", " never"),
        written("t-3", "chat.completions", chat, "Hello")), said("t-1", 1, null, null), said("t-2", -1, null, " told"),
        said("t-3", Double.NaN, null, "Good day"));
    FeedbackRows kto = FeedbackRows.of(log, FeedbackRows.Form.KTO, null, false);
    assertEquals("[{\"prompt\":\"Once\",\"completion\":\" upon\",\"label\":true}, "
        + "{\"prompt\":\"Twice\",\"completion\":\" never\",\"label\":false}]", kto.rows().toString());
    FeedbackRows dpo = FeedbackRows.of(log, FeedbackRows.Form.DPO, null, false);
    assertEquals("[{\"prompt\":\"Twice\",\"chosen\":\" told\",\"rejected\":\" never\"}, {\"prompt\":" + chat
        + ",\"chosen\":[{\"role\":\"assistant\",\"content\":\"Good day\"}],\"rejected\":[{\"role\":\"assistant\","
        + "\"content\":\"Hello\"}]}]", dpo.rows().toString());
    Path file = directory.resolve("kto.jsonl");
    kto.write(file, FeedbackRows.Form.KTO);
    assertEquals(2, Dataset.judged(file, DataOptions.DETECT).size());
  }

  @Test
  void whatIsLabelledInLabelStudioComesBack() throws IOException {
    AnswerLog log = log(List.of(labelled("c-1", "a", "up", true), labelled("c-2", "b", "up", false), labelled("c-3", "c", "up",
        true)), said("c-3", 1, null, null));
    FeedbackRows tasks = FeedbackRows.of(log, FeedbackRows.Form.LABEL_STUDIO, null, true);
    Path file = directory.resolve("tasks.json");
    tasks.write(file, FeedbackRows.Form.LABEL_STUDIO);
    assertEquals("[{\"data\":{\"text\":\"a\",\"answer_id\":\"c-1\"},\"predictions\":[{\"model_version\":\"2\",\"score\":0.75,"
        + "\"result\":[{\"from_name\":\"label\",\"to_name\":\"text\",\"type\":\"choices\",\"value\":{\"choices\":"
        + "[\"up\"]}}]}]}]\n",
        Files.readString(file));
    Files.writeString(file,
        "[{\"id\":7,\"data\":{\"text\":\"a\",\"answer_id\":\"c-1\"},\"annotations\":[{\"was_cancelled\":false,"
        + "\"result\":[{\"value\":{\"choices\":[\"down\"]},\"type\":\"choices\"}]},{\"was_cancelled\":true,"
        + "\"result\":[{\"value\":"
        + "{\"choices\":[\"up\"]}}]}]},{\"data\":{\"text\":\"of somebody else\"},\"annotations\":[]}]");
    assertEquals(List.of(new Feedback("c-1", Instant.EPOCH, Double.NaN, "down", null, null, "label-studio")),
        FeedbackRows.labelStudio(file, Instant.EPOCH));
    Files.writeString(file, "{}");
    assertThrows(DataException.class, () -> FeedbackRows.labelStudio(file, Instant.EPOCH));
  }
}
