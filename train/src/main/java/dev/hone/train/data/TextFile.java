package dev.hone.train.data;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A file as text: gzip unpacked, characters checked, byte order mark dropped.
 *
 * @param path where it was read
 * @param text all of it, not blank
 */
record TextFile(Path path, String text) {
  /** Reads {@code path}. What is missing, empty, too large, damaged or not in
   * UTF-8, nor in what the options say, is a {@link DataException}. */
  static TextFile read(Path path, DataOptions options) {
    String name = checked(path);
    // The bytes, the text and the rows are in memory together, so a file may take a quarter of the heap.
    int limit = (int) Math.min(Integer.MAX_VALUE - 16, Runtime.getRuntime().maxMemory() / 4);
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path)) {
      bytes = checked(name, in.readNBytes(limit + 1), limit);
      if (bytes.length > 2 && (bytes[0] & 0xFF) == 0x1F && (bytes[1] & 0xFF) == 0x8B) {
        try (InputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
          bytes = checked(name, unpacked.readNBytes(limit + 1), limit);
        }
      }
    } catch (EOFException | ZipException e) {
      throw new DataException(name, 0, "damaged gzip file (" + e.getMessage() + ")", e);
    } catch (IOException e) {
      throw new DataException(name, 0, "cannot be read (" + e.getMessage() + ")", e);
    }
    ForeignFile.check(name, bytes);
    String text = TextEncoding.decode(name, bytes, options.charsetOrNull());
    if (text.isBlank()) {
      throw new DataException(name, "the file is empty");
    }
    return new TextFile(path, text);
  }

  /** The name of a file that is there. */
  static String checked(Path path) {
    String name = path.toString();
    if (!Files.exists(path)) {
      throw new DataException(name, "no such file");
    }
    if (Files.isDirectory(path)) {
      throw new DataException(name, "is a directory, not a file");
    }
    return name;
  }

  /** Whether the name says that the file is text without rows. */
  boolean isPlain() {
    return isPlain(path);
  }

  /** Whether a file, which is not read, is plain text. */
  static boolean isPlain(Path path) {
    return path.getFileName().toString().toLowerCase(Locale.ROOT).matches(".*\\.txt(\\.gz)?");
  }

  /** What messages call the file. */
  String name() {
    return path.toString();
  }

  private static byte[] checked(String name, byte[] bytes, int limit) {
    if (bytes.length > limit) {
      throw new DataException(name, "holds more than " + limit / 1_000_000 + " MB, a quarter of the heap; give the JVM "
          + "more (-Xmx), or unpack it: plain files are read through an index where they are too large");
    }
    return bytes;
  }
}
