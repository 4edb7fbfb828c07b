package dev.hone.train.source.hub;

import java.io.IOException;

/** What keeps a model or data set from coming from a hub, or going there: one line that names it and says what to do. */
public class HubException extends IOException {
  private static final long serialVersionUID = 1L;

  HubException(String message) {
    super(message);
  }

  HubException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The hub itself cannot be reached, so that what the cache has may do. */
  public static final class Unreachable extends HubException {
    private static final long serialVersionUID = 1L;

    Unreachable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** There is no such repository, as far as the hub tells. */
  public static final class NotFound extends HubException {
    private static final long serialVersionUID = 1L;

    NotFound(String message) {
      super(message);
    }
  }
}
