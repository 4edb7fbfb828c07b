package dev.hone.core.parallel;

import java.util.concurrent.Semaphore;

/**
 * The right to compute one request. As many requests as there are threads compute at the same time, the others wait in the
 * order in which they came: none is overtaken, what they need of memory and caches is what a few need, and a virtual thread
 * that waits leaves its carrier to those that compute.
 *
 * {@snippet :
 * try (Turn _ = Turn.take()) {
 *   logits = model.forward(batch, Pass.inference()); // no calls of user code, which might wait for another request
 * }
 * }
 *
 * <p>A turn within a turn of the same thread is free. Training takes none: it shares the processors with requests as the
 * operating system decides.
 */
public final class Turn implements AutoCloseable {
  private static final ThreadLocal<Boolean> TAKEN = new ThreadLocal<>(); // only during a turn
  private static final Turn FREE = new Turn(null);

  private final Semaphore places;

  private Turn(Semaphore places) {
    this.places = places;
  }

  /** Waits for a turn. An interrupt does not end the wait, and is kept. */
  public static Turn take() {
    if (isTaken()) {
      return FREE;
    }
    Semaphore places = Workers.places();
    places.acquireUninterruptibly();
    TAKEN.set(Boolean.TRUE);
    return new Turn(places);
  }

  /** Whether this thread has a turn. */
  static boolean isTaken() {
    return TAKEN.get() != null;
  }

  @Override
  public void close() {
    if (places != null) {
      TAKEN.remove();
      places.release();
    }
  }
}
