package dev.hone.train.monitor;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Lines in a file for each day, {@code KIND-2026-11-30.jsonl}, that only grow. A line is there as a whole or not at all: what a
 * writer that was killed or found the disk full left of one is cut off before the next is written, and readers pass over it.
 */
final class DayFiles implements AutoCloseable {
  private static final int TAIL = 1 << 16;

  private final Path directory;
  private final String kind;
  private LocalDate day;
  private RandomAccessFile file; // of this day; not a channel, which an interrupt of a thread that writes would close for all
  private Object key; // what the file system calls it
  private long end; // of its last whole line

  DayFiles(Path directory, String kind) {
    this.directory = directory;
    this.kind = kind;
  }

  /** The files by day, the oldest first. */
  static TreeMap<LocalDate, Path> files(Path directory, String kind) throws IOException {
    TreeMap<LocalDate, Path> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(directory)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        String name = file.getFileName().toString();
        if (name.startsWith(kind + "-") && name.endsWith(".jsonl")) {
          try {
            files.put(LocalDate.parse(name.substring(kind.length() + 1, name.length() - 6)), file);
          } catch (DateTimeParseException _) {
            // somebody else's
          }
        }
      }
    }
    return files;
  }

  /**
   * Appends a line.
   *
   * @param forced whether it is to be on the disk, not only with the operating system
   */
  void append(LocalDate date, String line, boolean forced) throws IOException {
    open(date);
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      if (file.length() > end) {
        file.setLength(end);
      }
      file.seek(end);
      file.write(bytes);
      if (forced) {
        file.getFD().sync();
      }
      end += bytes.length;
    } catch (IOException e) {
      try {
        file.setLength(end); // nobody may take a half for a line
      } catch (IOException more) {
        e.addSuppressed(more);
      }
      throw e;
    }
  }

  /** Opens the file of a day; once more where somebody, such as logrotate, has moved, deleted or emptied it. */
  private void open(LocalDate date) throws IOException {
    Path path = directory.resolve(kind + "-" + date + ".jsonl");
    if (date.equals(day) && file.length() >= end && key.equals(key(path))) {
      return;
    }
    close();
    file = new RandomAccessFile(path.toFile(), "rw");
    key = key(path);
    end = lastLine(file);
    day = date;
  }

  /** What the file system calls a file, whatever its name; null if there is none. */
  private static Object key(Path path) throws IOException {
    try {
      Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
      return key == null ? path : key; // Windows has none, and keeps files that are open
    } catch (NoSuchFileException _) {
      return null;
    }
  }

  /** Where the last whole line ends. */
  private static long lastLine(RandomAccessFile file) throws IOException {
    for (long to = file.length(); to > 0;) {
      byte[] bytes = new byte[(int) Math.min(TAIL, to)];
      file.seek(to - bytes.length);
      file.readFully(bytes);
      for (int i = bytes.length - 1; i >= 0; i--) {
        if (bytes[i] == '\n') {
          return to - bytes.length + i + 1;
        }
      }
      to -= bytes.length;
    }
    return 0;
  }

  /** Forgets what is open, so that files can be written anew. */
  @Override
  public void close() throws IOException {
    if (file != null) {
      day = null;
      file.close();
      file = null;
    }
  }
}
