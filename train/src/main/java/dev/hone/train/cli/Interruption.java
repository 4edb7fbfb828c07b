package dev.hone.train.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Ctrl-C and SIGTERM while a command works: the command is asked to come to an end, and the process waits for it.
 */
final class Interruption implements AutoCloseable {
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook;

  /** Until it is closed, {@code stop} runs when the process is asked to end. */
  Interruption(Runnable stop) {
    hook = new Thread(() -> {
      stop.run();
      try {
        done.await();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }, "hone-interruption");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException _) {
      stop.run(); // it is being asked right now
    }
  }

  @Override
  public void close() {
    done.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // the process is ending already, and the hook has just been let go
    }
  }
}
