package dev.hone.core.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Parallel loops: each block once, whatever else goes on. */
@Timeout(300)
class WorkersTest {
  private final int before = Workers.threads();

  /** Threads of earlier numbers end when they are next given a processor: tests that count threads do not count those. */
  @BeforeEach
  void threadsOfEarlierTestsHaveEnded() throws InterruptedException {
    Workers.close();
    for (Thread worker : workerThreads()) {
      worker.join();
    }
  }

  @AfterEach
  void restoreThreads() {
    Workers.setThreads(before);
  }

  @Test
  void everyBlockRunsOnceAndIsSeenByTheCaller() {
    for (int threads : new int[] {1, 2, 5}) {
      Workers.setThreads(threads);
      assertEquals(threads, Workers.threads());
      for (int blocks : new int[] {0, 1, 2, 3, 17, 1000}) {
        int[] plain = new int[blocks]; // not atomic: the loop's end must publish what blocks wrote
        Workers.run(blocks, block -> plain[block]++);
        for (int count : plain) {
          assertEquals(1, count);
        }
      }
    }
  }

  @Test
  void severalThreadsTakePart() throws InterruptedException {
    Workers.setThreads(3);
    CountDownLatch all = new CountDownLatch(3);
    var names = ConcurrentHashMap.<String>newKeySet();
    Workers.run(3, block -> {
      names.add(Thread.currentThread().getName());
      all.countDown();
      awaitQuietly(all); // ends only when three threads are here at the same time
    });
    assertTrue(names.contains(Thread.currentThread().getName()), names.toString());
    assertTrue(names.contains("hone-worker-1") && names.contains("hone-worker-2"), names.toString());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void helpersWakeAgainAfterTheyWentToSleep() throws InterruptedException {
    Workers.setThreads(2);
    for (int i = 0; i < 20; i++) {
      severalBlocks();
      Thread.sleep(i % 3);
    }
  }

  private static void severalBlocks() {
    AtomicInteger sum = new AtomicInteger();
    Workers.run(50, sum::addAndGet);
    assertEquals(49 * 50 / 2, sum.get());
  }

  @Test
  void rangesHaveBoundsThatTheirLengthAloneDecides() {
    for (int threads : new int[] {1, 4}) {
      Workers.setThreads(threads);
      List<String> ranges = new ArrayList<>();
      Workers.ranges(10, 4, (from, to) -> {
        synchronized (ranges) {
          ranges.add(from + "-" + to);
        }
      });
      ranges.sort(null);
      assertEquals(List.of("0-4", "4-8", "8-10"), ranges);
    }
    Workers.ranges(0, 4, (_, _) -> {
      throw new AssertionError("an empty range has no blocks");
    });
  }

  @Test
  void anExceptionReachesTheCallerAfterTheOtherBlocks() {
    Workers.setThreads(3);
    AtomicInteger done = new AtomicInteger();
    IllegalStateException failure = new IllegalStateException("block 7 failed");
    Throwable thrown = assertThrows(IllegalStateException.class, () -> Workers.run(20, block -> {
      if (block == 7) {
        throw failure;
      }
      done.incrementAndGet();
    }));
    assertSame(failure, thrown);
    assertEquals(19, done.get());
    assertThrows(StackOverflowError.class, () -> Workers.run(20, _ -> {
      throw new StackOverflowError();
    }));
    severalBlocks();
  }

  @Test
  void anExceptionEndsALoopOnOneThreadToo() {
    Workers.setThreads(1);
    assertThrows(IllegalStateException.class, () -> Workers.run(3, _ -> {
      throw new IllegalStateException();
    }));
    severalBlocks();
  }

  @Test
  void aLoopInsideALoopRunsOnItsOwnThread() {
    Workers.setThreads(3);
    AtomicIntegerArray counts = new AtomicIntegerArray(8 * 9);
    Workers.run(8, outer -> {
      Thread owner = Thread.currentThread();
      Workers.run(9, inner -> {
        assertSame(owner, Thread.currentThread());
        counts.incrementAndGet(outer * 9 + inner);
      });
    });
    for (int i = 0; i < counts.length(); i++) {
      assertEquals(1, counts.get(i));
    }
  }

  @Test
  void severalUserThreadsMayLoopAtTheSameTime() throws InterruptedException {
    Workers.setThreads(3);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> users = new ArrayList<>();
    for (int u = 0; u < 6; u++) {
      Thread.Builder builder = u % 2 == 0 ? Thread.ofVirtual() : Thread.ofPlatform();
      users.add(builder.start(() -> {
        try {
          for (int i = 0; i < 500; i++) {
            severalBlocks();
          }
        } catch (Throwable t) {
          failure.set(t);
        }
      }));
    }
    for (Thread user : users) {
      user.join();
    }
    assertEquals(null, failure.get());
  }

  @Test
  void theNumberOfThreadsMayChangeWhileLoopsRun() throws InterruptedException {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread user = Thread.ofPlatform().start(() -> {
      try {
        for (int i = 0; i < 3000; i++) {
          severalBlocks();
        }
      } catch (Throwable t) {
        failure.set(t);
      }
    });
    for (int i = 0; user.isAlive(); i++) {
      Workers.setThreads(1 + i % 4);
      Thread.sleep(1);
    }
    user.join();
    assertEquals(null, failure.get());
  }

  @Test
  void threadsThatAreNoLongerWantedEnd() throws InterruptedException {
    Workers.setThreads(3);
    severalThreadsTakePart();
    List<Thread> workers = workerThreads();
    assertEquals(2, workers.size());
    Workers.setThreads(2);
    for (Thread worker : workers) {
      worker.join();
    }
  }

  @Test
  void numbersOfThreadsOutOfRangeAreNamed() {
    for (int threads : new int[] {0, -1, 1025}) {
      assertEquals("Workers: threads must be from 1 to 1024, got " + threads,
          assertThrows(IllegalArgumentException.class, () -> Workers.setThreads(threads)).getMessage());
    }
  }

  @Test
  void scratchBelongsToItsSlotAndToTheThreadThatBorrowsIt() throws InterruptedException {
    assertNotSame(Scratch.floats(0, 100), Scratch.floats(0, 100), "nothing is borrowed");
    assertTrue(Scratch.borrow());
    assertFalse(Scratch.borrow(), "once is enough");
    float[] first = Scratch.floats(0, 100);
    assertSame(first, Scratch.floats(0, 50));
    assertNotSame(first, Scratch.floats(1, 100));
    float[] longer = Scratch.floats(0, first.length + 1);
    assertTrue(longer.length > first.length);
    assertSame(longer, Scratch.floats(0, 1));
    AtomicReference<float[]> other = new AtomicReference<>();
    Runnable borrower = () -> {
      Scratch.borrow();
      other.set(Scratch.floats(0, 1));
      Scratch.giveBack();
    };
    Thread.ofPlatform().start(borrower).join();
    assertNotSame(longer, other.get(), "two at a time have two sets");
    Scratch.giveBack();
    Thread.ofPlatform().start(borrower).join();
    assertSame(longer, other.get(), "one after the other share one");
  }

  @Test
  void helpersEndWhenThereIsNothingToDoAndComeBack() throws InterruptedException {
    Workers.setThreads(3);
    Workers.idleNanos = 1_000_000;
    try {
      for (int i = 0; i < 3; i++) {
        untilThreeTookPart();
        for (Thread worker : workerThreads()) {
          worker.join();
        }
      }
    } finally {
      Workers.idleNanos = 5_000_000_000L;
    }
  }

  /** Loops until all three took part: a helper that was just going to end may miss a loop. */
  private static void untilThreeTookPart() {
    var threads = ConcurrentHashMap.<Thread>newKeySet();
    while (threads.size() < 3) {
      Workers.run(3, _ -> {
        threads.add(Thread.currentThread());
        Thread.onSpinWait();
      });
    }
  }

  @Test
  void closingEndsAllThreadsAndTheNextLoopStartsThemAgain() throws InterruptedException {
    Workers.setThreads(3);
    severalThreadsTakePart();
    assertEquals(2, workerThreads().size());
    Workers.close();
    assertEquals(List.of(), workerThreads());
    assertEquals(3, Workers.threads());
    severalThreadsTakePart();
  }

  @Test
  void noWorkerHoldsTheClassLoaderOfWhoStartedIt() throws InterruptedException {
    Workers.setThreads(2);
    Workers.close();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread user = Thread.ofPlatform().unstarted(WorkersTest::severalBlocks);
    user.setContextClassLoader(new ClassLoader() { });
    user.setUncaughtExceptionHandler((_, e) -> failure.set(e));
    user.start();
    user.join();
    assertNull(failure.get());
    workerThreads().forEach(worker -> assertNull(worker.getContextClassLoader()));
  }

  @Test
  void aCallerThatParksIsWokenAndKeepsItsInterrupt() throws InterruptedException {
    Workers.setThreads(2);
    for (Thread.Builder kind : List.of(Thread.ofVirtual(), Thread.ofPlatform())) {
      AtomicReference<Throwable> failure = new AtomicReference<>();
      CountDownLatch begun = new CountDownLatch(1);
      CountDownLatch release = new CountDownLatch(1);
      Thread[] caller = {null};
      caller[0] = kind.unstarted(() -> Workers.run(2, _ -> {
        if (Thread.currentThread() != caller[0]) {
          begun.countDown();
          awaitQuietly(release); // the caller has nothing left to do
        } else {
          while (begun.getCount() > 0) {
            Thread.onSpinWait(); // a caller that is seen to wait then waits in Workers
          }
        }
      }));
      caller[0].setUncaughtExceptionHandler((_, e) -> failure.set(e));
      caller[0].start();
      awaitQuietly(begun);
      while (caller[0].getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      caller[0].interrupt();
      release.countDown();
      caller[0].join();
      assertNull(failure.get());
    }
  }

  private static List<Thread> workerThreads() {
    return Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().startsWith("hone-worker-")).toList();
  }

  @Test
  void requestsTakeTurnsInTheOrderInWhichTheyCame() throws InterruptedException {
    Workers.setThreads(1);
    List<Integer> order = Collections.synchronizedList(new ArrayList<>());
    List<Thread> users = new ArrayList<>();
    try (Turn _ = Turn.take(); Turn _ = Turn.take()) { // a turn within a turn is free
      for (int u = 0; u < 6; u++) {
        int number = u;
        Thread user = (u % 2 == 0 ? Thread.ofVirtual() : Thread.ofPlatform()).start(() -> {
          try (Turn _ = Turn.take()) {
            order.add(number);
          }
        });
        users.add(user);
        while (user.getState() != Thread.State.WAITING) {
          Thread.onSpinWait();
        }
      }
      assertEquals(List.of(), order);
    }
    for (Thread user : users) {
      user.join();
    }
    assertEquals(List.of(0, 1, 2, 3, 4, 5), order);
  }

  @Test
  void asManyRequestsComputeAtOnceAsThereAreThreadsAndThenWithoutHelpers() throws InterruptedException {
    Workers.setThreads(3);
    CountDownLatch inside = new CountDownLatch(3);
    CountDownLatch leave = new CountDownLatch(1);
    AtomicInteger most = new AtomicInteger();
    AtomicInteger now = new AtomicInteger();
    var foreign = ConcurrentHashMap.<Thread>newKeySet();
    List<Thread> users = new ArrayList<>();
    for (int u = 0; u < 9; u++) {
      users.add(Thread.ofVirtual().start(() -> {
        try (Turn _ = Turn.take()) {
          most.accumulateAndGet(now.incrementAndGet(), Math::max);
          inside.countDown();
          awaitQuietly(inside);
          awaitQuietly(leave);
          now.decrementAndGet();
        }
      }));
    }
    awaitQuietly(inside);
    Thread self = Thread.currentThread();
    Workers.run(20, _ -> {
      if (Thread.currentThread() != self) {
        foreign.add(Thread.currentThread());
      }
    });
    assertEquals(Set.of(), foreign, "three threads compute already");
    leave.countDown();
    for (Thread user : users) {
      user.join();
    }
    assertEquals(3, most.get());
  }
}
