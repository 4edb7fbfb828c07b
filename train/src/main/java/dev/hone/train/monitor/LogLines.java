package dev.hone.train.monitor;

import dev.hone.train.inspect.PersonalData;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Answers and feedback as lines of JSON, and back. */
final class LogLines {
  static final JsonMapper JSON = JsonMapper.builder().build();

  private LogLines() {}

  static String hash(String text) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether an answer is among those that are labelled whatever people say: a matter of its id, which is random. */
  static boolean isAudited(String id, double share) {
    return Long.parseLong(hash(id).substring(0, 12), 16) < share * (1L << 48);
  }

  static String line(Answered answered, LogSettings settings) {
    ObjectNode line = JSON.createObjectNode().put("id", answered.id()).put("time", answered.time().toString())
        .put("route", answered.route()).put("model", answered.model());
    if (!answered.version().isEmpty()) {
      line.put("version", answered.version());
    }
    if (settings.text()) {
      line.put("input", PersonalData.redacted(answered.input()));
    } else {
      line.put("input_sha256", hash(answered.input()));
    }
    if (!answered.labels().isEmpty()) {
      line.put("prediction", answered.output());
      ObjectNode probabilities = line.putObject("probabilities");
      for (int i = 0; i < answered.labels().size(); i++) {
        probabilities.put(answered.labels().get(i), answered.probabilities()[i]);
      }
    } else if (settings.text()) {
      line.put("prediction", PersonalData.redacted(answered.output()));
    } else {
      line.put("prediction_sha256", hash(answered.output()));
    }
    line.put("tokens", answered.promptTokens());
    if (answered.unknownTokens() >= 0) {
      line.put("unknown", answered.unknownTokens());
    }
    line.put("output_tokens", answered.outputTokens()).put("ms", answered.millis()).put("finish_reason", answered.finish());
    Map<String, String> columns = new TreeMap<>(answered.metadata());
    columns.keySet().retainAll(settings.columns());
    if (!columns.isEmpty()) {
      ObjectNode kept = line.putObject("columns");
      columns.forEach((name, value) -> kept.put(name, PersonalData.redacted(value)));
    }
    if (isAudited(answered.id(), settings.audit())) {
      line.put("audit", true);
    }
    return JSON.writeValueAsString(line);
  }

  static String line(Feedback feedback) {
    ObjectNode line = JSON.createObjectNode().put("id", feedback.id()).put("time", feedback.time().toString());
    if (!Double.isNaN(feedback.score())) {
      line.put("score", feedback.score());
    }
    put(line, "label", feedback.label());
    put(line, "answer", feedback.answer() == null ? null : PersonalData.redacted(feedback.answer()));
    put(line, "comment", feedback.comment() == null ? null : PersonalData.redacted(feedback.comment()));
    put(line, "source", feedback.source() == null ? null : PersonalData.redacted(feedback.source()));
    return JSON.writeValueAsString(line);
  }

  private static void put(ObjectNode line, String name, String value) {
    if (value != null) {
      line.put(name, value);
    }
  }

  /** The id of a line; null if it is no line of a log. */
  static String id(String line) {
    try {
      return JSON.readTree(line).path("id").asString(null);
    } catch (JacksonException _) {
      return null;
    }
  }

  /** A line that says what somebody thinks. */
  static Feedback feedback(String line) {
    JsonNode json = JSON.readTree(line);
    return new Feedback(json.path("id").asString(""), time(json), json.path("score").asDouble(Double.NaN), text(json, "label"),
        text(json, "answer"), text(json, "comment"), text(json, "source"));
  }

  private static String text(JsonNode json, String name) {
    return json.has(name) ? json.path(name).asString() : null;
  }

  private static Instant time(JsonNode json) {
    try {
      return Instant.parse(json.path("time").asString(""));
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("a line has no time that can be read", e);
    }
  }

  /**
   * A line of an answer.
   *
   * @param known lists of labels that were met, so that equal ones are one
   */
  static AnswerLog.Entry answer(String line, Map<List<String>, List<String>> known) {
    JsonNode json = JSON.readTree(line);
    JsonNode given = json.path("probabilities");
    List<String> labels = List.copyOf(given.propertyNames());
    labels = known.computeIfAbsent(labels, all -> all);
    float[] probabilities = new float[labels.size()];
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] = (float) given.path(labels.get(i)).asDouble();
    }
    Map<String, String> columns = new LinkedHashMap<>();
    json.path("columns").properties().forEach(entry -> columns.put(entry.getKey(), entry.getValue().asString()));
    String input = text(json, "input");
    return new AnswerLog.Entry(new Answered(json.path("id").asString(""), time(json), json.path("route").asString(""),
        json.path("model").asString(""), json.path("version").asString(""), input, text(json, "prediction"), labels,
            probabilities,
        json.path("tokens").asInt(0), json.path("unknown").asInt(-1), json.path("output_tokens").asInt(0),
        json.path("ms").asLong(0), json.path("finish_reason").asString(""), columns),
        input == null ? json.path("input_sha256").asString("") : hash(input), json.path("audit").asBoolean(false));
  }
}
