package dev.hone.train.distributed;

import dev.hone.core.HoneException;

/** Processes that cannot work on one run together: wrongly started, different from each other, or one of them gone. */
public final class RanksException extends HoneException {
  private static final long serialVersionUID = 1L;

  /** With the whole message. */
  public RanksException(String message) {
    super(message);
  }
}
