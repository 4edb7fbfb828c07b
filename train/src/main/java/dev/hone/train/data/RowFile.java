package dev.hone.train.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A file of which rows are read when they are asked for, at positions that an index remembers.
 *
 * <p>Implementation note. Not mapped: a file that is cut short while it is mapped ends the JVM, and pages that were read count
 * as resident memory. Not a channel: an interrupt, with which a run is stopped, would close it.
 */
final class RowFile {
  private static final int BUFFER = 1 << 20;
  /** Enough bytes for what is detected from the beginning of a file: at least as many characters as {@link Dialect} reads. */
  private static final int HEAD = 4 << 20;
  /** The share of the heap above which a file is not read into memory: text, rows and tokens are there together. */
  private static final int SHARE = 8;

  private final Path path;
  private final RandomAccessFile file;
  private final long size;
  private final Charset charset; // null: UTF-8
  private final int begin; // behind the byte order mark
  private final int firstLine;

  private RowFile(Path path, Charset charset) throws IOException {
    this.path = path;
    this.charset = charset;
    this.file = new RandomAccessFile(path.toFile(), "r"); // closed when it is no longer reachable
    this.size = file.length();
    byte[] head = bytes(0, Math.min(size, 1024));
    ForeignFile.check(path.toString(), head);
    int mark = TextEncoding.markLength(head);
    if (mark == 2 || !TextEncoding.isOneByte(charset)) {
      throw new DataException(path.toString(), (mark == 2 ? "UTF-16" : charset.name())
          + " cannot be read in parts; save the file as "
          + "UTF-8");
    }
    this.begin = mark;
    this.firstLine = 1;
  }

  private RowFile(RowFile whole, int skipped) {
    path = whole.path;
    charset = whole.charset;
    file = whole.file;
    size = whole.size;
    begin = whole.begin + skipped;
    firstLine = whole.firstLine + 1;
  }

  /** This file without its first line, of {@code length} bytes; itself if that is 0. */
  RowFile behind(int length) {
    return length == 0 ? this : new RowFile(this, length);
  }

  /** Opens a file that is there. */
  static RowFile open(Path path, DataOptions options) {
    try {
      return new RowFile(path, options.charsetOrNull());
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /** Whether a file is to be read through an index: it is too large for the heap, or the options say so. Never with gzip. */
  static boolean suits(Path path, DataOptions options) {
    TextFile.checked(path);
    try {
      boolean wanted = options.indexed() || Files.size(path) > Runtime.getRuntime().maxMemory() / SHARE;
      if (!wanted || !Files.isRegularFile(path)) {
        return false;
      }
      byte[] magic;
      try (InputStream in = Files.newInputStream(path)) {
        magic = in.readNBytes(2);
      }
      return magic.length < 2 || (magic[0] & 0xFF) != 0x1F || (magic[1] & 0xFF) != 0x8B;
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static DataException unreadable(Path path, IOException e) {
    return new DataException(path.toString(), 0, "cannot be read (" + e.getMessage() + ")", e);
  }

  Path path() {
    return path;
  }

  String name() {
    return path.toString();
  }

  /** Its length in bytes. */
  long size() {
    return size;
  }

  /** The beginning of the file: whole lines, unless the first is longer than all that is read. */
  String head() {
    byte[] bytes = bytes(begin, Math.min(size, begin + (long) HEAD));
    int end = bytes.length;
    if (begin + (long) end < size) {
      while (end > 0 && bytes[end - 1] != '\n') {
        end--;
      }
    }
    if (end == 0) {
      end = bytes.length;
      while (end > 0 && (bytes[end - 1] & 0x80) != 0) { // not into the middle of a character
        end--;
      }
    }
    String head = TextEncoding.decode(name(), 1, bytes, 0, end, charset);
    if (head.isBlank() && begin + (long) bytes.length == size) {
      throw new DataException(name(), "the file is empty");
    }
    return head;
  }

  private byte[] bytes(long from, long to) {
    byte[] bytes = new byte[(int) (to - from)];
    try {
      synchronized (file) {
        file.seek(from);
        file.readFully(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(name() + " cannot be read at byte " + from + ": was it changed since the run began?", e);
    }
    return bytes;
  }

  /** Hears of every byte of a file. */
  @FunctionalInterface
  interface Bytes {
    void accept(int b, long position);
  }

  /** Passes all bytes on, from the first to the last. */
  void scan(Bytes bytes) {
    for (long at = begin; at < size; at += BUFFER) {
      byte[] block = bytes(at, Math.min(size, at + BUFFER));
      for (int i = 0; i < block.length; i++) {
        bytes.accept(block[i] & 0xFF, at + i);
      }
    }
  }

  /** What a delimited file looks like. */
  RowScan.Found scan(char separator, boolean quoting) {
    RowScan scan = new RowScan(separator, quoting);
    scan((b, _) -> scan.accept(b));
    scan.end();
    return scan.found();
  }

  /** Where rows begin: 8 bytes of memory a row, and 4 for its line. */
  static final class Index {
    private final RowFile file;
    private long[] starts = new long[1024];
    private int[] lines = new int[1024];
    private int size;

    private Index(RowFile file) {
      this.file = file;
    }

    private void add(long start, int line) {
      if (size == starts.length) {
        int room = (int) Math.min(Integer.MAX_VALUE - 16L, size + (size >> 1));
        if (room == size) {
          throw new DataException(file.name(), line, "the file has more than " + size + " rows; split it");
        }
        starts = Arrays.copyOf(starts, room);
        lines = Arrays.copyOf(lines, room);
      }
      starts[size] = start;
      lines[size++] = line;
    }

    /** Number of rows. */
    int size() {
      return size;
    }

    /** The line on which row {@code i} begins, from 1. */
    int line(int i) {
      return lines[i];
    }

    /** The lines of the rows from {@code first} on. */
    int[] lines(int first) {
      return Arrays.copyOfRange(lines, first, size);
    }

    /** The text of row {@code i}, perhaps with line ends and empty lines behind it. */
    String text(int i) {
      long end = i + 1 < size ? starts[i + 1] : file.size;
      long length = end - starts[i];
      if (length > Math.min(Integer.MAX_VALUE / 4, Runtime.getRuntime().maxMemory() / 32)) {
        throw new DataException(file.name(), lines[i], "the row that begins here has " + length / 1_000_000 + " MB, too much for "
            + "the heap (-Xmx); if it is a quoted field that is never closed, say noquotes in the format");
      }
      return TextEncoding.decode(file.name(), lines[i], file.bytes(starts[i], end), 0, (int) length, file.charset);
    }
  }

  /** The rows of a delimited file that are not empty. */
  Index delimited(char separator, boolean quoting) {
    return index(new RowScan(separator, quoting), true);
  }

  /** The lines of the file that are not blank. */
  Index lines() {
    return index(new RowScan(-1, false), false);
  }

  private Index index(RowScan scan, boolean blankCounts) {
    Index index = new Index(this);
    scan(new Bytes() {
      private long start;
      private int line = firstLine;
      private int rowLine;
      private boolean blank;

      @Override
      public void accept(int b, long position) {
        if (scan.rowLength() == 0) {
          start = position;
          rowLine = line;
          blank = true;
        }
        blank &= b <= ' ';
        if (scan.accept(b)) {
          end();
        }
        line += b == '\n' ? 1 : 0;
        if (position == size - 1 && scan.end()) {
          end();
        }
      }

      private void end() {
        if (blankCounts || !blank) {
          index.add(start, rowLine);
        }
      }
    });
    index.starts = Arrays.copyOf(index.starts, index.size);
    index.lines = Arrays.copyOf(index.lines, index.size);
    return index;
  }

  /** Pieces of about so many bytes that end at line ends. */
  Index pieces(int bytes) {
    Index index = new Index(this);
    index.add(begin, 1);
    scan(new Bytes() {
      private long start = begin;
      private int line = 1;

      @Override
      public void accept(int b, long position) {
        line += b == '\n' ? 1 : 0;
        if (b == '\n' && position + 1 - start >= bytes && position + 1 < size) {
          start = position + 1;
          index.add(start, line);
        }
      }
    });
    index.starts = Arrays.copyOf(index.starts, index.size);
    index.lines = Arrays.copyOf(index.lines, index.size);
    return index;
  }
}
