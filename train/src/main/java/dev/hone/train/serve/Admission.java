package dev.hone.train.serve;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Who may come in: bounds of requests and of tokens that wait, and the end of it when the server stops. */
final class Admission {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition left = lock.newCondition();
  private final int maxRequests;
  private final long maxTokens;
  private int requests;
  private long tokens;
  private boolean ready;
  private boolean draining;

  Admission(int maxRequests, long maxTokens) {
    this.maxRequests = maxRequests;
    this.maxTokens = maxTokens;
  }

  /** A place, until it is closed. */
  final class Place implements AutoCloseable {
    private long held;

    /** Takes tokens more, which the answer may come to need. */
    void need(long more) {
      lock.lock();
      try {
        if (tokens > 0 && tokens + more > maxTokens) {
          throw ApiException.tooMany("texts of " + tokens + " tokens are being written or wait; try again later");
        }
        tokens += more;
        held += more;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        requests--;
        tokens -= held;
        left.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Lets a request in. */
  Place enter() {
    lock.lock();
    try {
      if (draining) {
        throw ApiException.unavailable("the server is stopping");
      }
      if (!ready) {
        throw ApiException.unavailable("Loading model");
      }
      if (requests >= maxRequests) {
        throw ApiException.tooMany(requests + " requests are being answered or wait; try again later");
      }
      requests++;
      return new Place();
    } finally {
      lock.unlock();
    }
  }

  void open() {
    lock.lock();
    try {
      ready = true;
    } finally {
      lock.unlock();
    }
  }

  /** Lets nobody in any more. */
  void drain() {
    lock.lock();
    try {
      draining = true;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until all have left; false if some are there after so many seconds. */
  boolean awaitEmpty(long seconds) throws InterruptedException {
    long nanos = TimeUnit.SECONDS.toNanos(seconds);
    lock.lock();
    try {
      while (requests > 0 && nanos > 0) {
        nanos = left.awaitNanos(nanos);
      }
      return requests == 0;
    } finally {
      lock.unlock();
    }
  }

  boolean isReady() {
    lock.lock();
    try {
      return ready && !draining;
    } finally {
      lock.unlock();
    }
  }

  boolean isDraining() {
    lock.lock();
    try {
      return draining;
    } finally {
      lock.unlock();
    }
  }

  int requests() {
    lock.lock();
    try {
      return requests;
    } finally {
      lock.unlock();
    }
  }

  long tokens() {
    lock.lock();
    try {
      return tokens;
    } finally {
      lock.unlock();
    }
  }
}
