package dev.hone.core.kernel.cuda;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;

/**
 * The one thread that makes all calls for a GPU, so that their order is that in which they were asked for. Work is queued; what
 * fails while nobody waits is told to whoever asks next, and to all after: results that depend on it would be wrong.
 */
final class GpuThread {
  private static final int LONGEST_QUEUE = 1024; // bounds how far the host runs ahead
  private static final long STACK = 16L << 20; // bytes: compilers of kernels run on it, which are used to more than Java gives

  private final BlockingQueue<Runnable> queue = new LinkedBlockingQueue<>(LONGEST_QUEUE);
  private final Thread thread;
  private volatile RuntimeException failure;

  GpuThread(String name) {
    thread = Thread.ofPlatform().name("hone-" + name).daemon().stackSize(STACK).start(this::work);
  }

  private void work() {
    while (true) {
      try {
        queue.take().run();
      } catch (InterruptedException e) {
        return;
      } catch (Stopped e) {
        return;
      }
    }
  }

  /** Ends the thread after what is queued. */
  void stop() {
    put(() -> {
      throw new Stopped();
    });
  }

  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Queues work. */
  void submit(Runnable work) {
    check();
    put(() -> {
      if (failure == null) {
        try {
          work.run();
        } catch (RuntimeException e) {
          failure = e;
        } catch (Error e) {
          failure = new CudaException("the thread of the GPU failed: " + e, e);
        }
      }
    });
  }

  /** Does work in its turn and waits for what it gives. */
  <T> T await(Supplier<T> work) {
    check();
    return forced(() -> {
      check();
      return work.get();
    });
  }

  /** Like {@link #await}, whatever has failed before: for giving back. */
  <T> T forced(Supplier<T> work) {
    if (Thread.currentThread() == thread) {
      return work.get();
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    put(() -> {
      try {
        result.complete(work.get());
      } catch (RuntimeException | Error e) {
        result.completeExceptionally(e);
      }
    });
    try {
      return result.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw told(cause);
      }
      throw (Error) e.getCause();
    }
  }

  /** Marks the context as dead. */
  void fail(RuntimeException reason) {
    failure = reason;
  }

  private void check() {
    RuntimeException earlier = failure;
    if (earlier != null) {
      throw told(earlier);
    }
  }

  /** With the trace of who is told, too. */
  private static RuntimeException told(RuntimeException cause) {
    return cause instanceof CudaException ? new CudaException(cause.getMessage(), cause) : cause;
  }

  private void put(Runnable work) {
    boolean interrupted = false;
    while (true) {
      try {
        queue.put(work);
        break;
      } catch (InterruptedException e) {
        interrupted = true; // the order of work must not depend on it
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
