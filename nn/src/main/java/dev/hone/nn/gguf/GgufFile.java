package dev.hone.nn.gguf;

import dev.hone.core.Tensor;
import dev.hone.core.io.TensorFileException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A file over its mapped bytes. Lengths, counts and offsets are checked before they are used. */
public final class GgufFile {
  private static final int MAX_AXES = 4;
  private static final int MAX_PARTS = 10_000_000; // entries and elements of metadata together
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** A tensor; the fastest axis last. */
  public record Entry(String name, int[] shape, GgufType type, long offset, long bytes) {}

  private final Path file;
  private final MemorySegment all;
  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private final Map<String, Entry> tensors = new LinkedHashMap<>();
  private long at;
  private int parts;

  private GgufFile(Path file, MemorySegment all) {
    this.file = file;
    this.all = all;
  }

  /**
   * Opens a file.
   *
   * @throws TensorFileException if it is none of this format, version 3, or holds what is not read
   */
  public static GgufFile open(Path file) throws IOException {
    return open(file, Arena.ofAuto());
  }

  /**
   * Opens a file in an arena, whose end unmaps it: tensors used afterwards throw.
   *
   * @throws TensorFileException if it is none of this format, version 3, or holds what is not read
   */
  public static GgufFile open(Path file, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      GgufFile gguf = new GgufFile(file, channel.map(MapMode.READ_ONLY, 0, channel.size(), arena));
      gguf.read();
      return gguf;
    } catch (ClosedByInterruptException e) {
      throw new TensorFileException(file + ": the thread was interrupted while it opened the file", e);
    }
  }

  /** Metadata by key: String, Number, Boolean, or a list of them. */
  public Map<String, Object> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** Tensors by name. */
  public Map<String, Entry> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /**
   * A tensor over the mapped bytes.
   *
   * @throws TensorFileException if there is none of this name
   */
  public Tensor tensor(String name) throws TensorFileException {
    Entry entry = tensors.get(name);
    if (entry == null) {
      throw error("there is no tensor " + TensorFileException.quote(name));
    }
    return entry.type.tensor(bytes(entry), entry.shape);
  }

  /** The bytes of a tensor. */
  MemorySegment bytes(Entry entry) {
    return all.asSlice(entry.offset, entry.bytes);
  }

  /** The numbers of a tensor. */
  public float[] values(String name) throws TensorFileException {
    return tensor(name).toFloatArray();
  }

  /** The file. */
  Path path() {
    return file;
  }

  private TensorFileException error(String what) {
    return new TensorFileException(file + ": not a valid GGUF file: " + what);
  }

  private void read() throws TensorFileException {
    if (all.byteSize() < 24 || u32() != GgufWriter.MAGIC) {
      throw error("it does not begin with GGUF");
    }
    int version = u32();
    if (version != GgufWriter.VERSION) {
      throw error("version " + version + "; version 3 is read");
    }
    long count = u64();
    long keys = u64();
    for (long i = 0; i < keys; i++) {
      String key = text();
      if (metadata.put(key, value(u32(), true)) != null) {
        throw error("two values are called " + TensorFileException.quote(key));
      }
    }
    List<Entry> entries = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      entries.add(entry());
      part();
    }
    long alignment = metadata.get("general.alignment") instanceof Number n ? n.longValue() : GgufWriter.ALIGNMENT;
    if (alignment < 1 || alignment > 1 << 20) {
      throw error("general.alignment is " + alignment);
    }
    long start = (at + alignment - 1) / alignment * alignment;
    for (Entry entry : entries) {
      if (entry.offset < 0 || entry.offset % alignment != 0 || entry.bytes > all.byteSize() - start - entry.offset) {
        throw error("tensor " + TensorFileException.quote(entry.name) + " has " + entry.bytes + " bytes from " + entry.offset
            + " on, which the file does not have");
      }
      if (tensors.put(entry.name, new Entry(entry.name, entry.shape, entry.type, start + entry.offset, entry.bytes)) != null) {
        throw error("two tensors are called " + TensorFileException.quote(entry.name));
      }
    }
  }

  private Entry entry() throws TensorFileException {
    String name = text();
    int rank = u32();
    if (rank < 1 || rank > MAX_AXES) {
      throw error("tensor " + TensorFileException.quote(name) + " has " + Integer.toUnsignedString(rank) + " axes");
    }
    int[] shape = new int[rank];
    long size = 1;
    for (int i = rank - 1; i >= 0; i--) {
      long dim = u64();
      if (dim < 1 || dim > Integer.MAX_VALUE || size > Integer.MAX_VALUE / dim) {
        throw error("tensor " + TensorFileException.quote(name) + " has more than 2^31 - 1 numbers, or none");
      }
      shape[i] = (int) dim;
      size *= dim;
    }
    int id = u32();
    GgufType type = GgufType.of(id);
    if (type == null) {
      throw new TensorFileException(file + ": tensor " + TensorFileException.quote(name) + " has the type " + id
          + ", which is not read; " + Arrays.toString(GgufType.values()) + " are");
    }
    if (shape[rank - 1] % type.block() != 0) {
      throw error("tensor " + TensorFileException.quote(name) + " has rows of " + shape[rank - 1] + " numbers in " + type);
    }
    return new Entry(name, shape, type, u64(), type.bytes(size));
  }

  private Object value(int type, boolean arrays) throws TensorFileException {
    part();
    return switch (type) {
      case 0, 1 -> (int) take(1).get(ValueLayout.JAVA_BYTE, 0);
      case 2, 3 -> (int) take(2).get(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
      case GgufWriter.U32, GgufWriter.I32 -> u32();
      case GgufWriter.F32 -> Float.intBitsToFloat(u32());
      case GgufWriter.BOOL -> take(1).get(ValueLayout.JAVA_BYTE, 0) != 0;
      case GgufWriter.STRING -> text();
      case 10, 11 -> u64();
      case 12 -> Double.longBitsToDouble(u64());
      case GgufWriter.ARRAY -> {
        if (!arrays) {
          throw error("there is an array of arrays");
        }
        int of = u32();
        long n = u64();
        List<Object> values = new ArrayList<>();
        for (long i = 0; i < n; i++) {
          values.add(value(of, false));
        }
        yield values;
      }
      default -> throw error("a value has the type " + Integer.toUnsignedString(type));
    };
  }

  private void part() throws TensorFileException {
    if (++parts > MAX_PARTS) {
      throw error("there are more than " + MAX_PARTS + " parts");
    }
  }

  private int u32() throws TensorFileException {
    return take(4).get(INT, 0);
  }

  private long u64() throws TensorFileException {
    return take(8).get(LONG, 0);
  }

  private String text() throws TensorFileException {
    byte[] bytes = take(u64()).toArray(ValueLayout.JAVA_BYTE);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private MemorySegment take(long length) throws TensorFileException {
    if (length < 0 || length > all.byteSize() - at) {
      throw error("it ends within its head");
    }
    MemorySegment taken = all.asSlice(at, length);
    at += length;
    return taken;
  }
}
