package dev.hone.core.kernel.cuda;

import java.util.Comparator;
import java.util.TreeSet;

/**
 * Memory of a GPU in blocks of a few large allocations, the slabs. A request takes the smallest free block that holds it;
 * neighbours that are free become one block again. As all work goes through one stream, a block may be used again as soon as it
 * is given back: what reads it was launched before. Not thread-safe.
 */
final class Slabs {
  private static final int GRAIN = 256; // bytes; what vector loads and products want of an address
  private static final long SMALLEST_SLAB = 32L << 20;
  private static final long LARGEST_SLAB = 1L << 30;

  /** Where slabs come from. */
  interface Source {
    /** The address of fresh memory, 0 if there is none. */
    long allocate(long bytes);

    /** Gives it back. */
    void free(long address);
  }

  /** A run of bytes of a slab. */
  static final class Block {
    private final long slab; // address of the first byte of the slab
    private final long address;
    private long size;
    private boolean idle;
    private int generation; // grows when the block is given back: older claims to it are void
    private Block before;
    private Block after;

    private Block(long slab, long address, long size) {
      this.slab = slab;
      this.address = address;
      this.size = size;
    }

    /** The generation of who holds the block now. */
    int generation() {
      return generation;
    }

    /** The address, for who holds this generation. */
    long address(int holder) {
      if (holder != generation) {
        throw new IllegalStateException("memory of the GPU is used after it was given back");
      }
      return address;
    }
  }

  private final Source source;
  private final boolean pooled;
  private final TreeSet<Block> free = new TreeSet<>(Comparator.<Block>comparingLong(block -> block.size)
      .thenComparingLong(block -> block.address));
  private long slabBytes;
  private long liveBytes;
  private long mostLiveBytes;

  /**
   * Slabs of a source.
   *
   * @param pooled false to make every block a slab of its own, so that tools which watch allocations see each
   */
  Slabs(Source source, boolean pooled) {
    this.source = source;
    this.pooled = pooled;
  }

  /** A block of at least so many bytes; null if there is no room. */
  Block take(long bytes) {
    long grain = pooled ? GRAIN : Float.BYTES; // a watched allocation ends where its tensor does
    long size = Math.max(grain, (bytes + grain - 1) / grain * grain);
    Block block = free.ceiling(new Block(0, 0, size));
    if (block == null) {
      block = newSlab(size);
      if (block == null) {
        return null;
      }
    } else {
      free.remove(block);
    }
    block.idle = false;
    if (block.size > size) {
      Block rest = new Block(block.slab, block.address + size, block.size - size);
      rest.before = block;
      rest.after = block.after;
      if (rest.after != null) {
        rest.after.before = rest;
      }
      block.after = rest;
      block.size = size;
      rest.idle = true;
      free.add(rest);
    }
    liveBytes += size;
    mostLiveBytes = Math.max(mostLiveBytes, liveBytes);
    return block;
  }

  private Block newSlab(long size) {
    long wanted = pooled ? Math.max(size, Math.clamp(liveBytes / 4, SMALLEST_SLAB, LARGEST_SLAB)) : size;
    if (slabBytes + wanted > mostLiveBytes + mostLiveBytes / 4) {
      trim(); // what lies idle in slabs that are too small for this is bounded
    }
    long address = source.allocate(wanted);
    if (address == 0) {
      trim();
      wanted = size;
      address = source.allocate(wanted);
    }
    if (address == 0) {
      return null;
    }
    slabBytes += wanted;
    return new Block(address, address, wanted);
  }

  /** Takes a block back from who holds its generation, once. */
  void give(Block block, int holder) {
    block.address(holder);
    block.generation++;
    liveBytes -= block.size;
    Block whole = block;
    if (whole.after != null && whole.after.idle) {
      free.remove(whole.after);
      join(whole, whole.after);
    }
    if (whole.before != null && whole.before.idle) {
      whole = whole.before;
      free.remove(whole);
      join(whole, whole.after);
    }
    whole.idle = true;
    if (pooled || whole.before != null || whole.after != null) {
      free.add(whole);
    } else {
      drop(whole);
    }
  }

  private static void join(Block left, Block right) {
    left.size += right.size;
    left.after = right.after;
    if (left.after != null) {
      left.after.before = left;
    }
  }

  /** Gives slabs back that nobody uses. */
  void trim() {
    for (Block block : free.stream().filter(block -> block.before == null && block.after == null).toList()) {
      free.remove(block);
      drop(block);
    }
  }

  private void drop(Block slab) {
    source.free(slab.slab);
    slabBytes -= slab.size;
  }

  /** Bytes of all slabs. */
  long slabBytes() {
    return slabBytes;
  }

  /** Bytes of blocks in use. */
  long liveBytes() {
    return liveBytes;
  }
}
