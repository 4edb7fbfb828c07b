package dev.hone.core.io;

import dev.hone.core.DType;
import dev.hone.core.Scope;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Writes tensors as safetensors: one file, or a model directory with shards and an index.
 *
 * {@snippet :
 * new SafetensorsWriter().metadata("format", "pt")
 *     .add("weight", weight, DType.BF16)
 *     .add("bias", bias)
 *     .write(Path.of("layer.safetensors"));
 * }
 *
 * <p>Elements go to the disk piece by piece: no copy of a tensor is made, and a tensor given as a supplier exists only while
 * it is written, so that a merged or converted model needs memory for one tensor at a time. Files appear whole or not at all
 * ({@link AtomicFile}). Within a file tensors are ordered as the Python library does, so that the same content
 * gives the same bytes.
 */
public final class SafetensorsWriter {
  /** The shard size that transformers uses: 50 GB. */
  public static final long DEFAULT_SHARD_BYTES = 50_000_000_000L;

  /** A tensor to write: what the header says of it, and where the elements come from. */
  record Item(String name, Shape shape, DType dtype, Supplier<Tensor> source, Runnable done) {
    long bytes() {
      return Math.multiplyExact(shape.size(), (long) dtype.bytes());
    }
  }

  private final Map<String, Item> items = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  /** A writer without tensors. */
  public SafetensorsWriter() {}

  /** Sets a string of the file's metadata; {@code format=pt} is what transformers wants to see. */
  public SafetensorsWriter metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /** Adds a tensor in the type that it has. */
  public SafetensorsWriter add(String name, Tensor tensor) {
    return add(name, tensor, tensor.dtype());
  }

  /** Adds a tensor to be stored as {@code dtype}: its own type, or for floats any float type, rounded to nearest even. */
  public SafetensorsWriter add(String name, Tensor tensor, DType dtype) {
    checkConversion(name, tensor.dtype(), dtype);
    return add(name, tensor.shape(), dtype, () -> tensor);
  }

  /**
   * Adds a tensor that is made when its turn comes and let go afterwards.
   *
   * @param source gives a tensor of this shape, and of this type or a float type if this type is one
   */
  public SafetensorsWriter add(String name, Shape shape, DType dtype, Supplier<Tensor> source) {
    return add(name, shape, dtype, source, () -> { });
  }

  /**
   * Adds a tensor that is made when its turn comes, inside a scope that ends when it is written.
   *
   * @param done run after that: it may let go what the tensor was made of
   */
  public SafetensorsWriter add(String name, Shape shape, DType dtype, Supplier<Tensor> source, Runnable done) {
    if (name.equals(SafetensorsHeader.METADATA)) {
      throw new IllegalArgumentException("a tensor cannot have the name " + SafetensorsHeader.METADATA
          + ", which the format uses");
    }
    if (items.putIfAbsent(name, new Item(name, shape, dtype, source, done)) != null) {
      throw new IllegalArgumentException("tensor " + TensorFileException.quote(name) + " is added twice");
    }
    return this;
  }

  /** Writes one file, replacing what is there. */
  public void write(Path file) throws IOException {
    try (AtomicFile target = AtomicFile.create(file)) {
      write(target, items.values());
      target.commit();
    }
  }

  /**
   * Writes {@code model.safetensors} into a directory, or shards of at most {@code maxShardBytes} with their index if that is
   * too small, and removes the weight files of an earlier model there. A tensor is never split: one that is larger
   * gets a shard of its own.
   */
  public void writeModel(Path directory, long maxShardBytes) throws IOException {
    new ModelDirectory(directory).write(items.values(), maxShardBytes, this::write);
  }

  /** Writes header and elements of some of the tensors. */
  private void write(AtomicFile file, Collection<Item> some) throws IOException {
    Item[] inOrder = HeaderWriter.ordered(some);
    byte[] header = HeaderWriter.header(inOrder, metadata);
    file.write(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, header.length));
    file.write(ByteBuffer.wrap(header));
    ElementWriter elements = new ElementWriter();
    for (Item item : inOrder) {
      try (Scope _ = Scope.open()) { // what is made for the file goes when it is written
        Tensor tensor = item.source.get();
        checkConversion(item.name, tensor.dtype(), item.dtype);
        if (!tensor.shape().equals(item.shape)) {
          throw new IllegalArgumentException("write tensor " + TensorFileException.quote(item.name) + ": announced as "
              + item.shape + ", its source gave " + tensor.shape());
        }
        elements.write(tensor, item.dtype, file);
      }
      item.done.run();
    }
  }

  private static void checkConversion(String name, DType from, DType to) {
    if (!ElementWriter.converts(from, to)) {
      throw new IllegalArgumentException("write tensor " + TensorFileException.quote(name) + ": " + from
          + " cannot be stored as " + to + "; only floats are converted, and only to floats");
    }
  }
}
