package dev.hone.core.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Working memory between two uses. Work takes something from the shelf when it begins and puts it back when it ends, so that
 * there is as much of it as work runs at the same time, however many threads there are. What nobody has taken for some seconds
 * is left to the garbage collector, and so is the oldest where more lies here than the machine has processors.
 *
 * <p>Implementation note: a daemon thread looks after all shelves as long as something lies on one, and then ends: a program
 * that stops using the library has no thread of it, and nothing that a thread holds.
 */
public final class Shelf<T> {
  private static final long IDLE_NANOS = 10_000_000_000L;
  static volatile long idleNanos = IDLE_NANOS; // tests shorten it
  private static final List<Shelf<?>> ALL = new CopyOnWriteArrayList<>();
  private static final AtomicBoolean KEPT = new AtomicBoolean();
  private static volatile Thread keeper;

  private record Idle<T>(T thing, long thread, long since) {}

  private final ArrayList<Idle<T>> idle = new ArrayList<>(); // the oldest first
  private final int most;
  private final LongSupplier clock;

  private Shelf(int most, LongSupplier clock) {
    this.most = most;
    this.clock = clock;
  }

  /** A shelf that lasts as long as the class that has it. */
  public static <T> Shelf<T> make() {
    Shelf<T> shelf = new Shelf<>(Runtime.getRuntime().availableProcessors(), System::nanoTime);
    ALL.add(shelf);
    return shelf;
  }

  /** A shelf of at most so many things that is cleared by hand, with a clock in nanoseconds. */
  static <T> Shelf<T> make(int most, LongSupplier clock) {
    return new Shelf<>(most, clock);
  }

  /** What this thread put back last, or else what was put back last, which may still be in a cache; null if there is nothing. */
  public synchronized T take() {
    int place = place();
    return place < 0 ? null : idle.remove(place).thing;
  }

  /** What {@link #take} would give. */
  public synchronized T peek() {
    int place = place();
    return place < 0 ? null : idle.get(place).thing;
  }

  private int place() {
    long thread = Thread.currentThread().threadId();
    for (int i = idle.size() - 1; i >= 0; i--) {
      if (idle.get(i).thread == thread) {
        return i;
      }
    }
    return idle.size() - 1;
  }

  /** Puts something back. */
  public void put(T thing) {
    synchronized (this) {
      idle.add(new Idle<>(thing, Thread.currentThread().threadId(), clock.getAsLong()));
      if (idle.size() > most) {
        idle.removeFirst();
      }
    }
    if (!KEPT.get() && KEPT.compareAndSet(false, true)) {
      startKeeper();
    }
  }

  /** Drops what has lain here for too long. */
  synchronized void dropIdle() {
    long now = clock.getAsLong();
    idle.removeIf(entry -> now - entry.since >= idleNanos);
  }

  /** Drops everything that lies here. */
  public synchronized void clear() {
    idle.clear();
  }

  synchronized boolean isEmpty() {
    return idle.isEmpty();
  }

  /** Clears all shelves. */
  public static void clearAll() {
    ALL.forEach(Shelf::clear);
  }

  /** Clears all shelves and waits for the thread that looks after them to end. */
  public static void close() throws InterruptedException {
    clearAll();
    Thread thread = keeper;
    if (thread != null) {
      LockSupport.unpark(thread);
      thread.join();
    }
  }

  private static void startKeeper() {
    Thread thread = new Thread(null, Shelf::keep, "hone-idle-memory", 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(null);
    keeper = thread;
    try {
      thread.start();
    } catch (OutOfMemoryError e) { // no more threads: then nothing is kept
      keeper = null;
      KEPT.set(false);
      clearAll();
    }
  }

  private static void keep() {
    do {
      KEPT.set(true);
      while (!ALL.stream().allMatch(Shelf::isEmpty)) {
        LockSupport.parkNanos(Shelf.class, idleNanos / 5);
        ALL.forEach(Shelf::dropIdle);
      }
      KEPT.set(false); // before the last look: what is put now is seen here, or starts another keeper
    } while (!ALL.stream().allMatch(Shelf::isEmpty) && KEPT.compareAndSet(false, true));
  }
}
