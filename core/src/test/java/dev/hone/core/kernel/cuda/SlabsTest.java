package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Memory of a GPU in slabs, without a GPU. */
class SlabsTest {
  private static final long MB = 1L << 20;

  /** A memory of a size, which notes what it gave. */
  private static final class Source implements Slabs.Source {
    private final Map<Long, Long> given = new HashMap<>();
    private long room;
    private long next = 1 << 20;

    Source(long room) {
      this.room = room;
    }

    @Override
    public long allocate(long bytes) {
      if (bytes > room) {
        return 0;
      }
      room -= bytes;
      given.put(next, bytes);
      next += bytes + MB;
      return next - bytes - MB;
    }

    @Override
    public void free(long address) {
      room += given.remove(address);
    }
  }

  @Test
  void blocksAreAlignedAndUsedAgain() {
    Slabs slabs = new Slabs(new Source(1 << 30), true);
    Slabs.Block a = slabs.take(10);
    Slabs.Block b = slabs.take(1000);
    long first = a.address(a.generation());
    assertEquals(256, b.address(b.generation()) - first);
    assertEquals(256 + 1024, slabs.liveBytes());
    slabs.give(a, a.generation());
    slabs.give(b, b.generation());
    assertEquals(0, slabs.liveBytes());
    assertEquals(first, at(slabs.take(5 * MB)), "neighbours are one block again");
    assertEquals(32 * MB, slabs.slabBytes());
  }

  private static long at(Slabs.Block block) {
    return block.address(block.generation());
  }

  @Test
  void memoryThatWasGivenBackIsNotReached() {
    Slabs slabs = new Slabs(new Source(1 << 30), true);
    Slabs.Block block = slabs.take(100);
    int generation = block.generation();
    slabs.give(block, generation);
    assertThrows(IllegalStateException.class, () -> block.address(generation));
    assertThrows(IllegalStateException.class, () -> slabs.give(block, generation));
    Slabs.Block again = slabs.take(100);
    assertEquals(at(again), again.address(again.generation()));
    assertThrows(IllegalStateException.class, () -> block.address(generation), "also where the block is in use again");
  }

  @Test
  void withoutRoomThereIsNoBlockAndIdleSlabsAreGivenBackBefore() {
    Source source = new Source(40 * MB);
    Slabs slabs = new Slabs(source, true);
    Slabs.Block small = slabs.take(100);
    assertNull(slabs.take(35 * MB));
    slabs.give(small, small.generation());
    assertEquals(35 * MB, at(slabs.take(35 * MB)) > 0 ? slabs.slabBytes() : 0, "the idle slab went, and one of this very size "
        + "came");
    assertNull(slabs.take(6 * MB));
  }

  @Test
  void watchedBlocksAreAllocationsOfTheirOwn() {
    Source source = new Source(40 * MB);
    Slabs slabs = new Slabs(source, false);
    Slabs.Block block = slabs.take(10);
    assertEquals(12, source.given.get(at(block)));
    slabs.give(block, block.generation());
    assertEquals(Map.of(), source.given);
  }

  @Test
  void tenThousandTensorsComeAndGoWithoutGrowth() {
    Slabs slabs = new Slabs(new Source(1L << 40), true);
    Random random = new Random(7);
    List<Slabs.Block> live = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      if (live.size() < 100) {
        Slabs.Block block = slabs.take(random.nextInt(1 << 20));
        for (Slabs.Block other : live) {
          assertTrue(at(other) != at(block));
        }
        live.add(block);
      } else {
        Slabs.Block block = live.remove(random.nextInt(live.size()));
        slabs.give(block, block.generation());
      }
    }
    assertTrue(slabs.slabBytes() <= 2 * slabs.liveBytes(), slabs.slabBytes() + " bytes for " + slabs.liveBytes());
    live.forEach(block -> slabs.give(block, block.generation()));
    slabs.trim();
    assertEquals(0, slabs.slabBytes());
  }
}
