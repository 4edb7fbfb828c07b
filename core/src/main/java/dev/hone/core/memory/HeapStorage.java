package dev.hone.core.memory;

import java.util.Arrays;

/**
 * Elements in a Java array: an array of its own that belongs to the garbage collector, or a block of a pool, which takes it
 * back.
 */
public final class HeapStorage extends OwnedStorage {
  private float[] array;
  private SlabPool.Block block; // null: the garbage collector owns the array
  private SlabPool pool;

  /** An array that the garbage collector owns. */
  public HeapStorage(float[] array) {
    this(array, null, null, null);
  }

  HeapStorage(float[] array, SlabPool.Block block, SlabPool pool, Object scope) {
    super(scope);
    this.array = array;
    this.block = block;
    this.pool = pool;
  }

  /** The array that the elements lie in, or null once the memory was given back. */
  public float[] array() {
    return array;
  }

  /** Index of the first element in the array. */
  public int base() {
    return block == null ? 0 : block.offset;
  }

  @Override
  public boolean isValid() {
    return array != null;
  }

  /** A block's elements move to an array of their own. */
  @Override
  void leaveToCollector() {
    if (block != null) {
      array = Arrays.copyOfRange(array, block.offset, block.offset + block.length());
      pool.put(block);
      block = null;
    }
  }

  @Override
  void outlastScopes() {
    if (block != null) {
      pool.watch(this, block);
    }
  }

  @Override
  void giveBack() {
    array = null;
    if (block != null) {
      pool.put(block);
      block = null;
    }
  }
}
