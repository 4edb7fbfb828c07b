package dev.hone.core.memory;

import java.util.ArrayDeque;

/**
 * Float arrays for reuse by one thread. Arrays come in four sizes per power of two, so that batches of changing length
 * find each other's arrays; at most a fifth of an array lies idle.
 *
 * <p>Implementation note: fresh arrays cost page faults, zeroing and collections; with a pool a training step
 * allocates nothing. What lies in the pool is bounded: when a new array has to be made, idle arrays of other sizes are
 * dropped as long as live and idle arrays together would exceed one and a half times the most that was ever live.
 */
public final class ArrayPool {
  /** Arrays shorter than this are not pooled: they cost the collector nothing. */
  public static final int SMALLEST = 256;

  @SuppressWarnings({"unchecked", "rawtypes"})
  private final ArrayDeque<float[]>[] idle = new ArrayDeque[32 * 4];

  private long idleFloats;
  private long liveFloats;
  private long mostLiveFloats;

  /** An array of at least {@code length} floats with unspecified contents. */
  public float[] take(int length) {
    if (length < SMALLEST) {
      return new float[length];
    }
    int sizeClass = sizeClass(length);
    ArrayDeque<float[]> list = idle[sizeClass];
    float[] array = list == null ? null : list.pollLast(); // the last one put is the one still in the cache
    if (array == null) {
      int size = sizeOf(sizeClass);
      makeRoom(size);
      array = allocate(size);
    } else {
      idleFloats -= array.length;
    }
    liveFloats += array.length;
    mostLiveFloats = Math.max(mostLiveFloats, liveFloats);
    return array;
  }

  /** Takes an array back. */
  public void put(float[] array) {
    if (array.length < SMALLEST) {
      return;
    }
    int sizeClass = sizeClass(array.length);
    if (idle[sizeClass] == null) {
      idle[sizeClass] = new ArrayDeque<>();
    }
    idle[sizeClass].addLast(array);
    idleFloats += array.length;
    liveFloats -= array.length;
  }

  /** An array left the pool for good: a tensor was kept. */
  public void forget(float[] array) {
    if (array.length >= SMALLEST) {
      liveFloats -= array.length;
    }
  }

  /** Drops all idle arrays. */
  public void trim() {
    for (ArrayDeque<float[]> list : idle) {
      if (list != null) {
        list.clear();
      }
    }
    idleFloats = 0;
    mostLiveFloats = liveFloats;
  }

  /** Bytes of the arrays in use. */
  public long liveBytes() {
    return liveFloats * Float.BYTES;
  }

  /** Bytes of the arrays that wait for reuse. */
  public long idleBytes() {
    return idleFloats * Float.BYTES;
  }

  private void makeRoom(int size) {
    long bound = Math.max(mostLiveFloats, liveFloats + size) * 3 / 2;
    for (int i = idle.length - 1; i >= 0 && liveFloats + idleFloats + size > bound; i--) {
      while (idle[i] != null && !idle[i].isEmpty() && liveFloats + idleFloats + size > bound) {
        idleFloats -= idle[i].pollFirst().length;
      }
    }
  }

  private float[] allocate(int size) {
    try {
      return new float[size];
    } catch (OutOfMemoryError e) {
      trim();
      return new float[size]; // a second failure is reported by the caller, who knows the shape
    }
  }

  /** Index of the smallest size that holds {@code length}: sizes are (4 + q) · 2^e with q from 0 to 3. */
  private static int sizeClass(int length) {
    int exponent = 31 - Integer.numberOfLeadingZeros(length) - 2;
    int quarters = (length + (1 << exponent) - 1) >>> exponent; // 4 to 8
    return quarters == 8 ? (exponent + 1) * 4 : exponent * 4 + quarters - 4;
  }

  private static int sizeOf(int sizeClass) {
    long size = (4L + (sizeClass & 3)) << (sizeClass >> 2);
    return (int) Math.min(size, Integer.MAX_VALUE - 8);
  }
}
