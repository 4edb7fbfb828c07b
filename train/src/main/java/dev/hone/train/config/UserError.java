package dev.hone.train.config;

import dev.hone.core.HoneException;

/** A mistake of the user: one line on the screen and exit code 2. */
public final class UserError extends HoneException {
  private static final long serialVersionUID = 1L;

  public UserError(String message) {
    super(message);
  }

  public UserError(String message, Throwable cause) {
    super(message, cause);
  }
}
