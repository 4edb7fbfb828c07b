package dev.hone.core;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Runs what counts bytes on a thread with a pool of its own. Pools are lent to one thread after the other, and in one of them
 * forgotten tensors of other tests may lie until the collector finds them: such a pool is held while the next is asked for.
 */
public final class OwnPool {
  private static final int FLOATS = 4096; // enough to be taken from a pool

  private OwnPool() {}

  /** Runs it and gives what it gives. */
  public static <T> T run(Callable<T> body) throws Exception {
    FutureTask<T> alone = new FutureTask<>(() -> {
      try (Scope.Hold _ = Scope.hold()) {
        try (Scope _ = Scope.open()) {
          Tensor.empty(FLOATS);
        }
        Scope.trim();
        return Scope.pooledBytes() == 0 ? body.call() : run(body);
      }
    });
    Thread.ofPlatform().daemon().start(alone);
    try {
      return alone.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Error error -> throw error;
        case Exception exception -> throw exception;
        default -> throw e;
      }
    }
  }
}
