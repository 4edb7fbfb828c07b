package dev.hone.core.memory;

/**
 * Float elements in a Java array. The array may be longer than its tensor. It belongs to the garbage collector, or to the
 * pool of a scope, which takes it back when the scope closes or when the last user releases it.
 */
public final class HeapStorage implements Storage {
  private float[] array;
  private ArrayPool pool; // null: the garbage collector owns the array
  private Object scope; // the scope that will give the array back
  private int users;

  /** An array that the garbage collector owns. */
  public HeapStorage(float[] array) {
    this.array = array;
  }

  /** An array of a pool, to be given back by {@code scope}. */
  public HeapStorage(float[] array, ArrayPool pool, Object scope) {
    this.array = array;
    this.pool = pool;
    this.scope = scope;
  }

  /** The array, or null once it was given back. */
  public float[] array() {
    return array;
  }

  /** The scope that owns this storage, or null. */
  public Object scope() {
    return scope;
  }

  /** Hands this storage to another scope, or to the garbage collector if {@code newScope} is null. */
  public void moveTo(Object newScope) {
    scope = newScope;
    if (newScope == null) {
      pool = null;
    }
  }

  /** No number of releases gives this array back before its scope closes. */
  public void pin() {
    users = Integer.MAX_VALUE / 2;
  }

  /** Counts one more user that will call {@link #release}. */
  public void retain() {
    users++;
  }

  /** One user is done; after the last one the array goes back to the pool of its scope. */
  public void release() {
    if (--users <= 0) {
      free();
    }
  }

  /** Gives the array back to its pool now. Nothing happens if the garbage collector owns it. */
  public void free() {
    if (pool != null && array != null) {
      pool.put(array);
      array = null;
    }
  }
}
