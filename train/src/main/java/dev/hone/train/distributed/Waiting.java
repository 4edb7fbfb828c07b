package dev.hone.train.distributed;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waiting for what other processes take part in: it is brought to its end, whatever interrupts. */
final class Waiting {
  private Waiting() {}

  /** What comes of it; throws what it threw. */
  static <T> T of(Future<T> work) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return work.get();
        } catch (InterruptedException _) {
          interrupted = true; // the others go on
        } catch (ExecutionException e) {
          if (e.getCause() instanceof RuntimeException known) {
            throw known;
          }
          if (e.getCause() instanceof Error error) {
            throw error; // such as memory that is used up
          }
          throw new IllegalStateException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
