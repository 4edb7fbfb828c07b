package dev.hone.core.io;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file: 8 bytes of length N (little-endian), N bytes of JSON, then the data. The JSON maps each
 * name to dtype, shape and the range of its bytes within the data; the ranges must cover the data exactly, without overlap.
 */
record SafetensorsHeader(long dataStart, Map<String, Entry> entries, Map<String, String> metadata) {
  /** The format's own bound for N: no model needs more, and a hostile length cannot make us allocate. */
  static final long LONGEST = 100_000_000;
  static final String METADATA = "__metadata__";
  private static final int LENGTH_BYTES = Long.BYTES;
  private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** One tensor: bytes {@code begin} (inclusive) to {@code end} (exclusive) of the data. */
  record Entry(DType dtype, Shape shape, long begin, long end) {}

  /** Reads and checks the header of a mapped file. */
  static SafetensorsHeader read(Path file, MemorySegment all) throws TensorFileException {
    if (all.byteSize() < LENGTH_BYTES) {
      throw new TensorFileException(file + ": a safetensors file starts with 8 bytes of header length, this one has "
          + all.byteSize() + " bytes in all");
    }
    long length = all.get(LENGTH, 0);
    long room = all.byteSize() - LENGTH_BYTES;
    if (length < 2 || length > LONGEST) {
      throw new TensorFileException(file + ": not a safetensors file: the header length is " + Long.toUnsignedString(length)
          + " bytes, the format allows 2 to " + LONGEST);
    }
    if (length > room) {
      throw new TensorFileException(file + ": the header length is " + length + " bytes, but only " + room
          + " bytes follow; the file is truncated or not a safetensors file");
    }
    byte[] json = all.asSlice(LENGTH_BYTES, length).toArray(ValueLayout.JAVA_BYTE);
    SafetensorsHeader header = new HeaderParser(file, json).parse(LENGTH_BYTES + length);
    checkRanges(file, header.entries, room - length);
    return header;
  }

  private static void checkRanges(Path file, Map<String, Entry> entries, long dataBytes) throws TensorFileException {
    List<Map.Entry<String, Entry>> inOrder = new ArrayList<>(entries.entrySet());
    for (Map.Entry<String, Entry> named : inOrder) {
      checkSize(file, named.getKey(), named.getValue(), dataBytes);
    }
    inOrder.sort(Map.Entry.comparingByValue(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end)));
    long covered = 0;
    String before = null;
    for (Map.Entry<String, Entry> named : inOrder) {
      Entry entry = named.getValue();
      if (entry.begin < covered) {
        throw error(file, named.getKey(), range(entry) + " overlap tensor " + TensorFileException.quote(before)
            + ", which ends at " + covered);
      }
      if (entry.begin > covered) {
        throw error(file, named.getKey(), range(entry) + " leave a hole after " + covered
            + "; the tensors must cover the data without holes");
      }
      covered = entry.end;
      before = named.getKey();
    }
    if (covered != dataBytes) {
      throw new TensorFileException(file + ": the tensors end at byte " + covered + " of the data, but the file has " + dataBytes
          + " bytes of data; nothing may follow the last tensor");
    }
  }

  private static void checkSize(Path file, String name, Entry entry, long dataBytes) throws TensorFileException {
    if (entry.begin < 0 || entry.begin > entry.end) {
      throw error(file, name, range(entry) + " are not a range: 0 <= begin <= end must hold");
    }
    if (entry.end > dataBytes) {
      throw error(file, name, range(entry) + " end after the data, which has " + dataBytes
          + " bytes; the file is truncated or damaged");
    }
    long elements = entry.shape.size();
    long bytes = entry.end - entry.begin;
    // division, since the product may overflow
    if (bytes % entry.dtype.bytes() != 0 || bytes / entry.dtype.bytes() != elements) {
      throw error(file, name, range(entry) + " hold " + bytes + " bytes, but " + entry.dtype + " " + entry.shape + " has "
          + elements + " elements of " + entry.dtype.bytes());
    }
  }

  private static String range(Entry entry) {
    return "data_offsets [" + entry.begin + ", " + entry.end + "]";
  }

  static TensorFileException error(Path file, String tensor, String what) {
    return error(file, tensor, what, null);
  }

  static TensorFileException error(Path file, String tensor, String what, Throwable cause) {
    return new TensorFileException(file + ": tensor " + TensorFileException.quote(tensor) + ": " + what, cause);
  }

  static SafetensorsHeader of(long dataStart) {
    return new SafetensorsHeader(dataStart, new LinkedHashMap<>(), new LinkedHashMap<>());
  }
}
