package dev.hone.core.memory;

import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * Memory for the tensors of the scopes of one thread at a time: blocks of a few large float arrays, the slabs. A request takes
 * the smallest free block that holds it, neighbours that are free become one block again. Other threads may give blocks back.
 *
 * <p>Implementation note: fresh arrays cost page faults, zeroing and collections; with a pool a training step allocates
 * nothing. Ragged batches ask for other lengths at every step, so that a pool of whole arrays either finds none that fits or
 * keeps many of each size; blocks are cut to measure. What lies idle is bounded: a new slab is made only after free slabs
 * were dropped, as long as all slabs together would exceed one and a quarter times the most that was ever live.
 */
public final class SlabPool {
  /** Requests for fewer floats get an array of their own: it costs the collector nothing. */
  public static final int SMALLEST = 256;

  private static final int LINE = 16; // floats of a cache line
  // floats before the first whole line of a slab, whose header takes 16 bytes and which itself begins a line if it is large:
  // vectors that cross lines cost a third of the speed of what memory bounds
  private static final int START = 12;
  private static final int SMALLEST_SLAB = 1 << 16;
  private static final int LARGEST_SLAB = 1 << 24; // larger ones only for larger requests
  private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

  /** A run of floats of a slab: in use, or free and in {@link #free}. */
  static final class Block {
    final float[] slab;
    final int slabNumber;
    final int offset;
    private int size;
    private int length; // that was asked for
    private boolean idle;
    private Watch watch; // null unless it outlives scopes
    private Block before;
    private Block after;

    private Block(float[] slab, int slabNumber, int offset, int size) {
      this.slab = slab;
      this.slabNumber = slabNumber;
      this.offset = offset;
      this.size = size;
    }

    int length() {
      return length;
    }

    private boolean isWholeSlab() {
      return size == slab.length - START;
    }
  }

  // the lowest place among equals keeps the far slabs free, and what was just given back is often still in the cache
  private final TreeSet<Block> free = new TreeSet<>(Comparator.<Block>comparingInt(block -> block.size)
      .thenComparingInt(block -> block.slabNumber).thenComparingInt(block -> block.offset));

  // of blocks that no scope gives back: if their storage is forgotten instead of released, it comes by the queue
  private final Set<Watch> watches = new HashSet<>();
  private final ReferenceQueue<HeapStorage> forgotten = new ReferenceQueue<>();

  private int slabsMade;
  private long slabFloats;
  private long liveFloats;
  private long mostLiveFloats;

  /** Memory for {@code length} floats with unspecified contents, owned by {@code scope}. */
  public synchronized HeapStorage take(int length, Object scope) {
    if (length < SMALLEST) {
      return new HeapStorage(new float[length], null, null, scope);
    }
    Block block = block(length, false);
    return new HeapStorage(block.slab, block, this, scope);
  }

  /** Memory for {@code length} floats with unspecified contents that {@code owner}, no scope, keeps until it is released. */
  public synchronized HeapStorage takeLasting(int length, Object owner) {
    if (length < SMALLEST) {
      return new HeapStorage(new float[length], null, null, owner);
    }
    Block block = block(length, true);
    HeapStorage storage = new HeapStorage(block.slab, block, this, owner);
    watch(storage, block);
    return storage;
  }

  /** Takes note that no scope will give back the block of a storage. */
  synchronized void watch(HeapStorage storage, Block block) {
    block.watch = new Watch(storage, forgotten, block);
    watches.add(block.watch);
  }

  /** Tells when a storage is garbage that was never released. */
  private static final class Watch extends PhantomReference<HeapStorage> {
    private final Block block;

    private Watch(HeapStorage storage, ReferenceQueue<HeapStorage> forgotten, Block block) {
      super(storage, forgotten);
      this.block = block;
    }
  }

  private void collectForgotten() {
    for (Reference<?> watch = forgotten.poll(); watch != null; watch = forgotten.poll()) {
      if (watches.contains(watch)) {
        put(((Watch) watch).block);
      }
    }
  }

  private static int withLine(int length) {
    // one line more than needed: tensors of a power of two would lie at equal places of their pages, where a store makes
    // loads from the other tensor wait
    return (int) Math.min(LONGEST_ARRAY - START, (length + 2L * LINE - 1) / LINE * LINE);
  }

  /** A block of its own; of a larger free one, {@code lasting} ones take the end and others the beginning. */
  private Block block(int length, boolean lasting) {
    collectForgotten();
    int size = withLine(length);
    Block best = free.ceiling(new Block(null, -1, 0, size));
    if (best == null) {
      best = newSlab(size);
    } else {
      free.remove(best);
    }
    if (best.size - size >= SMALLEST) {
      Block rest = cut(best, lasting ? best.size - size : size);
      if (lasting) {
        Block first = best;
        best = rest;
        rest = first;
      }
      rest.idle = true;
      free.add(rest);
    }
    best.idle = false;
    best.length = length;
    liveFloats += best.size;
    mostLiveFloats = Math.max(mostLiveFloats, liveFloats);
    return best;
  }

  /** Shortens a block and returns what was behind. */
  private static Block cut(Block block, int size) {
    Block rest = new Block(block.slab, block.slabNumber, block.offset + size, block.size - size);
    rest.before = block;
    rest.after = block.after;
    if (rest.after != null) {
      rest.after.before = rest;
    }
    block.after = rest;
    block.size = size;
    return rest;
  }

  private Block newSlab(int size) {
    int usual = Math.clamp(slabFloats / 64, SMALLEST_SLAB, LARGEST_SLAB);
    int length = Math.min(LONGEST_ARRAY, Math.max(size + START, usual));
    dropIdle(Math.max(mostLiveFloats, liveFloats + size) * 5 / 4 - length);
    float[] slab;
    try {
      slab = new float[length];
    } catch (OutOfMemoryError e) {
      dropIdle(0);
      Shelf.clearAll();
      slab = new float[size + START]; // a second failure is reported by the caller, who knows the shape
    }
    return asBlock(slab);
  }

  private Block asBlock(float[] slab) {
    slabFloats += slab.length;
    return new Block(slab, slabsMade++, START, slab.length - START);
  }

  /**
   * Makes a slab of this many floats, if there is none yet: what is certainly going to be live at once leaves fewer gaps in one
   * slab than in many. Nothing happens where memory does not suffice.
   */
  public synchronized void reserve(long floats) {
    if (slabFloats > 0 || floats < SMALLEST_SLAB) {
      return;
    }
    float[] slab;
    try {
      slab = new float[(int) Math.min(LONGEST_ARRAY, floats + START)];
    } catch (OutOfMemoryError e) {
      return; // what comes in smaller requests may do with less
    }
    Block block = asBlock(slab);
    block.idle = true;
    free.add(block);
  }

  /** Floats that a block of this length takes. */
  public static long floatsOf(int length) {
    return length < SMALLEST ? 0 : withLine(length);
  }

  /** Drops free slabs, the smallest first, until all together have at most {@code most} floats or none is free. */
  private void dropIdle(long most) {
    if (slabFloats <= most) {
      return;
    }
    for (Block block : new ArrayList<>(free)) {
      if (block.isWholeSlab() && slabFloats > most) {
        free.remove(block);
        slabFloats -= block.slab.length;
      }
    }
  }

  /** Takes a block back. */
  synchronized void put(Block block) {
    if (block.watch != null) {
      watches.remove(block.watch);
      block.watch = null;
    }
    liveFloats -= block.size;
    Block whole = block;
    if (block.before != null && block.before.idle) {
      whole = block.before;
      free.remove(whole);
      join(whole);
    }
    if (whole.after != null && whole.after.idle) {
      free.remove(whole.after);
      join(whole);
    }
    whole.idle = true;
    free.add(whole);
  }

  /** Makes a block and the one behind it one. */
  private static void join(Block block) {
    Block gone = block.after;
    block.size += gone.size;
    block.after = gone.after;
    if (block.after != null) {
      block.after.before = block;
    }
  }

  /** Drops all free slabs. */
  public synchronized void trim() {
    collectForgotten();
    dropIdle(0);
    mostLiveFloats = liveFloats;
  }

  /** Bytes of the blocks in use. */
  public synchronized long liveBytes() {
    return liveFloats * Float.BYTES;
  }

  /** Bytes of all slabs: in use and waiting for reuse. */
  public synchronized long bytes() {
    return slabFloats * Float.BYTES;
  }
}
