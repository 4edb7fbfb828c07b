package dev.hone.core;

import dev.hone.core.memory.Codes;
import dev.hone.core.memory.DeviceBuffer;
import dev.hone.core.memory.DeviceCodes;
import dev.hone.core.memory.DeviceStorage;
import dev.hone.core.memory.HeapStorage;
import dev.hone.core.memory.OwnedStorage;
import dev.hone.core.memory.QuantizedStorage;
import dev.hone.core.memory.SegmentStorage;
import dev.hone.core.memory.Storage;
import dev.hone.core.memory.WeightLayout;
import dev.hone.core.parallel.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A contiguous, row-major array of numbers on a {@link Device}. Everything computed or trained is {@link DType#F32}, on the
 * CPU in a Java array; frozen weights may stay as their file has them ({@link #isReadOnly()}), widened where they are read.
 *
 * <p>{@link #reshape} and {@link #slice} are views: they share memory with the tensor they came from. A tensor is a plain
 * value holder; the operations are in the kernels, and with gradients in {@code dev.hone.autograd}. Not thread-safe for
 * writing.
 */
public final class Tensor {
  private static final int CONVERT_GRAIN = 1 << 16;

  private final Shape shape;
  private final DType dtype;
  private final Device device;
  private final Storage storage;
  private final long offset; // in elements, from the start of the storage

  private Tensor(Shape shape, DType dtype, Device device, Storage storage, long offset) {
    this.shape = shape;
    this.dtype = dtype;
    this.device = device;
    this.storage = storage;
    this.offset = offset;
  }

  /** A float tensor on the CPU with unspecified contents, for a kernel to write. */
  public static Tensor empty(Shape shape) {
    return empty(Device.CPU, shape);
  }

  /** A float tensor on the CPU with unspecified contents, for a kernel to write. */
  public static Tensor empty(int... dims) {
    return empty(Shape.of(dims));
  }

  /** A float tensor with unspecified contents, for a kernel to write. */
  public static Tensor empty(Device device, Shape shape) {
    return new Tensor(shape, DType.F32, device, Scope.allocate(device, shape), 0);
  }

  /** A float tensor on the device of this one, with unspecified contents: what an operator writes its result to. */
  public Tensor emptyLike(Shape other) {
    return empty(device, other);
  }

  /** A float tensor on the device of this one, with unspecified contents: what an operator writes its result to. */
  public Tensor emptyLike(int... dims) {
    return empty(device, Shape.of(dims));
  }

  /** A float tensor without axes, on the device of this one. */
  public Tensor scalarLike(float value) {
    return emptyLike().fill(value);
  }

  /**
   * A float tensor with unspecified contents that no scope gives back: its memory is the pool's again after {@link #release()},
   * or the garbage collector's after {@link #keep()}. For gradients, which outlive the pass that made them.
   */
  public static Tensor lasting(Device device, Shape shape) {
    Tensor tensor = new Tensor(shape, DType.F32, device, Scope.allocateLasting(device, shape), 0);
    tensor.retain();
    return tensor;
  }

  /** A float tensor of zeros that no scope owns: what lasts, such as weights, until it is garbage. */
  public static Tensor persistent(Device device, Shape shape) {
    return device == Device.CPU ? of(new float[shape.length()], shape.toArray())
        : new Tensor(shape, DType.F32, device, Scope.unowned(device, shape.length()), 0).fill(0);
  }

  /** A float tensor of zeros on the CPU. */
  public static Tensor zeros(Shape shape) {
    return empty(shape).fill(0);
  }

  /** A float tensor of zeros on the CPU. */
  public static Tensor zeros(int... dims) {
    return zeros(Shape.of(dims));
  }

  /** A float tensor of one value on the CPU. */
  public static Tensor full(float value, int... dims) {
    return empty(dims).fill(value);
  }

  /** A float tensor without axes on the CPU. */
  public static Tensor scalar(float value) {
    return empty().fill(value);
  }

  /** A float tensor around {@code data}, which is not copied and never given to a pool. */
  public static Tensor of(float[] data, int... dims) {
    Shape shape = Shape.of(dims);
    if (shape.size() != data.length) {
      throw new ShapeException("Tensor.of: shape " + shape + " has " + shape.size() + " elements, the array " + data.length);
    }
    return new Tensor(shape, DType.F32, Device.CPU, new HeapStorage(data), 0);
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
    return new Tensor(shape, dtype, Device.CPU, new SegmentStorage(segment.asSlice(0, bytes)), 0);
  }

  /** A tensor that stands for quantised numbers, which are not copied: what {@code Quantized.tensor} makes. */
  @SuppressWarnings("exports")
  public static Tensor of(Codes codes, DType dtype, Shape shape) {
    if (codes.size() != shape.size()) {
      throw new ShapeException("Tensor.of: " + codes.size() + " quantised numbers are not the elements of " + shape);
    }
    return new Tensor(shape, dtype, Device.CPU, new QuantizedStorage(codes), 0);
  }

  /** The sizes of the axes. */
  public Shape shape() {
    return shape;
  }

  /** The type of the elements as they are stored. */
  public DType dtype() {
    return dtype;
  }

  /** Where the elements lie. */
  public Device device() {
    return device;
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
    return switch (storage) {
      case QuantizedStorage store -> store.codes().bytes();
      case DeviceCodes codes -> codes.bytes();
      default -> size() * dtype.bytes();
    };
  }

  /** Whether the elements are stored as codes with shared scales. */
  public boolean isQuantized() {
    return storage instanceof QuantizedStorage || storage instanceof DeviceCodes;
  }

  /** What a quantised tensor stands for, in which its first element is number {@link #offset()}; see {@code Quantized.in}. */
  @SuppressWarnings("exports")
  public Codes codes() {
    if (!(storage instanceof QuantizedStorage store)) {
      throw new IllegalStateException("tensor " + this + (isQuantized() ? onOther() : " is not quantised"));
    }
    return store.codes();
  }

  /** Whether the elements stay as a file or a quantiser has made them: frozen weights. All else is F32 that kernels may write. */
  public boolean isReadOnly() {
    return dtype != DType.F32 || !(storage instanceof OwnedStorage);
  }

  /**
   * The Java array of a writable tensor on the CPU, for kernels; everybody else asks {@link #onHost}. The first element is at
   * {@link #offset()}; before it and behind the last one may lie other tensors. Array and index are valid until the tensor is
   * kept or its memory given back.
   */
  public float[] array() {
    if (!(storage instanceof HeapStorage heap)) {
      throw new IllegalStateException("tensor " + this
          + (device != Device.CPU ? onOther() : " is stored outside the heap; use toF32() to compute with it"));
    }
    heap.checkValid(shape);
    return heap.array();
  }

  private String onOther() {
    return " is where the CPU does not compute; move it with to(Device.CPU)";
  }

  /** The memory of a tensor on a device other than the CPU that is not quantised, for the kernels of that device. */
  @SuppressWarnings("exports")
  public DeviceBuffer buffer() {
    if (!(storage instanceof DeviceStorage memory)) {
      throw new IllegalStateException("tensor " + dtype + " " + shape + " on the device " + device + " has no buffer of its own");
    }
    memory.checkValid(shape);
    return memory.buffer();
  }

  /** The codes of a quantised tensor on a device other than the CPU, for its kernels; its first is number {@link #offset()}. */
  @SuppressWarnings("exports")
  public DeviceCodes deviceCodes() {
    return (DeviceCodes) storage;
  }

  /** Index of the first element in {@link #array()}, {@link #buffer()} or {@link #codes()}. */
  public int offset() {
    return storage instanceof HeapStorage heap ? heap.base() + (int) offset : Math.toIntExact(offset);
  }

  /** The bytes of a read-only tensor on the CPU that is not quantised, exactly its elements. */
  public MemorySegment segment() {
    if (!(storage instanceof SegmentStorage memory)) {
      throw new IllegalStateException("tensor " + this + (device != Device.CPU ? onOther()
          : isQuantized() ? " is quantised; use codes()" : " is in a Java array; use onHost()"));
    }
    return memory.segment().asSlice(offset * dtype.bytes(), bytes());
  }

  /** The place for another form of these numbers; null if they may change, and for a part of a stored tensor. */
  @SuppressWarnings("exports")
  public WeightLayout.Slot layout() {
    return storage.layout(size(), bytes());
  }

  /** These elements on another device, as they are stored: this tensor if it is there, else a copy. */
  public Tensor to(Device target) {
    if (target == device) {
      return this;
    }
    if (dtype == DType.F32) {
      return empty(target, shape).copyFrom(this);
    }
    if (isQuantized()) { // a view moves with the whole: blocks may begin before it
      Codes source = storage instanceof DeviceCodes codes ? codes.onHost() : codes();
      Storage moved = target == Device.CPU ? new QuantizedStorage(source) : DeviceCodes.of(source, target.memory());
      return new Tensor(shape, dtype, target, moved, offset);
    }
    MemorySegment bytes = hostBytes(0, shape.length());
    return target == Device.CPU ? of(bytes, dtype, shape)
        : new Tensor(shape, dtype, target, DeviceStorage.of(bytes, target.memory()), 0);
  }

  /** The bytes of elements that are not quantised: those of a mapped file, or a copy. */
  private MemorySegment hostBytes(long from, int count) {
    long size = dtype.bytes();
    if (storage instanceof SegmentStorage memory) {
      return memory.segment().asSlice((offset + from) * size, count * size);
    }
    MemorySegment bytes = Arena.ofAuto().allocate(Math.max(1, count * size), Long.BYTES).asSlice(0, count * size);
    buffer().read((offset + from) * size, bytes);
    return bytes;
  }

  /**
   * The numbers in a Java array: on the CPU that of this tensor itself, at no cost, else a copy, which is written back when the
   * result is closed. A read-only tensor can only be read.
   */
  public HostArray onHost(HostArray.Access access) {
    int length = shape.length();
    if (storage instanceof HeapStorage) {
      return new HostArray(array(), offset(), length, null);
    }
    if (access == HostArray.Access.READ) {
      return new HostArray(toFloatArray(), 0, length, null);
    }
    checkWritable();
    return new HostArray(access == HostArray.Access.WRITE ? new float[length] : toFloatArray(), 0, length, this);
  }

  /** These elements under another shape, which may have one size of -1: whatever is left. A view. */
  public Tensor reshape(int... dims) {
    return reshape(Shape.filledBy(size(), dims));
  }

  /** These elements under a shape of the same size. A view. */
  public Tensor reshape(Shape other) {
    if (other.size() != size()) {
      throw new ShapeException("reshape: " + shape + " has " + size() + " elements, " + other + " has " + other.size());
    }
    return other.equals(shape) ? this : new Tensor(other, dtype, device, storage, offset);
  }

  /** Rows {@code from} (inclusive) to {@code to} (exclusive) of the first axis. A view. */
  public Tensor slice(int from, int to) {
    if (from < 0 || to < from || to > shape.dim(0)) {
      throw new ShapeException("slice: [" + from + ", " + to + ") of " + shape);
    }
    return new Tensor(shape.with(0, to - from), dtype, device, storage, offset + from * (size() / Math.max(1, shape.dim(0))));
  }

  /** Sets every element; returns this. */
  public Tensor fill(float value) {
    if (device == Device.CPU) {
      Arrays.fill(array(), offset(), offset() + shape.length(), value);
    } else {
      writable().fill(offset * Float.BYTES, shape.length(), value);
    }
    return this;
  }

  private DeviceBuffer writable() {
    checkWritable();
    return buffer();
  }

  private void checkWritable() {
    if (isReadOnly()) {
      throw new IllegalStateException("tensor " + dtype + " " + shape + " is read-only: its numbers stay as they are stored; "
          + "toF32() gives a copy to write");
    }
  }

  /** Copies the elements of a tensor of the same shape, any type and any device into this one; returns this. */
  public Tensor copyFrom(Tensor source) {
    if (!source.shape.equals(shape)) {
      throw new ShapeException("copyFrom: target " + shape + ", source " + source.shape);
    }
    int length = shape.length();
    if (device == Device.CPU) {
      float[] target = array();
      if (source.storage instanceof OwnedStorage) {
        source.read(0, length, target, offset());
      } else {
        Workers.ranges(length, CONVERT_GRAIN, (from, to) -> source.read(from, to - from, target, offset() + from));
      }
    } else if (source.device == device && !source.isReadOnly()) {
      writable().copy(offset * Float.BYTES, source.buffer(), source.offset * Float.BYTES, length * (long) Float.BYTES);
    } else {
      try (HostArray numbers = source.onHost(HostArray.Access.READ)) {
        writable().write(offset * Float.BYTES, StoredElements.of(numbers.array(), numbers.offset(), length));
      }
    }
    return this;
  }

  /** Copies {@code count} elements from number {@code from} on, in row-major order, to an array. */
  public void read(long from, int count, float[] target, int at) {
    switch (storage) {
      case HeapStorage _ -> System.arraycopy(array(), offset() + (int) from, target, at, count);
      case QuantizedStorage store -> store.codes().read(offset + from, count, target, at);
      case DeviceCodes codes -> codes.onHost().read(offset + from, count, target, at);
      case SegmentStorage memory -> StoredElements.widen(memory.segment(), dtype, offset + from, target, at, count);
      case DeviceStorage _ when dtype == DType.F32 -> buffer().read(4 * (offset + from), StoredElements.of(target, at, count));
      case DeviceStorage _ -> StoredElements.widen(hostBytes(from, count), dtype, 0, target, at, count);
    }
  }

  /** A float tensor on the same device that kernels may write: this one if it is such a tensor, else a converted copy. */
  public Tensor toF32() {
    return isReadOnly() ? emptyLike(shape).copyFrom(this) : this;
  }

  /** A float copy in memory of its own, on the same device. */
  public Tensor copy() {
    return emptyLike(shape).copyFrom(this);
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
    if (storage instanceof HeapStorage) {
      return array()[offset() + (int) index];
    }
    float[] one = new float[1];
    read(index, 1, one, 0);
    return one[0];
  }

  /** The elements of an integer or boolean tensor as longs. */
  public long[] toLongArray() {
    if (dtype.isFloat() || isQuantized()) {
      throw new IllegalStateException("toLongArray: tensor " + this + " holds floating point numbers");
    }
    return StoredElements.integers(hostBytes(0, shape.length()), dtype, shape.length());
  }

  /**
   * Moves this tensor's memory (and that of its views) out of the scope it was made in and out of that scope's blocks, to the
   * enclosing scope or the garbage collector, and makes it last there whatever {@link #release()} says; returns this.
   */
  public Tensor keep() {
    if (storage instanceof OwnedStorage owned) {
      owned.checkValid(shape);
      Scope.keep(owned);
      owned.pin();
    }
    return this;
  }

  /**
   * Moves this tensor's memory from the innermost open scope to the enclosing one, where {@link #release()} still gives it
   * back; memory of outer scopes stays where it is. For the results of blocks; returns this.
   */
  public Tensor moveOut() {
    if (storage instanceof OwnedStorage owned) {
      owned.checkValid(shape);
      Scope.moveOut(owned);
    }
    return this;
  }

  /** Moves memory of the enclosing scope into a block, with which it ends unless somebody retains it. False if it cannot. */
  public boolean moveInto(Scope block) {
    return storage instanceof OwnedStorage owned && block.takeOver(owned);
  }

  /** Takes this memory, which nobody else may use, from its scope, as if {@link #lasting} had made it; false if none owns it. */
  public boolean outlast() {
    if (!(storage instanceof OwnedStorage owned) || !Scope.outlast(owned)) {
      return false;
    }
    owned.retain();
    return true;
  }

  /** Counts one more user of this memory, who will call {@link #release()}. For operators; users need neither. */
  public void retain() {
    if (storage instanceof OwnedStorage owned) {
      owned.retain();
    }
  }

  /** Whether somebody has retained this memory. */
  public boolean isRetained() {
    return storage instanceof OwnedStorage owned && owned.isRetained();
  }

  /** Whether this memory is still there: neither was it given back nor has its scope closed. */
  public boolean isValid() {
    return !(storage instanceof OwnedStorage owned) || owned.isValid();
  }

  /**
   * One user is done with this memory. After the last one it goes back to its scope's pool at once, not at the scope's end;
   * memory that no scope owns is left to the garbage collector.
   */
  public void release() {
    if (storage instanceof OwnedStorage owned) {
      owned.release();
    }
  }

  /** Counts one more or one fewer of those users whom numbers rounded to BF16 serve as well, see {@link Scope#block}. */
  public void tolerateRounding(int change) {
    if (storage instanceof OwnedStorage owned) {
      owned.tolerate(change);
    }
  }

  /** Whether both lie in the same memory. */
  public boolean sharesMemory(Tensor other) {
    return storage == other.storage;
  }

  /** Type and shape, and the values if they are few. */
  @Override
  public String toString() {
    String head = dtype + " " + shape + (device == Device.CPU ? "" : " on " + device);
    boolean silent = size() > 8 || storage instanceof OwnedStorage owned && !owned.isValid();
    return silent ? head : head + " " + Arrays.toString(toFloatArray());
  }
}
