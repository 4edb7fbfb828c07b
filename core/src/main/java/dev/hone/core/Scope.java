package dev.hone.core;

import dev.hone.core.memory.DeviceStorage;
import dev.hone.core.memory.HalfFloats;
import dev.hone.core.memory.HeapStorage;
import dev.hone.core.memory.OwnedStorage;
import dev.hone.core.memory.Shelf;
import dev.hone.core.memory.SlabPool;
import dev.hone.core.parallel.Scratch;
import java.util.ArrayList;
import java.util.function.Function;
import java.util.function.IntFunction;
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
 *
 * <p>A {@link #block} is a scope within one: what is made there goes when it closes but for what somebody still uses.
 *
 * <p>A thread borrows memory with its outermost scope and gives it back with that, for whoever comes next; what nobody has
 * borrowed for some seconds goes to the garbage collector. {@link #hold} keeps it between scopes.
 */
public final class Scope implements AutoCloseable {
  private static final ThreadLocal<Borrowed> BORROWED = new ThreadLocal<>(); // only while something is borrowed
  private static final Object LASTING = new Object(); // owns what no scope gives back
  private static final Shelf<SlabPool> POOLS = Shelf.make();

  /** What a thread has borrowed, and for how many open scopes and {@link Hold}s. */
  private static final class Borrowed {
    private final boolean scratch = Scratch.borrow();
    private SlabPool pool; // null until it is needed: who waits for a turn to compute has none
    private Scope innermost;
    private int users;

    static Borrowed one() {
      Borrowed borrowed = BORROWED.get();
      if (borrowed == null) {
        borrowed = new Borrowed();
        BORROWED.set(borrowed);
      }
      borrowed.users++;
      return borrowed;
    }

    SlabPool pool() {
      if (pool == null) {
        pool = taken();
      }
      return pool;
    }

    void done() {
      if (--users > 0) {
        return;
      }
      BORROWED.remove();
      if (pool != null) {
        POOLS.put(pool);
      }
      if (scratch) {
        Scratch.giveBack();
      }
    }
  }

  private final Borrowed memory;
  private final Scope parent;
  private final ArrayList<OwnedStorage> storages = new ArrayList<>();
  private final boolean block; // itself a user of what is made in it
  private final HalfFloats halves; // how that waits which outlives this block, or null: as it is
  private boolean open = true;

  private Scope(Borrowed memory, boolean block, HalfFloats halves) {
    this.memory = memory;
    this.parent = memory.innermost;
    this.block = block;
    this.halves = halves;
    memory.innermost = this;
  }

  /** Opens a scope on this thread. */
  public static Scope open() {
    return new Scope(Borrowed.one(), false, null);
  }

  /**
   * Opens a scope for a part of a computation: when it closes, memory that somebody has retained goes over to the enclosing
   * scope, where it lasts until it is released, and all other memory is given back. For operators and their graph.
   */
  public static Scope block() {
    return new Scope(Borrowed.one(), true, null);
  }

  /**
   * A {@link #block()} of which numbers on the CPU that outlive it wait rounded, in half the memory, until they are read again:
   * those whose users have all said by {@link Tensor#tolerateRounding} that this will do.
   *
   * @param halves null leaves them as they are
   */
  @SuppressWarnings("exports")
  public static Scope block(HalfFloats halves) {
    return new Scope(Borrowed.one(), true, halves);
  }

  /** Whether a scope is open on this thread. */
  public static boolean isOpen() {
    Borrowed memory = BORROWED.get();
    return memory != null && memory.innermost != null;
  }

  /** Memory that a thread keeps between its scopes. */
  public static final class Hold implements AutoCloseable {
    private Borrowed memory = Borrowed.one();

    private Hold() {}

    /** Gives the memory back, if no scope is open. */
    @Override
    public void close() {
      if (memory == null) {
        return;
      }
      if (BORROWED.get() != memory) {
        throw new IllegalStateException("Scope.Hold.close: memory is given back by the thread that holds it");
      }
      memory.done();
      memory = null;
    }
  }

  /**
   * Keeps the memory of this thread's scopes for its next ones until closed: for loops that open a scope for every step, while
   * other threads compute as well. It is no scope: tensors do not end with it.
   */
  public static Hold hold() {
    return new Hold();
  }

  private static SlabPool taken() {
    SlabPool pool = POOLS.take();
    return pool == null ? new SlabPool() : pool;
  }

  /** The pool that this thread has, or would borrow next; null if it would be a new one. */
  private static SlabPool present() {
    Borrowed borrowed = BORROWED.get();
    return borrowed == null || borrowed.pool == null ? POOLS.peek() : borrowed.pool;
  }

  /** Something done with this thread's pool, which is borrowed for it if need be. */
  private static <T> T withPool(Function<SlabPool, T> work) {
    Borrowed borrowed = BORROWED.get();
    if (borrowed != null) {
      return work.apply(borrowed.pool());
    }
    SlabPool pool = taken();
    try {
      return work.apply(pool);
    } finally {
      POOLS.put(pool);
    }
  }

  /** Drops the memory that closed scopes left for reuse: of this thread, and what no thread has borrowed. */
  public static void trim() {
    Borrowed borrowed = BORROWED.get();
    if (borrowed != null && borrowed.pool != null) {
      borrowed.pool.trim();
    }
    SlabPool next = POOLS.peek();
    POOLS.clear();
    if (next != null) {
      next.trim();
      if (next.bytes() > 0) {
        POOLS.put(next); // something in it outlives scopes
      }
    }
  }

  /**
   * Prepares the memory of this thread's scopes for tensors that will be live at once, such as all gradients at the end of a
   * backward pass: one run of memory that leaves fewer gaps than memory taken piece by piece. A hint, and only before
   * the first scope.
   *
   * @param lengths of the tensors, in elements
   */
  public static void reserve(IntStream lengths) {
    long floats = lengths.mapToLong(SlabPool::floatsOf).sum();
    withPool(pool -> {
      pool.reserve(floats);
      return null;
    });
  }

  /** Bytes that this thread's scopes hold now, or would begin with: in use, and waiting for reuse. */
  public static long pooledBytes() {
    SlabPool pool = present();
    return pool == null ? 0 : pool.bytes();
  }

  /** Bytes of {@link #pooledBytes()} that are in use. */
  public static long liveBytes() {
    SlabPool pool = present();
    return pool == null ? 0 : pool.liveBytes();
  }

  /** Memory for floats with unspecified contents that outlives scopes and is this thread's until released. */
  static OwnedStorage allocateLasting(Device device, Shape shape) {
    return orOutOfMemory(device, shape, length -> device == Device.CPU
        ? withPool(pool -> pool.takeLasting(length, LASTING)) : onDevice(device, length, LASTING));
  }

  /** Memory for floats with unspecified contents. */
  static OwnedStorage allocate(Device device, Shape shape) {
    return orOutOfMemory(device, shape, length -> allocate(device, length));
  }

  private static OwnedStorage orOutOfMemory(Device device, Shape shape, IntFunction<OwnedStorage> allocation) {
    try {
      return allocation.apply(shape.length());
    } catch (OutOfMemoryError e) {
      throw new OutOfMemory("tensor " + shape, device, shape.size() * Float.BYTES, e);
    }
  }

  private static OwnedStorage allocate(Device device, int length) {
    Borrowed memory = BORROWED.get();
    if (device != Device.CPU) {
      Scope scope = memory == null ? null : memory.innermost;
      OwnedStorage storage = onDevice(device, length, scope);
      if (scope != null) {
        scope.add(storage);
      }
      return storage;
    }
    if (memory == null || memory.innermost == null) {
      return new HeapStorage(new float[length]);
    }
    HeapStorage storage = memory.pool().take(length, memory.innermost);
    memory.innermost.add(storage);
    return storage;
  }

  private void add(OwnedStorage storage) {
    storages.add(storage);
    if (block) {
      storage.retain();
    }
  }

  /** Memory on a device other than the CPU that belongs to the garbage collector. */
  static OwnedStorage unowned(Device device, int length) {
    return onDevice(device, length, null);
  }

  private static DeviceStorage onDevice(Device device, int length, Object scope) {
    return new DeviceStorage(device.memory().allocate((long) length * Float.BYTES), scope);
  }

  /** Takes a storage from its scope: it lasts until it is released. */
  static boolean outlast(OwnedStorage storage) {
    if (!(storage.scope() instanceof Scope scope)) {
      return false;
    }
    scope.letGo(storage);
    storage.outlast(LASTING);
    return true;
  }

  /** Moves a storage from its scope to the one that encloses it and is no block, or to the garbage collector. */
  static void keep(OwnedStorage storage) {
    if (storage.scope() == LASTING) {
      storage.moveTo(null);
    }
    boolean within = true; // a block of it
    while (within && storage.scope() instanceof Scope scope) {
      within = scope.block;
      scope.handOver(storage);
    }
  }

  /** Moves a storage from the innermost scope to the enclosing one. */
  static void moveOut(OwnedStorage storage) {
    if (storage.scope() instanceof Scope scope && scope == scope.memory.innermost) {
      scope.handOver(storage);
    }
  }

  private void letGo(OwnedStorage storage) {
    if (block) {
      storage.leave();
    }
  }

  private void handOver(OwnedStorage storage) {
    letGo(storage);
    passOn(storage);
  }

  private void passOn(OwnedStorage storage) {
    if (parent != null) {
      parent.add(storage);
    }
    storage.moveTo(parent);
  }

  /** Takes a storage of the enclosing scope into this block, which it then does not outlive unless somebody retains it. */
  boolean takeOver(OwnedStorage storage) {
    if (!block || parent == null || storage.scope() != parent) {
      return false;
    }
    add(storage);
    parent.letGo(storage);
    storage.moveTo(this);
    return true;
  }

  /** Hands all that was made in this block over to the enclosing scope, for those of whom nobody knows what they use. */
  public void keepAll() {
    for (OwnedStorage storage : storages) {
      if (storage.scope() == this && storage.isValid()) {
        handOver(storage);
      }
    }
    storages.clear();
  }

  /** Gives back what was made in this scope and not kept. */
  @Override
  public void close() {
    if (!open) {
      return;
    }
    if (memory.innermost != this || BORROWED.get() != memory) {
      throw new IllegalStateException("Scope.close: scopes close in reverse order, on the thread that opened them");
    }
    open = false;
    for (OwnedStorage storage : storages) {
      if (storage.scope() == this) {
        end(storage);
      }
    }
    storages.clear();
    memory.innermost = parent;
    memory.done();
  }

  private void end(OwnedStorage storage) {
    letGo(storage);
    if (block && storage.isRetained() && storage.isValid()) {
      if (halves != null && storage.toleratesRounding() && storage instanceof HeapStorage heap) {
        heap.narrow(halves);
      }
      passOn(storage);
    } else {
      storage.free();
    }
  }
}
