package dev.hone.tokenizer.chat.jinja;

/**
 * A str marked by the filter {@code safe}. It behaves as its text everywhere but in one point that templates meet by
 * accident: {@code +} with a plain str escapes that str for HTML, as markupsafe does.
 */
record SafeText(String text) {
  static String escape(String raw) {
    StringBuilder out = null;
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      String entity = switch (c) {
        case '&' -> "&amp;";
        case '<' -> "&lt;";
        case '>' -> "&gt;";
        case '\'' -> "&#39;";
        case '"' -> "&#34;";
        default -> null;
      };
      if (entity != null && out == null) {
        out = new StringBuilder(raw.length() + 16).append(raw, 0, i);
      }
      if (out != null) {
        if (entity == null) {
          out.append(c);
        } else {
          out.append(entity);
        }
      }
    }
    return out == null ? raw : out.toString();
  }

  @Override
  public String toString() {
    return text;
  }
}
