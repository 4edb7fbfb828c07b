package dev.hone.train.source.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * A file that is being fetched, in chunks, with a record of how far each is, so that whoever comes after a process that was
 * killed goes on. One process at a time may have it open.
 *
 * <p>Implementation note: bytes are written before the record says so, and a killed process loses nothing that was written. After
 * a power failure the record may be ahead of the bytes; the hash of the whole, which is checked at the end, finds that.
 */
final class PartFile implements AutoCloseable {
  private static final long MARK = 0x686f6e6570617274L; // "honepart"
  private static final int HEAD = 3; // mark, size, chunk

  private final Path data;
  private final Path record;
  private final long size;
  private final long chunk;
  private final long[] done;
  private final FileChannel bytes;
  private final FileChannel marks;

  private PartFile(Path data, Path record, long size, long chunk, long[] done, FileChannel bytes, FileChannel marks) {
    this.data = data;
    this.record = record;
    this.size = size;
    this.chunk = chunk;
    this.done = done;
    this.bytes = bytes;
    this.marks = marks;
  }

  private static Path record(Path data) {
    return data.resolveSibling(data.getFileName() + ".record");
  }

  /**
   * Opens or begins one.
   *
   * @param data where the bytes go
   * @param size of the whole
   * @param chunk size of the parts that are fetched by themselves, of one that begins
   */
  static PartFile open(Path data, long size, long chunk) throws IOException {
    Path record = record(data);
    long[] known = Files.exists(data) && Files.exists(record) ? read(record, size) : null;
    if (known == null) {
      Files.deleteIfExists(record);
      Files.deleteIfExists(data);
    }
    FileChannel bytes = FileChannel.open(data, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    FileChannel marks = FileChannel.open(record, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    long used = known == null ? chunk : known[HEAD - 1];
    long[] done = new long[chunks(size, used)];
    if (known == null) {
      ByteBuffer head = ByteBuffer.allocate((HEAD + done.length) * Long.BYTES);
      head.putLong(MARK).putLong(size).putLong(chunk).position(0).limit(head.capacity());
      marks.write(head, 0);
    } else {
      System.arraycopy(known, HEAD, done, 0, done.length);
    }
    return new PartFile(data, record, size, used, done, bytes, marks);
  }

  private static int chunks(long size, long chunk) {
    return Math.toIntExact(Math.ceilDiv(size, chunk));
  }

  /** The numbers of a record, or null if it is not one of a file of this size. */
  private static long[] read(Path record, long size) throws IOException {
    byte[] content = Files.readAllBytes(record);
    if (content.length < HEAD * Long.BYTES || content.length % Long.BYTES != 0) {
      return null;
    }
    long[] numbers = new long[content.length / Long.BYTES];
    ByteBuffer.wrap(content).asLongBuffer().get(numbers);
    if (numbers[0] != MARK || numbers[1] != size || numbers[2] <= 0 || numbers.length - HEAD != Math.ceilDiv(size, numbers[2])) {
      return null;
    }
    for (int i = HEAD; i < numbers.length; i++) {
      if (numbers[i] < 0 || numbers[i] > Math.min(numbers[2], size - (i - HEAD) * numbers[2])) {
        return null;
      }
    }
    return numbers;
  }

  /** How many bytes of a file are there from an earlier try; nothing is opened. */
  static long present(Path data, long size) throws IOException {
    Path record = record(data);
    long[] known = Files.exists(data) && Files.exists(record) ? read(record, size) : null;
    long sum = 0;
    for (int i = HEAD; known != null && i < known.length; i++) {
      sum += known[i];
    }
    return sum;
  }

  /** The bytes that are there where the size is not known; -1 if there is no record. */
  static long present(Path data) throws IOException {
    Path record = record(data);
    if (!Files.exists(record) || Files.size(record) < HEAD * Long.BYTES) {
      return -1;
    }
    return present(data, ByteBuffer.wrap(Files.readAllBytes(record)).getLong(Long.BYTES));
  }

  int chunks() {
    return done.length;
  }

  /** Where the next byte of a chunk goes. */
  long position(int index) {
    return index * chunk + done[index];
  }

  /** Where a chunk ends. */
  long end(int index) {
    return Math.min(size, (index + 1) * chunk);
  }

  boolean isDone(int index) {
    return position(index) == end(index);
  }

  boolean isDone() {
    for (int i = 0; i < done.length; i++) {
      if (!isDone(i)) {
        return false;
      }
    }
    return true;
  }

  /** Bytes that are there. */
  long present() {
    long sum = 0;
    for (long each : done) {
      sum += each;
    }
    return sum;
  }

  /** Writes the next bytes of a chunk; several threads may, for a chunk each. */
  void write(int index, ByteBuffer next) throws IOException {
    int length = next.remaining();
    long at = position(index);
    while (next.hasRemaining()) {
      at += bytes.write(next, at);
    }
    ByteBuffer mark = ByteBuffer.allocate(Long.BYTES).putLong(0, done[index] + length);
    marks.write(mark, (long) (HEAD + index) * Long.BYTES);
    done[index] += length;
  }

  /** Forgets what came. */
  void restart() throws IOException {
    Arrays.fill(done, 0);
    marks.write(ByteBuffer.allocate(done.length * Long.BYTES), (long) HEAD * Long.BYTES);
    bytes.truncate(0);
  }

  /** The whole becomes another file, on the disk. */
  void moveTo(Path target) throws IOException {
    bytes.force(true);
    close();
    Files.move(data, target, StandardCopyOption.ATOMIC_MOVE);
    Files.deleteIfExists(record);
  }

  /** Removes it. */
  void delete() throws IOException {
    close();
    Files.deleteIfExists(record);
    Files.deleteIfExists(data);
  }

  @Override
  public void close() throws IOException {
    try (bytes; marks) {
      // both
    }
  }
}
