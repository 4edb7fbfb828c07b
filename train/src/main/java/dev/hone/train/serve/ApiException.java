package dev.hone.train.serve;

/** An answer that is an error: a status, and what clients of OpenAI read beside it. */
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String type;
  private final String param;
  private final String code;

  ApiException(int status, String type, String param, String code, String message) {
    super(message);
    this.status = status;
    this.type = type;
    this.param = param;
    this.code = code;
  }

  /** A request that cannot be answered as it is. */
  static ApiException bad(String param, String message) {
    return new ApiException(400, "invalid_request_error", param, null, message);
  }

  /** A field that this server does not have, which must not be passed over in silence. */
  static ApiException unsupported(String param, String message) {
    return new ApiException(400, "invalid_request_error", param, "unsupported_parameter", message);
  }

  static ApiException tooLong(String param, int tokens, int most) {
    return new ApiException(400, "invalid_request_error", param, "context_length_exceeded", "the prompt has " + tokens
        + " tokens, the model's context is " + most + ", which must leave room for one more; shorten it");
  }

  static ApiException notFound(String message) {
    return new ApiException(404, "invalid_request_error", null, "not_found", message);
  }

  static ApiException noModel(String name, String have) {
    return new ApiException(404, "invalid_request_error", "model", "model_not_found", "no model '" + shortened(name)
        + "' that does this here; there is " + have);
  }

  static ApiException tooLarge(String message) {
    return new ApiException(413, "invalid_request_error", null, "request_too_large", message);
  }

  static ApiException tooMany(String message) {
    return new ApiException(429, "rate_limit_error", null, "queue_full", message);
  }

  static ApiException notYet(String message) {
    return new ApiException(501, "not_implemented_error", null, "not_implemented", message);
  }

  static ApiException unavailable(String message) {
    return new ApiException(503, "unavailable_error", null, "unavailable", message);
  }

  static ApiException timeout(String message) {
    return new ApiException(504, "timeout_error", null, "deadline_exceeded", message);
  }

  /** What a client sent, short enough for a message. */
  static String shortened(String text) {
    String clean = text.replaceAll("\\p{Cntrl}", "?");
    int end = clean.length() <= 60 ? clean.length() : Character.isHighSurrogate(clean.charAt(56)) ? 56 : 57; // whole characters
    return end == clean.length() ? clean : clean.substring(0, end) + "...";
  }

  int status() {
    return status;
  }

  String type() {
    return type;
  }

  String param() {
    return param;
  }

  String code() {
    return code;
  }
}
