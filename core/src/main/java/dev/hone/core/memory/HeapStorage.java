package dev.hone.core.memory;

import java.util.Arrays;

/**
 * Float elements in a Java array: an array of its own that belongs to the garbage collector, or a block of a pool, which
 * takes it back when its scope closes or when the last user releases it.
 */
public final class HeapStorage implements Storage {
  private float[] array;
  private SlabPool.Block block; // null: the garbage collector owns the array
  private SlabPool pool;
  private Object scope; // the scope that will give the memory back
  private int users;

  /** An array that the garbage collector owns. */
  public HeapStorage(float[] array) {
    this(array, null, null, null);
  }

  HeapStorage(float[] array, SlabPool.Block block, SlabPool pool, Object scope) {
    this.array = array;
    this.block = block;
    this.pool = pool;
    this.scope = scope;
  }

  /** The array that the elements lie in, or null once the memory was given back. */
  public float[] array() {
    return array;
  }

  /** Index of the first element in the array. */
  public int base() {
    return block == null ? 0 : block.offset;
  }

  /** The scope that owns this storage, or null. */
  public Object scope() {
    return scope;
  }

  /**
   * Hands this storage to another scope, or to the garbage collector if {@code newScope} is null: then a block's elements
   * move to an array of their own.
   */
  public void moveTo(Object newScope) {
    scope = newScope;
    if (newScope == null && block != null) {
      array = Arrays.copyOfRange(array, block.offset, block.offset + block.length());
      pool.put(block);
      block = null;
    }
  }

  /** Hands this storage to an owner that is no scope: it lasts until it is released, or garbage. */
  public void outlast(Object owner) {
    scope = owner;
    if (block != null) {
      pool.watch(this, block);
    }
  }

  /** No number of releases gives this memory back before its scope closes. */
  public void pin() {
    users = Integer.MAX_VALUE / 2;
  }

  /** Counts one more user that will call {@link #release}. */
  public void retain() {
    users++;
  }

  /** One user is done; after the last one the memory goes back to the pool of its scope. */
  public void release() {
    if (--users <= 0) {
      free();
    }
  }

  /** Gives the memory back now. Nothing happens if the garbage collector owns it. */
  public void free() {
    if (scope == null || array == null) {
      return;
    }
    array = null;
    if (block != null) {
      pool.put(block);
      block = null;
    }
  }
}
