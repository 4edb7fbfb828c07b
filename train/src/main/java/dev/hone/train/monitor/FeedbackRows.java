package dev.hone.train.monitor;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Training rows out of a log.
 *
 * @param rows one JSON object each
 * @param heldOut how many were left out because their texts are held out
 * @param repeated how many were left out because a row before them says so already
 * @param withoutText how many were left out because the log has no text
 * @param withoutAnswer feedback whose answer is not in the log
 * @param conflicts texts that people gave different labels, with these: they are left out
 */
public record FeedbackRows(List<ObjectNode> rows, int heldOut, int repeated, int withoutText, int withoutAnswer,
    Map<String, List<String>> conflicts) {
  /** What rows are for. */
  public enum Form {
    /** Texts with labels. */
    LABELS("labels"),
    /** Answers that were called good or bad. */
    KTO("kto"),
    /** Answers beside better ones. */
    DPO("dpo"),
    /** Tasks of Label Studio: what nobody spoke of yet. */
    LABEL_STUDIO("label-studio");

    private final String word;

    Form(String word) {
      this.word = word;
    }

    /** Its name in flags. */
    public String word() {
      return word;
    }
  }

  /** Copies the lists. */
  public FeedbackRows {
    rows = List.copyOf(rows);
  }

  /**
   * Makes rows.
   *
   * @param reference whose held-out texts are left out; null for none
   * @param audit only answers that were marked at random
   */
  public static FeedbackRows of(AnswerLog log, Form form, MonitorReference reference, boolean audit) {
    Map<String, List<ObjectNode>> byText = new LinkedHashMap<>(); // different rows of each text
    int heldOut = 0;
    int repeated = 0;
    int withoutText = 0;
    int met = 0;
    for (AnswerLog.Entry entry : log.entries()) {
      if (ShadowReport.isShadow(entry)) {
        continue;
      }
      Feedback said = log.feedback().get(entry.answered().id());
      met += said == null ? 0 : 1;
      if (audit && !entry.audit()) {
        continue;
      }
      Answered answered = entry.answered();
      boolean text = answered.input() != null && answered.output() != null;
      ObjectNode row = form == Form.LABEL_STUDIO ? task(answered, said) : said == null ? null : row(answered, said, form);
      if (row == null) {
        continue;
      }
      if (!text) {
        withoutText++;
      } else if (reference != null && reference.holdsOut(answered.input())) {
        heldOut++;
      } else {
        List<ObjectNode> rows = byText.computeIfAbsent(MonitorReference.hash(answered.input()), _ -> new ArrayList<>());
        boolean known = form == Form.LABEL_STUDIO ? !rows.isEmpty() : rows.stream().anyMatch(other -> same(other, row));
        repeated += known ? 1 : 0;
        if (!known) {
          rows.add(row);
        }
      }
    }
    Map<String, List<String>> conflicts = new LinkedHashMap<>();
    List<ObjectNode> all = new ArrayList<>();
    for (List<ObjectNode> rows : byText.values()) {
      if (form == Form.LABELS && rows.size() > 1) {
        conflicts.put(rows.getFirst().path("text").asString(), rows.stream().map(row -> row.path("label").asString()).toList());
      } else {
        all.addAll(rows);
      }
    }
    return new FeedbackRows(all, heldOut, repeated, withoutText, log.feedback().size() - met, conflicts);
  }

  /** Whether two rows of one text say one thing. */
  private static boolean same(ObjectNode one, ObjectNode other) {
    return one.has("text") ? one.path("label").equals(other.path("label")) : one.equals(other);
  }

  /** A row; null if the feedback says nothing of this form. Its text may be missing. */
  private static ObjectNode row(Answered answered, Feedback said, Form form) {
    ObjectNode row = LogLines.JSON.createObjectNode();
    switch (form) {
      case LABELS -> {
        String label = said.label() != null ? said.label() : said.isGood() ? answered.output() : null;
        return answered.labels().isEmpty() || label == null ? null : row.put("text", answered.input()).put("label", label);
      }
      case KTO -> {
        if (!answered.labels().isEmpty() || !said.isGood() && !said.isBad()) {
          return null;
        }
        prompt(row, answered);
        message(row, "completion", answered, answered.output());
        return row.put("label", said.isGood());
      }
      default -> {
        if (said.answer() == null || said.answer().equals(answered.output())) {
          return null;
        }
        prompt(row, answered);
        message(row, "chosen", answered, said.answer());
        message(row, "rejected", answered, answered.output());
        return row;
      }
    }
  }

  private static boolean isChat(Answered answered) {
    return answered.route().equals("chat.completions");
  }

  /** A text, or the messages of a conversation. */
  private static void prompt(ObjectNode row, Answered answered) {
    if (answered.input() == null) {
      return;
    }
    if (isChat(answered)) {
      row.set("prompt", LogLines.JSON.readTree(answered.input()));
    } else {
      row.put("prompt", answered.input());
    }
  }

  private static void message(ObjectNode row, String name, Answered answered, String text) {
    if (isChat(answered)) {
      row.putArray(name).addObject().put("role", "assistant").put("content", text);
    } else {
      row.put(name, text);
    }
  }

  /** A task for somebody who labels; null if the answer is no label or somebody spoke of it. */
  private static ObjectNode task(Answered answered, Feedback said) {
    if (answered.labels().isEmpty() || said != null) {
      return null;
    }
    ObjectNode task = LogLines.JSON.createObjectNode();
    task.putObject("data").put("text", answered.input()).put("answer_id", answered.id());
    ObjectNode prediction = task.putArray("predictions").addObject().put("model_version", answered.version())
        .put("score", answered.confidence());
    ObjectNode result = prediction.putArray("result").addObject().put("from_name", "label").put("to_name", "text")
        .put("type", "choices");
    ArrayNode choices = result.putObject("value").putArray("choices");
    for (String each : answered.output().split("\\|")) {
      choices.add(each);
    }
    return task;
  }

  /** Writes a JSON object a line; tasks of Label Studio as one list. */
  public void write(Path file, Form form) throws IOException {
    AtomicFile.writeString(file, form == Form.LABEL_STUDIO
        ? rows.stream().map(ObjectNode::toString).collect(Collectors.joining(",\n", "[", "]\n"))
        : rows.stream().map(row -> row + "\n").collect(Collectors.joining()));
  }

  /**
   * What somebody labelled in Label Studio: of each task with an {@code answer_id} the last annotation that was not cancelled.
   *
   * @param time that the feedback gets
   * @throws DataException if the file is no export of Label Studio in JSON
   */
  public static List<Feedback> labelStudio(Path file, Instant time) throws IOException {
    JsonNode root;
    try {
      root = LogLines.JSON.readTree(Files.readString(file));
    } catch (JacksonException e) {
      throw new DataException(file.toString(), "no JSON: " + e.getOriginalMessage());
    }
    if (!root.isArray()) {
      throw new DataException(file.toString(), "no list of tasks; export as JSON from Label Studio");
    }
    List<Feedback> all = new ArrayList<>();
    for (JsonNode task : root) {
      String id = task.path("data").path("answer_id").asString("");
      String label = null;
      for (JsonNode annotation : task.path("annotations")) {
        for (JsonNode result : annotation.path("result")) {
          JsonNode choices = result.path("value").path("choices");
          if (!annotation.path("was_cancelled").asBoolean(false) && choices.isArray() && !choices.isEmpty()) {
            List<String> names = new ArrayList<>();
            choices.forEach(choice -> names.add(choice.asString()));
            label = String.join("|", names);
          }
        }
      }
      if (!id.isEmpty() && label != null) {
        all.add(new Feedback(id, time, Double.NaN, label, null, null, "label-studio"));
      }
    }
    return all;
  }
}
