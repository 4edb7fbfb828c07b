package dev.hone.lora;

import dev.hone.core.HoneException;

/** An adapter that does not fit its base model, or a directory that holds none; the message says what differs. */
public final class AdapterException extends HoneException {
  private static final long serialVersionUID = 1L;

  /** With the whole message. */
  public AdapterException(String message) {
    super(message);
  }

  /** With the whole message and what caused it, or null. */
  public AdapterException(String message, Throwable cause) {
    super(message, cause);
  }
}
