package dev.hone.train.source;

import java.io.IOException;

/** A model reference that leads to no model. The message starts with the reference and says what to do. */
public final class ModelReferenceException extends IOException {
  private static final long serialVersionUID = 1L;

  ModelReferenceException(String message) {
    super(message);
  }

  ModelReferenceException(String message, Throwable cause) {
    super(message, cause);
  }
}
