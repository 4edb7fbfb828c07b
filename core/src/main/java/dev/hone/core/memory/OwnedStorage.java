package dev.hone.core.memory;

/**
 * Float elements that can be written, in the memory of whatever device: they belong to the garbage collector or to a scope,
 * which gives the memory back when it closes, or before when the last user releases it.
 */
public abstract sealed class OwnedStorage implements Storage permits HeapStorage, DeviceStorage {
  private Object scope; // the scope that will give the memory back
  private int users;
  private int tolerant; // of the users: whom rounded numbers serve as well

  OwnedStorage(Object scope) {
    this.scope = scope;
  }

  /** The scope that owns this storage, or null. */
  public final Object scope() {
    return scope;
  }

  /** Whether the memory is still there. */
  public abstract boolean isValid();

  /** Hands this storage to another scope, or to the garbage collector if {@code newScope} is null. */
  public final void moveTo(Object newScope) {
    scope = newScope;
    if (newScope == null) {
      leaveToCollector();
    }
  }

  /** Hands this storage to an owner that is no scope: it lasts until it is released, or garbage. */
  public final void outlast(Object owner) {
    scope = owner;
    outlastScopes();
  }

  /** No number of releases gives this memory back before its scope closes. */
  public final void pin() {
    users = Integer.MAX_VALUE / 2;
  }

  /** Counts one more user that will call {@link #release}. */
  public final void retain() {
    users++;
  }

  /** Whether somebody uses this memory who will call {@link #release}. */
  public final boolean isRetained() {
    return users > 0;
  }

  /** One user fewer, who leaves the memory where it is. */
  public final void leave() {
    users--;
  }

  /** Counts one more or one fewer of the users whom numbers rounded to BF16 serve as well. */
  public final void tolerate(int change) {
    tolerant += change;
  }

  /** Whether there are users and rounded numbers serve all of them. */
  public final boolean toleratesRounding() {
    return users > 0 && users == tolerant;
  }

  /** One user is done; after the last one the memory goes back to where it came from. */
  public final void release() {
    if (--users <= 0) {
      free();
    }
  }

  /** Gives the memory back now. Nothing happens if the garbage collector owns it. */
  public final void free() {
    if (scope != null && isValid()) {
      giveBack();
    }
  }

  /** What is shared with others must become the collector's alone. */
  abstract void leaveToCollector();

  /** No scope will give this back any more. */
  abstract void outlastScopes();

  abstract void giveBack();

  /** Fails if the memory was given back; {@code shape} of the tensor that is used is for the message. */
  public final void checkValid(Object shape) {
    if (!isValid()) {
      throw new IllegalStateException("tensor " + shape + " is used after its memory was given back: its Scope closed, or "
          + "backward() had no more need of it; keep() it while it is valid");
    }
  }
}
