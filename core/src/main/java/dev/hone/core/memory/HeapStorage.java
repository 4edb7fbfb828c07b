package dev.hone.core.memory;

import java.util.Arrays;

/**
 * Elements in a Java array: an array of its own that belongs to the garbage collector, or a block of a pool, which takes it
 * back. What waits may take half the memory, rounded, until somebody asks for the array.
 */
public final class HeapStorage extends OwnedStorage {
  private volatile float[] array; // written last: who sees it sees the rest, whichever thread widened
  private SlabPool.Block block; // null: the garbage collector owns the array
  private SlabPool pool;
  private Halves halves; // null: the elements lie in the array

  /** Elements that wait rounded. */
  private record Halves(HeapStorage words, int length, HalfFloats form) {}

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
    float[] present = array;
    return present != null ? present : widened();
  }

  /** Index of the first element in the array. */
  public int base() {
    if (array == null) {
      widened();
    }
    return block == null ? 0 : block.offset;
  }

  /** Leaves the elements rounded in half the memory until they are asked for. What is small or in no pool stays as it is. */
  public void narrow(HalfFloats form) {
    if (block == null || block.length() < 2 * SlabPool.SMALLEST) {
      return;
    }
    int length = block.length();
    HeapStorage words = pool.take((length + 1) / 2, null);
    form.narrow(array, block.offset, words.array, words.base(), length);
    halves = new Halves(words, length, form);
    array = null;
    pool.put(block);
    block = null;
  }

  /** The array, after elements that wait rounded have been widened into one; null once the memory was given back. */
  private synchronized float[] widened() {
    if (array == null && halves != null) {
      HeapStorage words = halves.words;
      HeapStorage full = pool.take(halves.length, null);
      halves.form.widen(words.array, words.base(), full.array, full.base(), halves.length);
      words.giveBack();
      halves = null;
      block = full.block;
      array = full.array;
    }
    return array;
  }

  /** Asked together: another thread may be just between the two. */
  private synchronized boolean waitsOrWasWidened() {
    return array != null || halves != null;
  }

  @Override
  public boolean isValid() {
    return array != null || waitsOrWasWidened();
  }

  /** A block's elements move to an array of their own. */
  @Override
  void leaveToCollector() {
    base(); // in full
    if (block != null) {
      array = Arrays.copyOfRange(array, block.offset, block.offset + block.length());
      pool.put(block);
      block = null;
    }
  }

  @Override
  void outlastScopes() {
    base(); // in full
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
    if (halves != null) {
      halves.words.giveBack();
      halves = null;
    }
  }
}
