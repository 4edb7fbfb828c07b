package dev.hone.core.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Parallel loops: each block once, whatever else goes on. */
@Timeout(60)
class WorkersTest {
  private final int before = Workers.threads();

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
      assertTrue(latch.await(30, TimeUnit.SECONDS));
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
    Workers.setThreads(7);
    severalBlocks();
    Workers.setThreads(2);
    for (int i = 0; i < 100 && workers() > 1; i++) {
      Thread.sleep(20);
    }
    assertEquals(1, workers());
  }

  private static long workers() {
    return Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().startsWith("hone-worker-")).count();
  }

  @Test
  void numbersOfThreadsOutOfRangeAreNamed() {
    for (int threads : new int[] {0, -1, 1025}) {
      assertEquals("Workers: threads must be from 1 to 1024, got " + threads,
          assertThrows(IllegalArgumentException.class, () -> Workers.setThreads(threads)).getMessage());
    }
  }

  @Test
  void scratchBelongsToItsThreadAndSlot() {
    float[] first = Scratch.floats(0, 100);
    assertSame(first, Scratch.floats(0, 50));
    assertNotSame(first, Scratch.floats(1, 100));
    float[] longer = Scratch.floats(0, first.length + 1);
    assertTrue(longer.length > first.length);
    assertSame(longer, Scratch.floats(0, 1));
    AtomicReference<float[]> other = new AtomicReference<>();
    try {
      Thread.ofPlatform().start(() -> other.set(Scratch.floats(0, 1))).join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    assertNotSame(longer, other.get());
  }
}
