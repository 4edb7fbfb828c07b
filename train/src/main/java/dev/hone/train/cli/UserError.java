package dev.hone.train.cli;

import dev.hone.core.HoneException;

/** A mistake of the user: one line on the screen and exit code 2. */
final class UserError extends HoneException {
  private static final long serialVersionUID = 1L;

  UserError(String message) {
    super(message);
  }

  UserError(String message, Throwable cause) {
    super(message, cause);
  }
}
