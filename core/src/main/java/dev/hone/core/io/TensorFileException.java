package dev.hone.core.io;

import java.io.IOException;

/** A file of tensors that is missing, or not what it claims to be. The message names file, tensor, values and rule. */
public final class TensorFileException extends IOException {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_NAME = 120;

  /** With the whole message. */
  public TensorFileException(String message) {
    super(message);
  }

  /** With the whole message and what led to it. */
  public TensorFileException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Text from a file as a message may show it: quoted, on one line, not longer than a line. */
  public static String quote(String text) {
    StringBuilder shown = new StringBuilder("'");
    text.codePoints().limit(LONGEST_NAME)
        .forEach(c -> shown.appendCodePoint(Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c));
    return shown.append(text.codePointCount(0, text.length()) > LONGEST_NAME ? "…'" : "'").toString();
  }
}
