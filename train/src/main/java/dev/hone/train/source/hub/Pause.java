package dev.hone.train.source.hub;

import java.io.InterruptedIOException;
import java.time.Duration;

/** Waits before something is tried again. */
@FunctionalInterface
interface Pause {
  /** Sleeps. */
  Pause ASLEEP = duration -> {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the hub");
    }
  };

  void await(Duration duration) throws InterruptedIOException;
}
