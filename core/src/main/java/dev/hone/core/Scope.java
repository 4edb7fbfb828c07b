package dev.hone.core;

import dev.hone.core.memory.HeapStorage;
import dev.hone.core.memory.SlabPool;
import java.util.ArrayList;
import java.util.stream.IntStream;

/**
 * The lifetime of tensors: what this thread makes while a scope is open is given back when it closes.
 *
 * {@snippet :
 * try (Scope _ = Scope.open()) {
 *   Variable loss = model.loss(batch);
 *   loss.backward();
 * } // activations are gone, their memory serves the next step
 * }
 *
 * <p>A tensor used after its scope closed throws. {@link Tensor#keep()} moves one to the enclosing scope or, where there is
 * none, to the garbage collector. Without any scope the garbage collector owns all tensors. Scopes nest, belong to the
 * thread that opened them, and close in reverse order.
 */
public final class Scope implements AutoCloseable {
  private static final ThreadLocal<Scope> CURRENT = new ThreadLocal<>();
  private static final Object LASTING = new Object(); // owns what no scope gives back
  private static final ThreadLocal<SlabPool> POOL = ThreadLocal.withInitial(SlabPool::new);

  private final Scope parent;
  private final SlabPool pool;
  private final ArrayList<HeapStorage> storages = new ArrayList<>();
  private boolean open = true;

  private Scope(Scope parent) {
    this.parent = parent;
    this.pool = POOL.get();
  }

  /** Opens a scope on this thread. */
  public static Scope open() {
    Scope scope = new Scope(CURRENT.get());
    CURRENT.set(scope);
    return scope;
  }

  /** Drops the memory that this thread's closed scopes left for reuse. */
  public static void trim() {
    POOL.get().trim();
  }

  /**
   * Prepares the memory of this thread's scopes for tensors that will be live at once, such as all gradients at the end of a
   * backward pass: one run of memory that leaves fewer gaps than memory taken piece by piece. A hint, and only before
   * the first scope.
   *
   * @param lengths of the tensors, in elements
   */
  public static void reserve(IntStream lengths) {
    POOL.get().reserve(lengths.mapToLong(SlabPool::floatsOf).sum());
  }

  /** Bytes that this thread's scopes hold now: in use, and waiting for reuse. */
  public static long pooledBytes() {
    return POOL.get().bytes();
  }

  /** Bytes of {@link #pooledBytes()} that are in use. */
  public static long liveBytes() {
    return POOL.get().liveBytes();
  }

  /** Memory for {@code length} floats with unspecified contents that outlives scopes and is this thread's until released. */
  static HeapStorage allocateLasting(int length) {
    return POOL.get().takeLasting(length, LASTING);
  }

  /** Memory for {@code length} floats with unspecified contents. */
  static HeapStorage allocate(int length) {
    Scope scope = CURRENT.get();
    if (scope == null) {
      return new HeapStorage(new float[length]);
    }
    HeapStorage storage = scope.pool.take(length, scope);
    scope.storages.add(storage);
    return storage;
  }

  /** Whether the innermost open scope owns a storage. */
  static boolean isCurrent(HeapStorage storage) {
    return storage.scope() != null && storage.scope() == CURRENT.get();
  }

  /** Takes a storage from its scope: it lasts until it is released. */
  static boolean outlast(HeapStorage storage) {
    boolean owned = storage.scope() instanceof Scope;
    if (owned) {
      storage.outlast(LASTING);
    }
    return owned;
  }

  /** Moves a storage from its scope to the enclosing one, or to the garbage collector. */
  static void moveOut(HeapStorage storage) {
    if (storage.scope() == LASTING) {
      storage.moveTo(null);
    }
    if (!(storage.scope() instanceof Scope scope)) {
      return;
    }
    if (scope.parent != null) {
      scope.parent.storages.add(storage);
    }
    storage.moveTo(scope.parent);
  }

  /** Gives back what was made in this scope and not kept. */
  @Override
  public void close() {
    if (!open) {
      return;
    }
    if (CURRENT.get() != this) {
      throw new IllegalStateException("Scope.close: scopes close in reverse order, on the thread that opened them");
    }
    open = false;
    for (HeapStorage storage : storages) {
      if (storage.scope() == this) {
        storage.free();
      }
    }
    storages.clear();
    if (parent == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(parent);
    }
  }
}
