package dev.hone.train;

import dev.hone.core.HoneException;

/** A run that cannot go on: its loss is not finite, it diverges, or a step has nothing to learn. The message says what to try. */
public final class TrainingException extends HoneException {
  private static final long serialVersionUID = 1L;

  /** An end with its reason. */
  public TrainingException(String message) {
    super(message);
  }
}
