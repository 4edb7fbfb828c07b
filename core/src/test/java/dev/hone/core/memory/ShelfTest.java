package dev.hone.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What lies between two uses: who gets it, how much there is of it, when it goes. */
class ShelfTest {
  private static final long SECOND = 1_000_000_000L;

  private final AtomicLong clock = new AtomicLong(-5 * SECOND); // System.nanoTime may be negative, too
  private final Shelf<String> shelf = Shelf.make(3, clock::get);

  @Test
  void aThreadGetsItsOwnBackAndElseTheLast() throws InterruptedException {
    assertNull(shelf.take());
    shelf.put("mine");
    Thread.ofPlatform().start(() -> shelf.put("other")).join();
    assertEquals("mine", shelf.peek());
    assertEquals("mine", shelf.take());
    assertEquals("other", shelf.take());
    assertNull(shelf.take());
  }

  @Test
  void onlySoMuchIsKeptAndTheOldestGoes() {
    for (int i = 0; i < 5; i++) {
      shelf.put("pool " + i);
    }
    assertEquals("pool 4", shelf.take());
    assertEquals("pool 3", shelf.take());
    assertEquals("pool 2", shelf.take());
    assertNull(shelf.take());
  }

  @Test
  void whatNobodyTookForTenSecondsGoes() {
    shelf.put("old");
    clock.addAndGet(6 * SECOND);
    shelf.put("new");
    shelf.dropIdle();
    clock.addAndGet(4 * SECOND);
    shelf.dropIdle();
    assertEquals("new", shelf.take());
    assertNull(shelf.take());
  }

  @Test
  @Timeout(300)
  void theThreadThatLooksAfterShelvesEndsWithThem() throws InterruptedException {
    Shelf<String> kept = Shelf.make();
    kept.put("something");
    Thread keeper = Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().equals("hone-idle-memory"))
        .findFirst().orElseThrow();
    assertTrue(keeper.isDaemon());
    assertNull(keeper.getContextClassLoader());
    Shelf.close();
    keeper.join();
    assertNull(kept.take());
    kept.put("again"); // and comes back
    assertEquals("again", kept.take());
    Shelf.close();
  }
}
