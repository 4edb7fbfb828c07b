package dev.hone.train.serve;

import dev.hone.train.monitor.Feedback;
import dev.hone.train.monitor.FeedbackLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** What people say of answers: {@code /v1/feedback}, and {@code /v1/feedback/delete} to take an answer out of the log. */
final class FeedbackRoutes {
  private static final System.Logger LOG = System.getLogger(FeedbackRoutes.class.getName());
  private static final int MAX_IDS = 1000;

  private final ModelServer server;

  FeedbackRoutes(ModelServer server) {
    this.server = server;
  }

  void say(HttpCall call) throws IOException {
    Fields fields = call.fields();
    FeedbackLog log = log();
    String id = id(fields);
    Feedback said;
    try {
      said = new Feedback(id, call.time(), score(fields), fields.text("label", null), fields.text("answer", null),
          fields.text("comment", null), fields.text("source", null));
    } catch (IllegalArgumentException e) {
      throw ApiException.bad(null, e.getMessage());
    }
    server.unknown(fields);
    try {
      log.say(said);
    } catch (FeedbackLog.UnknownAnswer e) {
      throw new ApiException(404, "invalid_request_error", "id", "answer_not_found", e.getMessage());
    } catch (IllegalArgumentException e) {
      throw ApiException.bad(said.label() == null ? null : "label", e.getMessage());
    } catch (UncheckedIOException | IllegalStateException e) {
      throw failed("feedback could not be kept", e, "the feedback could not be written; it is not kept");
    }
    server.metrics().add("hone_feedback_total", Metrics.label("says", said.label() != null || said.answer() != null ? "corrected"
        : said.isGood() ? "good" : said.isBad() ? "bad" : "other"), 1);
    call.reply(200, HttpCall.object().put("id", id).put("object", "feedback").put("kept", true));
  }

  void delete(HttpCall call) throws IOException {
    Fields fields = call.fields();
    FeedbackLog log = log();
    List<String> ids = fields.texts("id", MAX_IDS);
    if (ids.isEmpty()) {
      throw ApiException.bad("id", "id is missing: that of an answer, or a list of such");
    }
    server.unknown(fields);
    int lines;
    try {
      lines = log.delete(ids);
    } catch (IOException | IllegalStateException e) {
      throw failed("answers could not be taken out of the log", e, "not all could be taken out of the log; ask again");
    }
    call.reply(200, HttpCall.object().put("object", "feedback.deleted").put("lines", lines));
  }

  private ApiException failed(String what, Exception e, String said) {
    server.metrics().add("hone_log_failures_total", "", 1);
    LOG.log(Level.WARNING, what + ": " + e.getMessage());
    return ApiException.unavailable(said);
  }

  private FeedbackLog log() {
    FeedbackLog log = server.feedback();
    if (log == null) {
      throw ApiException.notYet("this server keeps no log, so no feedback (hone serve --log DIR)");
    }
    return log;
  }

  private static String id(Fields fields) {
    String id = fields.text("id", null);
    if (id == null) {
      throw ApiException.bad("id", "id is missing: that of the answer which the feedback is about");
    }
    return id;
  }

  /** A number, or a truth value for good and bad. */
  private static double score(Fields fields) {
    JsonNode given = fields.get("score");
    if (given == null) {
      return Double.NaN;
    }
    if (given.isBoolean()) {
      return given.asBoolean() ? 1 : 0;
    }
    return fields.number("score", 0, -1, 1);
  }
}
