package dev.hone.core;

import dev.hone.core.memory.HeapStorage;
import dev.hone.core.memory.QuantizedStorage;
import dev.hone.core.memory.SegmentStorage;
import dev.hone.core.memory.Storage;
import dev.hone.core.parallel.Workers;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A contiguous, row-major array of numbers. Everything computed or trained is {@link DType#F32} in a Java array; frozen
 * weights may stay as their file has them ({@link #isHeap()} is false) and are widened where a kernel reads them.
 *
 * <p>{@link #reshape} and {@link #slice} are views: they share memory with the tensor they came from. A tensor is a plain
 * value holder; the operations are in the kernels, and with gradients in {@code dev.hone.autograd}. Not thread-safe for
 * writing.
 */
public final class Tensor {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int CONVERT_GRAIN = 1 << 16;

  private final Shape shape;
  private final DType dtype;
  private final Storage storage;
  private final long offset; // in elements, from the start of the storage

  private Tensor(Shape shape, DType dtype, Storage storage, long offset) {
    this.shape = shape;
    this.dtype = dtype;
    this.storage = storage;
    this.offset = offset;
  }

  /** A float tensor with unspecified contents, for a kernel to write. */
  public static Tensor empty(Shape shape) {
    try {
      return new Tensor(shape, DType.F32, Scope.allocate(shape.length()), 0);
    } catch (OutOfMemoryError e) {
      throw new OutOfMemory("tensor " + shape, shape.size() * Float.BYTES, e);
    }
  }

  /** A float tensor with unspecified contents, for a kernel to write. */
  public static Tensor empty(int... dims) {
    return empty(Shape.of(dims));
  }

  /**
   * A float tensor with unspecified contents that no scope gives back: its memory is the pool's again after {@link #release()},
   * or the garbage collector's after {@link #keep()}. For gradients, which outlive the pass that made them.
   */
  public static Tensor lasting(Shape shape) {
    try {
      Tensor tensor = new Tensor(shape, DType.F32, Scope.allocateLasting(shape.length()), 0);
      tensor.retain();
      return tensor;
    } catch (OutOfMemoryError e) {
      throw new OutOfMemory("tensor " + shape, shape.size() * Float.BYTES, e);
    }
  }

  /** A float tensor of zeros. */
  public static Tensor zeros(Shape shape) {
    return empty(shape).fill(0);
  }

  /** A float tensor of zeros. */
  public static Tensor zeros(int... dims) {
    return zeros(Shape.of(dims));
  }

  /** A float tensor of one value. */
  public static Tensor full(float value, int... dims) {
    return empty(dims).fill(value);
  }

  /** A float tensor without axes. */
  public static Tensor scalar(float value) {
    return empty().fill(value);
  }

  /** A float tensor around {@code data}, which is not copied and never given to a pool. */
  public static Tensor of(float[] data, int... dims) {
    Shape shape = Shape.of(dims);
    if (shape.size() != data.length) {
      throw new ShapeException("Tensor.of: shape " + shape + " has " + shape.size() + " elements, the array " + data.length);
    }
    return new Tensor(shape, DType.F32, new HeapStorage(data), 0);
  }

  /**
   * A tensor over the bytes of a segment, little-endian, which are not copied.
   *
   * @param segment at least the bytes of the elements; the tensor keeps it alive
   */
  public static Tensor of(MemorySegment segment, DType dtype, Shape shape) {
    long bytes = Math.multiplyExact(shape.size(), (long) dtype.bytes());
    if (segment.byteSize() < bytes) {
      throw new ShapeException("Tensor.of: " + dtype + " " + shape + " needs " + bytes + " bytes, the segment has "
          + segment.byteSize());
    }
    return new Tensor(shape, dtype, new SegmentStorage(segment.asSlice(0, bytes)), 0);
  }

  /** A tensor that stands for quantised numbers, which are not copied: a frozen weight. */
  public static Tensor of(Quantized quantized, Shape shape) {
    if (quantized.size() != shape.size()) {
      throw new ShapeException("Tensor.of: " + shape + " has " + shape.size() + " elements, the quantised numbers are "
          + quantized.size());
    }
    return new Tensor(shape, quantized.type(), new QuantizedStorage(quantized), 0);
  }

  /** The sizes of the axes. */
  public Shape shape() {
    return shape;
  }

  /** The type of the elements as they are stored. */
  public DType dtype() {
    return dtype;
  }

  /** Number of elements. */
  public long size() {
    return shape.size();
  }

  /** Size of an axis; negative axes count from the end. */
  public int dim(int axis) {
    return shape.dim(axis);
  }

  /** Bytes of the elements as they are stored; of a view of quantised ones, those of the whole. */
  public long bytes() {
    return storage instanceof QuantizedStorage store ? store.quantized().bytes() : size() * dtype.bytes();
  }

  /** Whether the elements are stored as codes with shared scales: {@link #quantized()}. */
  public boolean isQuantized() {
    return storage instanceof QuantizedStorage;
  }

  /** The codes and scales of a quantised tensor, in which its first element is number {@link #offset()}. */
  public Quantized quantized() {
    if (!(storage instanceof QuantizedStorage store)) {
      throw new IllegalStateException("tensor " + this + " is not quantised");
    }
    return store.quantized();
  }

  /** Whether this is a float tensor in a Java array: what kernels can write and compute with directly. */
  public boolean isHeap() {
    return storage instanceof HeapStorage;
  }

  /**
   * The Java array of a heap tensor. The first element is at {@link #offset()}; before it and behind the last one may lie
   * other tensors. Array and index are valid until the tensor is kept or its memory given back.
   */
  public float[] array() {
    if (!(storage instanceof HeapStorage heap)) {
      throw new IllegalStateException("tensor " + this + " is stored outside the heap; use toF32() to compute with it");
    }
    float[] array = heap.array();
    if (array == null) {
      throw new IllegalStateException("tensor " + shape + " is used after its memory was given back: its Scope closed, or "
          + "backward() had no more need of it; keep() it while it is valid");
    }
    return array;
  }

  /** Index of the first element in {@link #array()}, or in {@link #quantized()}. */
  public int offset() {
    return storage instanceof HeapStorage heap ? heap.base() + (int) offset : (int) offset;
  }

  /** The bytes of a tensor that is not in a Java array, exactly its elements. */
  public MemorySegment segment() {
    if (!(storage instanceof SegmentStorage memory)) {
      throw new IllegalStateException("tensor " + this + (isHeap() ? " is in a Java array; use array()"
          : " is quantised; use quantized()"));
    }
    return memory.segment().asSlice(offset * dtype.bytes(), bytes());
  }

  /** The same elements under another shape, which may have one size of -1: whatever is left. A view. */
  public Tensor reshape(int... dims) {
    int[] sizes = dims.clone();
    int open = -1;
    long known = 1;
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] != -1) {
        known *= sizes[i];
      } else if (open >= 0) {
        throw new ShapeException("reshape: " + Arrays.toString(dims) + " has more than one -1");
      } else {
        open = i;
      }
    }
    if (open >= 0 && known > 0) {
      sizes[open] = (int) (size() / known);
    }
    return reshape(Shape.of(sizes));
  }

  /** The same elements under another shape. A view. */
  public Tensor reshape(Shape other) {
    if (other.size() != size()) {
      throw new ShapeException("reshape: " + shape + " has " + size() + " elements, " + other + " has " + other.size());
    }
    return other.equals(shape) ? this : new Tensor(other, dtype, storage, offset);
  }

  /** Rows {@code from} (inclusive) to {@code to} (exclusive) of the first axis. A view. */
  public Tensor slice(int from, int to) {
    if (from < 0 || to < from || to > shape.dim(0)) {
      throw new ShapeException("slice: [" + from + ", " + to + ") of " + shape);
    }
    long row = shape.dim(0) == 0 ? 0 : size() / shape.dim(0);
    return new Tensor(shape.with(0, to - from), dtype, storage, offset + from * row);
  }

  /** Sets every element; returns this. */
  public Tensor fill(float value) {
    Arrays.fill(array(), offset(), offset() + shape.length(), value);
    return this;
  }

  /** Copies the elements of a tensor of the same shape and any type into this one; returns this. */
  public Tensor copyFrom(Tensor source) {
    if (!source.shape.equals(shape)) {
      throw new ShapeException("copyFrom: target " + shape + ", source " + source.shape);
    }
    float[] target = array();
    int length = shape.length();
    if (source.isHeap()) {
      System.arraycopy(source.array(), source.offset(), target, offset(), length);
    } else {
      Workers.ranges(length, CONVERT_GRAIN, (from, to) -> source.widen(from, to, target, offset() + from));
    }
    return this;
  }

  /** Copies {@code count} elements from number {@code from} on, in row-major order, to an array. */
  public void read(long from, int count, float[] target, int at) {
    if (isHeap()) {
      System.arraycopy(array(), offset() + (int) from, target, at, count);
    } else {
      widen(from, from + count, target, at);
    }
  }

  /** A float tensor in a Java array with these values: this one if it is such a tensor, else a converted copy. */
  public Tensor toF32() {
    return isHeap() ? this : empty(shape).copyFrom(this);
  }

  /** A float copy in memory of its own. */
  public Tensor copy() {
    return empty(shape).copyFrom(this);
  }

  /** The elements as a new array. */
  public float[] toFloatArray() {
    float[] values = new float[shape.length()];
    read(0, values.length, values, 0);
    return values;
  }

  /** The one element of a tensor that has just one. */
  public float item() {
    if (size() != 1) {
      throw new ShapeException("item: " + shape + " has " + size() + " elements, not one");
    }
    return get(0);
  }

  /** Element {@code index} in row-major order. */
  public float get(long index) {
    if (isHeap()) {
      return array()[offset() + (int) index];
    }
    float[] one = new float[1];
    widen(index, index + 1, one, 0);
    return one[0];
  }

  /** Widens elements {@code from} to {@code to} of a tensor outside the heap into {@code target}. */
  private void widen(long from, long to, float[] target, int at) {
    if (storage instanceof QuantizedStorage store) {
      store.quantized().read(offset + from, (int) (to - from), target, at);
      return;
    }
    MemorySegment bytes = ((SegmentStorage) storage).segment();
    long base = offset + from;
    int count = (int) (to - from);
    switch (dtype) {
      case F32 -> MemorySegment.copy(bytes, F32, base * 4, target, at, count);
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = Float.intBitsToFloat(bytes.get(I16, (base + i) * 2) << 16);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = Float.float16ToFloat(bytes.get(I16, (base + i) * 2));
        }
      }
      case F64 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = (float) bytes.get(F64, (base + i) * 8);
        }
      }
      default -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = integer(bytes, base + i);
        }
      }
    }
  }

  /** The elements of an integer or boolean tensor as longs. */
  public long[] toLongArray() {
    if (dtype.isFloat() || isQuantized()) {
      throw new IllegalStateException("toLongArray: tensor " + this + " holds floating point numbers");
    }
    MemorySegment bytes = ((SegmentStorage) storage).segment();
    long[] values = new long[shape.length()];
    for (int i = 0; i < values.length; i++) {
      values[i] = integer(bytes, offset + i);
    }
    return values;
  }

  private long integer(MemorySegment bytes, long index) {
    return switch (dtype) {
      case I64 -> bytes.get(I64, index * 8);
      case I32 -> bytes.get(I32, index * 4);
      case I16 -> bytes.get(I16, index * 2);
      case I8 -> bytes.get(ValueLayout.JAVA_BYTE, index);
      case U8, BOOL -> bytes.get(ValueLayout.JAVA_BYTE, index) & 0xFF;
      default -> throw new AssertionError(dtype);
    };
  }

  /**
   * Moves this tensor's memory (and that of its views) out of the scope it was made in, to the enclosing scope or the
   * garbage collector, and makes it last there whatever {@link #release()} says; returns this.
   */
  public Tensor keep() {
    if (storage instanceof HeapStorage heap) {
      array(); // throws if it is too late
      Scope.moveOut(heap);
      heap.pin();
    }
    return this;
  }

  /**
   * Moves this tensor's memory from the innermost open scope to the enclosing one, where {@link #release()} still gives it
   * back; memory of outer scopes stays where it is. For operators that open a scope; returns this.
   */
  public Tensor moveOut() {
    if (storage instanceof HeapStorage heap) {
      array(); // throws if it is too late
      if (Scope.isCurrent(heap)) {
        Scope.moveOut(heap);
      }
    }
    return this;
  }

  /**
   * Takes this tensor's memory, which nobody else may use, from its scope, as if {@link #lasting} had made it. False, and
   * nothing happens, if no scope owns it.
   */
  public boolean outlast() {
    if (!(storage instanceof HeapStorage heap) || !Scope.outlast(heap)) {
      return false;
    }
    heap.retain();
    return true;
  }

  /** Counts one more user of this memory, who will call {@link #release()}. For operators; users need neither. */
  public void retain() {
    if (storage instanceof HeapStorage heap) {
      heap.retain();
    }
  }

  /**
   * One user is done with this memory. After the last one it goes back to its scope's pool at once, not at the scope's end;
   * memory that no scope owns is left to the garbage collector.
   */
  public void release() {
    if (storage instanceof HeapStorage heap) {
      heap.release();
    }
  }

  /** Whether this tensor and another lie in the same memory. */
  public boolean sharesMemory(Tensor other) {
    return storage == other.storage;
  }

  /** Type and shape, and the values if they are few. */
  @Override
  public String toString() {
    String head = dtype + " " + shape;
    return size() > 8 || isHeap() && ((HeapStorage) storage).array() == null ? head : head + " " + Arrays.toString(toFloatArray());
  }
}
