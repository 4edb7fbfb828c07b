package dev.hone.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.kernel.cpu.CpuKernels;
import dev.hone.core.memory.HalfFloats;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who owns the memory of tensors, and when it serves again. */
class ScopeTest {
  @BeforeEach
  void startWithAnEmptyPool() {
    Scope.trim();
  }

  private static void assertGone(Tensor tensor) {
    String message = assertThrows(IllegalStateException.class, tensor::array).getMessage();
    assertTrue(message.startsWith("tensor " + tensor.shape() + " is used after its memory was given back: its Scope closed"),
        message);
  }

  private static boolean overlap(Tensor a, Tensor b) {
    return a.array() == b.array() && a.offset() < b.offset() + b.size() && b.offset() < a.offset() + a.size();
  }

  @Test
  void aTensorEndsWithItsScopeAndItsMemoryServesTheNextOne() {
    Tensor first;
    float[] memory;
    int place;
    try (Scope _ = Scope.open()) {
      first = Tensor.full(3, 1000);
      memory = first.array();
      place = first.offset();
      assertEquals(3, first.get(999));
    }
    assertGone(first);
    assertGone(first.reshape(10, 100));
    assertThrows(IllegalStateException.class, () -> first.get(0));
    assertThrows(IllegalStateException.class, first::keep);
    try (Scope _ = Scope.open()) {
      Tensor next = Tensor.empty(990);
      assertSame(memory, next.array());
      assertEquals(place, next.offset());
      assertFalse(overlap(next, Tensor.empty(990)));
    }
  }

  @Test
  void withoutAScopeTensorsLastAsLongAsTheyAreReferenced() {
    Tensor before = Tensor.full(1, 1000);
    try (Scope _ = Scope.open()) {
      before.fill(2);
    }
    assertEquals(2, before.get(0));
    before.release();
    assertEquals(2, before.get(0));
  }

  @Test
  void keepMovesATensorToTheEnclosingScopeAndThenToTheCollector() {
    Tensor kept;
    Tensor other;
    try (Scope _ = Scope.open()) {
      try (Scope _ = Scope.open()) {
        kept = Tensor.full(5, 1000);
        other = Tensor.full(6, 1000);
        assertSame(kept, kept.keep());
      }
      assertGone(other);
      assertEquals(5, kept.get(0));
      kept.keep();
      kept.keep();
      Tensor.full(7, 1000);
    }
    assertEquals(5, kept.get(0));
    try (Scope _ = Scope.open()) {
      for (int i = 0; i < 10; i++) {
        assertNotSame(kept.array(), Tensor.full(8, 1000).array());
      }
    }
    assertEquals(5, kept.get(0));
  }

  @Test
  void aTensorKeptOnceEndsWithTheEnclosingScope() {
    Tensor kept;
    try (Scope _ = Scope.open()) {
      try (Scope _ = Scope.open()) {
        kept = Tensor.full(5, 1000).keep();
      }
      assertEquals(5, kept.get(0));
    }
    assertGone(kept);
  }

  @Test
  void viewsEndWithTheirTensorAndKeepItAlive() {
    Tensor view;
    try (Scope _ = Scope.open()) {
      view = Tensor.full(5, 10, 100).slice(3, 5).keep();
    }
    assertEquals(5, view.get(199));
  }

  @Test
  void theLastReleaseGivesMemoryBackBeforeTheScopeEnds() {
    try (Scope _ = Scope.open()) {
      Tensor tensor = Tensor.full(5, 1000);
      float[] memory = tensor.array();
      int place = tensor.offset();
      tensor.retain();
      tensor.retain();
      tensor.release();
      assertEquals(5, tensor.get(0));
      tensor.release();
      assertGone(tensor);
      Tensor next = Tensor.empty(1000);
      assertSame(memory, next.array());
      assertEquals(place, next.offset());
    }
  }

  @Test
  void aKeptTensorOutlivesEveryRelease() {
    try (Scope _ = Scope.open()) {
      Tensor tensor = Tensor.full(5, 1000).keep();
      tensor.retain();
      tensor.release();
      tensor.release();
      assertEquals(5, tensor.get(0));
    }
  }

  @Test
  void thePoolStopsGrowingWhenStepsRepeat() {
    long afterTwo = 0;
    for (int step = 0; step < 50; step++) {
      try (Scope _ = Scope.open()) {
        for (int i = 1; i <= 20; i++) {
          Tensor.empty(i * 1000 + step % 3);
        }
      }
      if (step == 2) {
        afterTwo = Scope.pooledBytes();
      }
    }
    assertEquals(afterTwo, Scope.pooledBytes());
    Scope.trim();
    assertEquals(0, Scope.pooledBytes());
  }

  @Test
  void whatWasReservedHoldsTensorsOfThoseLengthsWithoutAnotherSlab() {
    Scope.trim();
    int[] lengths = {100_000, 3, 5000, 1 << 18};
    Scope.reserve(IntStream.of(lengths));
    long reserved = Scope.pooledBytes();
    assertEquals(0, Scope.liveBytes());
    for (int step = 0; step < 2; step++) {
      try (Scope _ = Scope.open()) {
        IntStream.of(lengths).forEach(Tensor::empty);
        assertEquals(reserved, Scope.pooledBytes());
      }
    }
    Scope.reserve(IntStream.of(1 << 20));
    assertEquals(reserved, Scope.pooledBytes(), "only the first reservation counts");
    Scope.trim();
    assertEquals(0, Scope.pooledBytes());
  }

  @Test
  void whatOutlastsAScopeLeavesWhatTheScopeHadInOneRun() {
    Scope.trim();
    int[] lengths = IntStream.generate(() -> 10_000).limit(20).toArray();
    Scope.reserve(IntStream.of(lengths));
    long reserved = Scope.pooledBytes();
    List<Tensor> lasting = new ArrayList<>();
    try (Scope _ = Scope.open()) {
      for (int i = 0; i < 10; i++) {
        Tensor.empty(10_000);
        lasting.add(Tensor.lasting(Device.CPU, Shape.of(10_000)));
      }
    }
    try (Scope _ = Scope.open()) {
      Tensor.empty(100_000);
    }
    assertEquals(reserved, Scope.pooledBytes(), "no other slab");
    lasting.forEach(Tensor::release);
    assertEquals(0, Scope.liveBytes());
    Scope.trim();
    assertEquals(0, Scope.pooledBytes());
  }

  @Test
  void whatLiesInThePoolIsBoundedWhenSizesChange() {
    long most = 0;
    for (int step = 0; step < 200; step++) {
      int length = 1000 + step * 997;
      try (Scope _ = Scope.open()) {
        Tensor.empty(length);
        Tensor.empty(length);
      }
      most = Math.max(most, 2L * length * Float.BYTES);
      assertTrue(Scope.pooledBytes() <= Math.max(1 << 18, 2 * most), "step " + step + ": " + Scope.pooledBytes() + " bytes for "
          + most);
    }
  }

  @Test
  void tensorsOfAnyLengthsNeverOverlapAndLeaveNoHoles() {
    Random random = new Random(7);
    try (Scope _ = Scope.open()) {
      List<Tensor> live = new ArrayList<>();
      long mostLive = 0;
      for (int i = 0; i < 20_000; i++) {
        if (live.size() > 60 || !live.isEmpty() && random.nextInt(3) == 0) {
          Tensor tensor = live.remove(random.nextInt(live.size()));
          float value = tensor.get(0);
          assertEquals(value, tensor.get(tensor.size() - 1), "another tensor wrote here");
          tensor.release();
        } else {
          Tensor tensor = Tensor.full(i, 1 + random.nextInt(1 << random.nextInt(18)));
          tensor.retain();
          live.add(tensor);
        }
        mostLive = Math.max(mostLive, Scope.liveBytes());
      }
      assertTrue(Scope.pooledBytes() < 1.6 * mostLive, Scope.pooledBytes() + " bytes for " + mostLive);
      live.forEach(Tensor::release);
      assertEquals(0, Scope.liveBytes());
    }
    Scope.trim();
    assertEquals(0, Scope.pooledBytes(), "all blocks became whole slabs again");
  }

  @Test
  void scopesCloseInReverseOrderOnTheirThread() throws InterruptedException {
    Scope outer = Scope.open();
    Scope inner = Scope.open();
    String message = assertThrows(IllegalStateException.class, outer::close).getMessage();
    assertEquals("Scope.close: scopes close in reverse order, on the thread that opened them", message);
    AtomicReference<Throwable> elsewhere = new AtomicReference<>();
    Thread.ofPlatform().start(() -> elsewhere.set(assertThrows(IllegalStateException.class, inner::close))).join();
    assertEquals(message, elsewhere.get().getMessage());
    inner.close();
    inner.close(); // closing twice is harmless
    outer.close();
    Tensor free = Tensor.full(1, 1000);
    assertEquals(1, free.get(0));
  }

  @Test
  void anExceptionInsideClosesTheScope() {
    AtomicReference<Tensor> made = new AtomicReference<>();
    assertThrows(ArithmeticException.class, () -> {
      try (Scope _ = Scope.open()) {
        made.set(Tensor.full(1, 1000));
        throw new ArithmeticException();
      }
    });
    assertGone(made.get());
  }

  @Test
  void eachThreadHasScopesOfItsOwn() throws InterruptedException {
    AtomicReference<Tensor> made = new AtomicReference<>();
    try (Scope _ = Scope.open()) {
      Thread.ofVirtual().start(() -> made.set(Tensor.full(4, 1000))).join();
    }
    assertEquals(4, made.get().get(0));
  }

  @Test
  void tensorsAroundAUsersArrayAreNeverPooled() {
    float[] mine = new float[1000];
    Tensor tensor;
    try (Scope _ = Scope.open()) {
      tensor = Tensor.of(mine, 1000);
      tensor.retain();
      tensor.release();
    }
    assertSame(mine, tensor.array());
    try (Scope _ = Scope.open()) {
      assertNotSame(mine, Tensor.empty(1000).array());
    }
  }

  @Test
  void threadsThatOnceComputedHoldNothingAndOneMemoryServesThemAll() throws InterruptedException {
    Set<float[]> memories = Collections.newSetFromMap(new IdentityHashMap<>());
    CountDownLatch end = new CountDownLatch(1);
    List<Thread> idle = new ArrayList<>();
    for (int t = 0; t < 20; t++) { // one after the other, and all stay
      CountDownLatch done = new CountDownLatch(1);
      idle.add((t % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual()).start(() -> {
        try (Scope _ = Scope.open()) {
          memories.add(Tensor.empty(1 << 20).array());
        }
        done.countDown();
        try {
          end.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }));
      done.await();
    }
    assertEquals(1, memories.size());
    Scope.trim();
    assertEquals(0, Scope.pooledBytes());
    end.countDown();
    for (Thread thread : idle) {
      thread.join();
    }
  }

  @Test
  void memoryThatIsHeldIsNotLentBetweenScopes() throws InterruptedException {
    AtomicReference<float[]> other = new AtomicReference<>();
    float[] mine;
    try (Scope.Hold _ = Scope.hold()) {
      try (Scope _ = Scope.open()) {
        mine = Tensor.empty(1 << 20).array();
      }
      Tensor plain = Tensor.full(1, 1000);
      Thread.ofPlatform().start(() -> {
        try (Scope _ = Scope.open()) {
          other.set(Tensor.empty(1 << 20).array());
        }
      }).join();
      assertNotSame(mine, other.get());
      try (Scope _ = Scope.open()) {
        assertSame(mine, Tensor.empty(1 << 20).array());
      }
      assertEquals(1, plain.get(999), "holding is no scope");
    }
    try (Scope _ = Scope.open()) {
      assertSame(mine, Tensor.empty(1 << 20).array(), "and then it is lent again");
    }
  }

  private static final HalfFloats HALVES = CpuKernels.scalar("for the test").gather().halfFloats();
  private static final float THIRD = 0x1.56p-2f; // 1/3 in BF16

  @Test
  void whatOutlivesABlockWaitsInHalfTheMemoryUntilItIsRead() {
    try (Scope _ = Scope.open()) {
      Tensor waits;
      Tensor exact;
      Tensor used;
      long before = Scope.liveBytes();
      try (Scope _ = Scope.block(HALVES)) {
        waits = Tensor.full(1 / 3f, 10_000);
        waits.retain();
        waits.tolerateRounding(1);
        exact = Tensor.full(1 / 3f, 10_000);
        exact.retain();
        used = Tensor.full(1 / 3f, 10_000);
        used.retain();
        used.retain();
        used.tolerateRounding(1); // one of two users
      }
      assertEquals(100_000, Scope.liveBytes() - before, 1000);
      assertTrue(waits.isValid());
      assertEquals(THIRD, waits.reshape(100, 100).slice(7, 9).get(150));
      assertEquals(120_000, Scope.liveBytes() - before, 1000);
      assertEquals(1 / 3f, exact.get(9999));
      assertEquals(1 / 3f, used.get(9999));
      waits.fill(2);
      assertEquals(2, waits.get(9999));
      waits.release();
      assertGone(waits);
      assertEquals(80_000, Scope.liveBytes() - before, 1000);
    }
  }

  /** Numbers of a block that wait in half the memory. */
  private static Tensor waiting(int length) {
    try (Scope _ = Scope.block(HALVES)) {
      Tensor waits = Tensor.full(1 / 3f, length);
      waits.retain();
      waits.tolerateRounding(1);
      return waits;
    }
  }

  @Test
  void whatWaitsInHalfTheMemoryGoesWithItsScopeOrIsKept() {
    Tensor gone;
    Tensor kept;
    Tensor lasting;
    long before = Scope.liveBytes();
    try (Scope _ = Scope.open()) {
      gone = waiting(10_000);
      waiting(5000).release();
      kept = waiting(10_001).keep();
      lasting = waiting(10_001);
      assertTrue(lasting.outlast());
      assertEquals(1 / 3f, waiting(100).get(0), "what is small stays as it is");
    }
    assertGone(gone);
    assertEquals(THIRD, kept.get(10_000));
    assertEquals(THIRD, lasting.get(10_000));
    lasting.release();
    lasting.release();
    assertEquals(before, Scope.liveBytes());
  }

  @Test
  void whatWaitsIsWidenedOnceHoweverManyThreadsAskForIt() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4); Scope _ = Scope.open()) {
      for (int round = 0; round < 2000; round++) {
        Tensor waits = waiting(1000);
        CyclicBarrier begin = new CyclicBarrier(4);
        Callable<float[]> asks = () -> {
          begin.await();
          float[] array = waits.array();
          assertEquals(THIRD, array[waits.offset() + 999]);
          return array;
        };
        for (Future<float[]> array : threads.invokeAll(Collections.nCopies(4, asks))) {
          assertSame(waits.array(), array.get());
        }
        waits.release();
      }
    }
  }
}
