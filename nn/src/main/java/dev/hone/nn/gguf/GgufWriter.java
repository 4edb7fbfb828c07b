package dev.hone.nn.gguf;

import dev.hone.core.io.AtomicFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a file of metadata and tensors, which are asked for one by one. */
public final class GgufWriter {
  static final int MAGIC = 0x46554747; // "GGUF"
  static final int VERSION = 3;
  static final int ALIGNMENT = 32;
  static final int U32 = 4;
  static final int I32 = 5;
  static final int F32 = 6;
  static final int BOOL = 7;
  static final int STRING = 8;
  static final int ARRAY = 9;
  private static final int CHUNK = 1 << 20;

  private record Entry(String name, long[] dims, GgufType type, Numbers numbers) {
    long bytes() {
      return type.bytes(size());
    }

    long size() {
      long size = 1;
      for (long dim : dims) {
        size *= dim;
      }
      return size;
    }
  }

  /** The numbers of a tensor in row-major order, asked for some at a time. */
  public interface Numbers {
    /** Copies {@code count} of them from number {@code from} on to the beginning of an array. */
    void read(long from, int count, float[] target);

    /** All of them as the file is to have them, where they are stored in its type already; null if they are not. */
    default MemorySegment stored() {
      return null;
    }

    /** Called when they were written: what was read of a mapped file may go. */
    default void done() {}
  }

  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private final List<Entry> tensors = new ArrayList<>();

  /** An empty file. */
  public GgufWriter() {}

  /**
   * Adds metadata.
   *
   * @param value a String, Integer (unsigned, 32 bits), Float, Boolean, a list of strings, or an array of int or float
   */
  public GgufWriter put(String key, Object value) {
    metadata.put(key, value);
    return this;
  }

  /**
   * Adds a tensor.
   *
   * @param shape as usual, the fastest axis last
   * @param numbers asked for when they are written
   */
  public void tensor(String name, int[] shape, GgufType type, Numbers numbers) {
    if (name.getBytes(StandardCharsets.UTF_8).length > 63) {
      throw new IllegalArgumentException("GGUF: a name has at most 63 bytes: " + name);
    }
    long[] dims = new long[shape.length];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = shape[shape.length - 1 - i];
    }
    tensors.add(new Entry(name, dims, type, numbers));
  }

  /** Writes the file. */
  public void write(Path file) throws IOException {
    Bytes head = new Bytes();
    head.u32(MAGIC).u32(VERSION).u64(tensors.size()).u64(metadata.size());
    metadata.forEach((key, value) -> head.text(key).value(value));
    long offset = 0;
    for (Entry tensor : tensors) {
      head.text(tensor.name).u32(tensor.dims.length);
      for (long dim : tensor.dims) {
        head.u64(dim);
      }
      head.u32(tensor.type.id()).u64(offset);
      offset = aligned(offset + tensor.bytes());
    }
    try (AtomicFile out = AtomicFile.create(file)) {
      out.write(ByteBuffer.wrap(head.out.toByteArray()));
      pad(head.out.size(), out);
      float[] chunk = new float[CHUNK];
      for (Entry tensor : tensors) {
        write(tensor, chunk, out);
        pad(tensor.bytes(), out);
      }
      out.commit();
    }
  }

  private static void write(Entry tensor, float[] chunk, AtomicFile out) throws IOException {
    MemorySegment stored = tensor.numbers.stored();
    if (stored != null) {
      for (long at = 0; at < stored.byteSize(); at += CHUNK) {
        out.write(stored.asSlice(at, Math.min(CHUNK, stored.byteSize() - at)).asByteBuffer());
      }
    } else {
      ByteBuffer bytes = ByteBuffer.allocate((int) tensor.type.bytes(CHUNK)).order(ByteOrder.LITTLE_ENDIAN);
      long size = tensor.size();
      for (long from = 0; from < size; from += CHUNK) {
        int count = (int) Math.min(CHUNK, size - from);
        tensor.numbers.read(from, count, chunk);
        tensor.type.encode(chunk, count, bytes.clear());
        out.write(bytes.flip());
      }
    }
    tensor.numbers.done();
  }

  static long aligned(long at) {
    return (at + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static void pad(long size, AtomicFile out) throws IOException {
    out.write(ByteBuffer.allocate((int) (aligned(size) - size)));
  }

  /** Little-endian bytes. */
  private static final class Bytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Bytes u32(int value) {
      out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
      return this;
    }

    Bytes u64(long value) {
      out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
      return this;
    }

    Bytes text(String value) {
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      u64(bytes.length);
      out.writeBytes(bytes);
      return this;
    }

    void value(Object value) {
      switch (value) {
        case String text -> u32(STRING).text(text);
        case Integer number -> u32(U32).u32(number);
        case Float number -> u32(F32).u32(Float.floatToRawIntBits(number));
        case Boolean flag -> u32(BOOL).out.write(flag ? 1 : 0);
        case List<?> texts -> {
          u32(ARRAY).u32(STRING).u64(texts.size());
          texts.forEach(text -> text((String) text));
        }
        case int[] numbers -> {
          u32(ARRAY).u32(I32).u64(numbers.length);
          for (int number : numbers) {
            u32(number);
          }
        }
        case float[] numbers -> {
          u32(ARRAY).u32(F32).u64(numbers.length);
          for (float number : numbers) {
            u32(Float.floatToRawIntBits(number));
          }
        }
        default -> throw new IllegalArgumentException("GGUF: metadata of " + value.getClass());
      }
    }
  }
}
