package dev.hone.core.parallel;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads that kernels share: a fixed set of daemon threads, never the common pool. The caller always takes part,
 * so a pool of one thread is just a loop, and a caller that finds the helpers busy (another user thread, a kernel
 * inside a kernel) does its blocks itself.
 *
 * <p>The number of threads is {@code -Dhone.threads} or the number of processors; {@link #setThreads} changes it.
 *
 * <p>Implementation note: a helper spins for about 50 µs after its last block and then parks. Waking a parked thread
 * costs 30 to 50 µs, a spinning one well under one; kernels of a training step follow each other within microseconds,
 * and an idle process must not burn its cores. Blocks are handed out by counters; whoever is late finds none left. Of ranges
 * each thread first takes its own share of the blocks, the same in every loop over as many, then what others have left: what
 * it wrote in one kernel is then in its own cache for the next one, and not in that of another core.
 */
public final class Workers {
  /** One block of a parallel loop. */
  @FunctionalInterface
  public interface Block {
    /** Does block {@code index}; blocks may run in any order and at the same time. */
    void run(int index);
  }

  private static final long SPIN_NANOS = 50_000;
  private static final int COUNTER_STEP = 16;
  private static volatile Workers shared = new Workers(defaultThreads());

  private final Helper[] helpers;
  private final AtomicBoolean taken = new AtomicBoolean();
  private volatile Job current;
  private volatile boolean closed;

  private Workers(int threads) {
    helpers = new Helper[threads - 1];
    Arrays.setAll(helpers, i -> new Helper(i + 1));
    for (Helper helper : helpers) {
      helper.start();
    }
  }

  private static int defaultThreads() {
    String property = System.getProperty("hone.threads");
    if (property == null) {
      return Runtime.getRuntime().availableProcessors();
    }
    try {
      int threads = Integer.parseInt(property.strip());
      if (threads >= 1 && threads <= 1024) {
        return threads;
      }
    } catch (NumberFormatException e) {
      // falls through to the message that also covers values out of range
    }
    throw new IllegalArgumentException("-Dhone.threads=" + property + ": expected a number from 1 to 1024");
  }

  /** The number of threads that kernels use, the caller included. */
  public static int threads() {
    return shared.helpers.length + 1;
  }

  /**
   * Changes the number of threads. Kernels that are running finish with the old ones.
   *
   * @param threads from 1 to 1024, the calling thread included
   */
  public static synchronized void setThreads(int threads) {
    if (threads < 1 || threads > 1024) {
      throw new IllegalArgumentException("Workers: threads must be from 1 to 1024, got " + threads);
    }
    if (threads == threads()) {
      return;
    }
    Workers old = shared;
    shared = new Workers(threads);
    old.close();
  }

  /** Runs {@code task} for every index below {@code blocks}, begun in rising order, and returns when all are done. */
  public static void run(int blocks, Block task) {
    shared.execute(blocks, task, 1);
  }

  /**
   * Splits {@code [0, length)} into runs of {@code grain} and does each, in any order. The bounds depend on {@code length} and
   * {@code grain} alone.
   */
  public static void ranges(int length, int grain, Range task) {
    if (length <= grain) {
      if (length > 0) {
        task.run(0, length);
      }
      return;
    }
    int blocks = (length + grain - 1) / grain;
    Workers workers = shared;
    workers.execute(blocks, block -> task.run(block * grain, Math.min(length, (block + 1) * grain)), workers.helpers.length + 1);
  }

  /** A half-open range of a parallel loop. */
  @FunctionalInterface
  public interface Range {
    /** Does the elements {@code from} (inclusive) to {@code to} (exclusive). */
    void run(int from, int to);
  }

  private void execute(int blocks, Block task, int shares) {
    if (blocks <= 1 || helpers.length == 0 || !taken.compareAndSet(false, true)) {
      for (int block = 0; block < blocks; block++) {
        task.run(block);
      }
      return;
    }
    Job job = new Job(blocks, task, shares);
    try {
      current = job;
      int useful = Math.min(helpers.length, blocks - 1);
      for (int i = 0; i < useful; i++) {
        helpers[i].wake();
      }
      job.work(0);
      job.await();
    } finally {
      current = null;
      taken.set(false);
    }
    job.rethrow();
  }

  private void close() {
    closed = true;
    for (Helper helper : helpers) {
      LockSupport.unpark(helper);
    }
  }

  /** One parallel loop: {@code next} hands out the blocks of each share, {@code done} counts finished ones. */
  private static final class Job {
    private final int blocks;
    private final Block task;
    private final int shares;
    private final AtomicIntegerArray next; // one counter a cache line
    private final AtomicInteger done = new AtomicInteger();
    private volatile Throwable failure;

    Job(int blocks, Block task, int shares) {
      this.blocks = blocks;
      this.task = task;
      this.shares = shares;
      next = new AtomicIntegerArray(shares * COUNTER_STEP);
      for (int share = 0; share < shares; share++) {
        next.setPlain(share * COUNTER_STEP, start(share));
      }
    }

    private int start(int share) {
      return (int) ((long) blocks * share / shares);
    }

    /** Does blocks until none is left, those of the thread's own share first. */
    void work(int thread) {
      for (int i = 0; i < shares; i++) {
        int share = (thread + i) % shares;
        int end = start(share + 1);
        int block;
        while ((block = next.getAndIncrement(share * COUNTER_STEP)) < end) {
          work(task, block);
        }
      }
    }

    private void work(Block task, int block) {
      try {
        task.run(block);
      } catch (Throwable t) {
        failure = t;
      } finally {
        done.incrementAndGet();
      }
    }

    void await() {
      long start = 0;
      for (int spins = 0; done.get() < blocks; spins++) {
        if ((spins & 127) != 127) {
          Thread.onSpinWait();
        } else if (start == 0) {
          start = System.nanoTime();
        } else if (System.nanoTime() - start > SPIN_NANOS) {
          Thread.yield(); // somebody else may need this core to finish our last block
        }
      }
    }

    void rethrow() {
      switch (failure) {
        case null -> { }
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable t -> throw new IllegalStateException(t);
      }
    }
  }

  private final class Helper extends Thread {
    private final int number; // from 1: the caller is 0
    private volatile boolean parked;

    Helper(int number) {
      super(null, null, "hone-worker-" + number, 0, false);
      this.number = number;
      setDaemon(true);
    }

    void wake() {
      if (parked) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      Job last = null;
      while (!closed) {
        Job job = awaitJob(last);
        if (job != null) {
          job.work(number);
          last = job;
        }
      }
    }

    /** Spins, then parks, until there is a job other than {@code last}; null when the pool closes. */
    private Job awaitJob(Job last) {
      long start = System.nanoTime();
      for (int spins = 1; ; spins++) {
        Job job = current;
        if (job != null && job != last) {
          return job;
        }
        if (closed) {
          return null;
        }
        if ((spins & 63) != 0 || System.nanoTime() - start < SPIN_NANOS) {
          Thread.onSpinWait();
          continue;
        }
        // The flag is raised before the last look: a job published in between is seen here or wakes us.
        parked = true;
        job = current;
        if ((job == null || job == last) && !closed) {
          LockSupport.park(Workers.this);
        }
        parked = false;
      }
    }
  }
}
