package dev.hone.train.monitor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
  private FileChannel channel; // of this day
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
    if (!date.equals(day)) {
      close();
      channel = FileChannel.open(directory.resolve(kind + "-" + date + ".jsonl"), StandardOpenOption.CREATE,
          StandardOpenOption.READ, StandardOpenOption.WRITE);
      day = date;
      end = lastLine(channel);
    }
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      if (channel.size() > end) {
        channel.truncate(end);
      }
      long at = end;
      while (bytes.hasRemaining()) {
        at += channel.write(bytes, at);
      }
      if (forced) {
        channel.force(false);
      }
      end = at;
    } catch (IOException e) {
      try {
        channel.truncate(end); // nobody may take a half for a line
      } catch (IOException more) {
        e.addSuppressed(more);
      }
      throw e;
    }
  }

  /** Where the last whole line ends. */
  private static long lastLine(FileChannel channel) throws IOException {
    for (long to = channel.size(); to > 0;) {
      int size = (int) Math.min(TAIL, to);
      ByteBuffer bytes = ByteBuffer.allocate(size);
      while (bytes.hasRemaining() && channel.read(bytes, to - size + bytes.position()) >= 0) {
        // until it is full
      }
      for (int i = size - 1; i >= 0; i--) {
        if (bytes.get(i) == '\n') {
          return to - size + i + 1;
        }
      }
      to -= size;
    }
    return 0;
  }

  /** Forgets what is open, so that files can be written anew. */
  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
      channel = null;
      day = null;
    }
  }
}
