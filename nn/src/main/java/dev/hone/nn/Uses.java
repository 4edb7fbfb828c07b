package dev.hone.nn;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Who uses a model at the moment, so that misuse by several threads throws where it would give wrong answers. */
final class Uses {
  private static final int CHANGING = -1;
  private static final int CLOSED = -2;

  private final AtomicInteger passes = new AtomicInteger(); // under way, or CHANGING
  private final AtomicReference<Thread> trainer = new AtomicReference<>();

  /** A pass begins. */
  void begin() {
    int now;
    do {
      now = passes.get();
      if (now == CLOSED) {
        throw new IllegalStateException("forward: the model is closed");
      }
      if (now == CHANGING) {
        throw new IllegalStateException("forward: another thread is changing the model's adapters; to change them under load, "
            + "keep "
            + "them in Adapters");
      }
    } while (!passes.compareAndSet(now, now + 1));
    try { // after it is counted, as training counts after it has begun: one of the two sees the other
      requireNoOtherTrainer("forward", "its weights are between two states; answer with a copy loaded from its files, or in a "
          + "TrainListener");
    } catch (IllegalStateException e) {
      end();
      throw e;
    }
  }

  /** A pass ends. */
  void end() {
    passes.decrementAndGet();
  }

  /** Nobody else may use the model until the result is closed. */
  PretrainedModel.Exclusive change(String what) {
    requireNoOtherTrainer(what, "it ends first");
    if (passes.get() == CLOSED) {
      throw new IllegalStateException(what + ": the model is closed");
    }
    if (!passes.compareAndSet(0, CHANGING)) {
      throw new IllegalStateException(what
          + ": the model is answering on another thread, which would see half of the change; keep "
          + "adapters that change under load in Adapters, where they are chosen per call");
    }
    return () -> passes.set(0);
  }

  /** Ends all use; false if it has ended before. */
  boolean close() {
    if (passes.get() == CLOSED) {
      return false;
    }
    requireNoOtherTrainer("close", "it ends first");
    if (!passes.compareAndSet(0, CLOSED)) {
      throw new IllegalStateException("close: another thread uses the model; wait for its end");
    }
    return true;
  }

  /** Nobody else may train the model, and no other thread use it, until the result is closed. */
  PretrainedModel.Exclusive train() {
    Thread self = Thread.currentThread();
    if (!trainer.compareAndSet(null, self)) {
      throw new IllegalStateException("train: the model is being trained already, by " + name(trainer.get())
          + "; wait for the end, or load the model once more");
    }
    if (passes.get() == CLOSED) {
      trainer.set(null);
      throw new IllegalStateException("train: the model is closed");
    }
    if (passes.get() > 0) {
      trainer.set(null);
      throw new IllegalStateException("train: the model is answering on another thread, which would see weights change; wait for "
          + "its end, or load the model once more");
    }
    return () -> trainer.set(null);
  }

  private void requireNoOtherTrainer(String what, String instead) {
    Thread other = trainer.get();
    if (other != null && other != Thread.currentThread()) {
      throw new IllegalStateException(what + ": the model is being trained by " + name(other) + ": " + instead);
    }
  }

  private static String name(Thread thread) {
    return thread == null ? "another thread" : "thread '" + thread.getName() + "'";
  }
}
