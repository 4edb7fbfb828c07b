package dev.hone.core.parallel;

import dev.hone.core.memory.Shelf;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads that kernels share: a fixed set of daemon threads, never the common pool. The caller always takes part,
 * so a pool of one thread is just a loop, and a caller that finds the helpers busy (another user thread, a kernel
 * inside a kernel) does its blocks itself.
 *
 * <p>The number of threads is {@code -Dhone.threads} or the number of processors; {@link #setThreads} changes it. Helpers start
 * when the first loop needs them and end when they have had nothing to do for some seconds; {@link #close} ends them at once.
 * While several requests have their {@link Turn}, each has fewer helpers, so that no more threads run than that number.
 *
 * <p>Implementation note: a helper spins for about 50 µs after its last block and then parks. Waking a parked thread
 * costs 30 to 50 µs, a spinning one well under one; kernels of a training step follow each other within microseconds,
 * and an idle process must not burn its cores. The caller spins for the last blocks of others, then yields, then parks: a virtual
 * thread never yields, which would put it behind all others that are ready. Blocks are handed out by counters; whoever is late
 * finds none left, so that a helper that misses a job costs speed and nothing else. Of ranges
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
  private static final long YIELD_NANOS = 1_000_000; // then the helper is not running, and parking is cheap
  private static final long IDLE_NANOS = 5_000_000_000L;
  private static final int COUNTER_STEP = 16;
  private static volatile Workers shared; // null until the first loop, so that a wrong setting is said, not a failed class
  static volatile long idleNanos = IDLE_NANOS; // tests shorten it

  private final Helper[] helpers;
  private final Semaphore places;
  private final AtomicBoolean taken = new AtomicBoolean();
  private volatile Job current;
  private volatile boolean closed;

  private Workers(int threads) {
    helpers = new Helper[threads - 1];
    Arrays.setAll(helpers, i -> new Helper(i + 1));
    places = new Semaphore(threads, true);
  }

  private static Workers shared() {
    Workers workers = shared;
    return workers != null ? workers : start();
  }

  private static synchronized Workers start() {
    if (shared == null) {
      shared = new Workers(defaultThreads());
    }
    return shared;
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
    return shared().helpers.length + 1;
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
    Workers old = shared;
    if (old != null && old.helpers.length + 1 == threads) {
      return;
    }
    shared = new Workers(threads);
    if (old != null) {
      old.end();
    }
  }

  /**
   * Ends the threads of the library and drops the memory that kernels and closed scopes left for reuse, now and not when they
   * have been idle for some seconds. For a program that unloads the library: call it when nothing computes any more. Whoever
   * computes afterwards starts them again; loops that are running finish without helpers.
   *
   * @throws InterruptedException if the thread is interrupted while it waits for the others to end
   */
  public static void close() throws InterruptedException {
    Workers old;
    synchronized (Workers.class) {
      old = shared;
      shared = old == null ? null : new Workers(old.helpers.length + 1);
    }
    if (old != null) {
      old.end();
      for (Helper helper : old.helpers) {
        helper.join();
      }
    }
    Shelf.close();
  }

  /** The places of requests that compute. */
  static Semaphore places() {
    return shared().places;
  }

  /** How many other requests compute now. */
  private int others() {
    int requests = helpers.length + 1 - places.availablePermits();
    return requests > 0 && Turn.isTaken() ? requests - 1 : requests;
  }

  /** Runs {@code task} for every index below {@code blocks}, begun in rising order, and returns when all are done. */
  public static void run(int blocks, Block task) {
    shared().execute(blocks, task, 1);
  }

  /**
   * Splits {@code [0, length)} into runs of {@code grain} and does each, in any order. The bounds depend on {@code length} and
   * {@code grain} alone.
   */
  public static void ranges(int length, int grain, Range task) {
    if (length <= grain) {
      if (length > 0) {
        boolean borrowed = Scratch.borrow();
        try {
          task.run(0, length);
        } finally {
          if (borrowed) {
            Scratch.giveBack();
          }
        }
      }
      return;
    }
    int blocks = (length + grain - 1) / grain;
    Workers workers = shared();
    workers.execute(blocks, block -> task.run(block * grain, Math.min(length, (block + 1) * grain)), workers.helpers.length + 1);
  }

  /** A half-open range of a parallel loop. */
  @FunctionalInterface
  public interface Range {
    /** Does the elements {@code from} (inclusive) to {@code to} (exclusive). */
    void run(int from, int to);
  }

  private void execute(int blocks, Block task, int shares) {
    int useful = Math.min(helpers.length - others(), blocks - 1);
    if (useful <= 0 || closed || !taken.compareAndSet(false, true)) {
      alone(blocks, task);
      return;
    }
    Job job = new Job(blocks, task, shares);
    boolean borrowed = Scratch.borrow();
    try {
      current = job;
      for (int i = 0; i < useful; i++) {
        helpers[i].wake();
      }
      job.work(0);
      job.await();
    } finally {
      current = null;
      taken.set(false);
      if (borrowed) {
        Scratch.giveBack();
      }
    }
    job.rethrow();
  }

  private static void alone(int blocks, Block task) {
    boolean borrowed = Scratch.borrow();
    try {
      for (int block = 0; block < blocks; block++) {
        task.run(block);
      }
    } finally {
      if (borrowed) {
        Scratch.giveBack();
      }
    }
  }

  private void end() {
    closed = true;
    for (Helper helper : helpers) {
      helper.end();
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
    private volatile Thread waiter; // the caller, once it parks

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
        if (done.incrementAndGet() == blocks && waiter != null) {
          LockSupport.unpark(waiter);
        }
      }
    }

    void await() {
      long start = 0;
      boolean yields = !Thread.currentThread().isVirtual();
      for (int spins = 0; done.get() < blocks; spins++) {
        if ((spins & 127) != 127) {
          Thread.onSpinWait();
          continue;
        }
        long now = System.nanoTime();
        start = start == 0 ? now : start;
        if (now - start > YIELD_NANOS) {
          park();
        } else if (yields && now - start > SPIN_NANOS) {
          Thread.yield(); // somebody else may need this core to finish our last block
        }
      }
    }

    private void park() {
      boolean interrupted = false;
      waiter = Thread.currentThread(); // before the last look: whoever finishes after it sees the waiter
      while (done.get() < blocks) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted(); // which would end every park at once
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
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

  private final class Helper implements Runnable {
    private enum State { ENDED, AWAKE, PARKED }

    private final int number; // from 1: the caller is 0
    private volatile State state = State.ENDED;
    private volatile Thread thread;

    Helper(int number) {
      this.number = number;
    }

    /** Makes the helper look for a job; by one caller at a time, the one that has taken all helpers. */
    void wake() {
      switch (state) {
        case PARKED -> LockSupport.unpark(thread);
        case ENDED -> start();
        case AWAKE -> { }
      }
    }

    private void start() {
      state = State.AWAKE;
      Thread next = new Thread(null, this, "hone-worker-" + number, 0, false);
      next.setDaemon(true);
      next.setContextClassLoader(null); // not the one of whoever happened to come first
      thread = next;
      try {
        next.start();
      } catch (OutOfMemoryError e) {
        state = State.ENDED; // no more threads: the caller does the blocks itself
      }
    }

    void end() {
      LockSupport.unpark(thread);
    }

    void join() throws InterruptedException {
      Thread last = thread;
      if (last != null && last != Thread.currentThread()) {
        last.join();
      }
    }

    @Override
    public void run() {
      Scratch.own();
      Job last = null;
      while (true) {
        last = awaitJob(last);
        if (last == null) {
          return;
        }
        last.work(number);
      }
    }

    /** Spins, then parks, until there is a job other than {@code last}; null when the helper ends. */
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
        // The state is set before the last look: a job published in between is seen here or wakes us.
        state = State.PARKED;
        job = current;
        if ((job == null || job == last) && !closed) {
          LockSupport.parkNanos(Workers.this, idleNanos);
          if (System.nanoTime() - start >= idleNanos && current == null) {
            state = State.ENDED; // a job published just now goes without us, the next one starts another thread
            return null;
          }
        }
        state = State.AWAKE;
      }
    }
  }
}
