package dev.hone.nn;

import dev.hone.core.HoneException;

/** A model directory that cannot be used; the message says which file, what is wrong, and what is known. */
public final class ModelException extends HoneException {
  private static final long serialVersionUID = 1L;

  /** With the whole message. */
  public ModelException(String message) {
    super(message);
  }

  /** With the whole message and what caused it, or null. */
  public ModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
