package dev.hone.core.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A file that comes into being as a whole: written under another name in the same directory, forced to the disk, then renamed.
 * A crash, an error or a full disk leaves what was there before, or nothing.
 *
 * {@snippet :
 * try (AtomicFile file = AtomicFile.create(target)) {
 *   file.write(bytes);
 *   file.commit();
 * } // without commit() nothing has happened
 * }
 */
public final class AtomicFile implements AutoCloseable {
  private static final AtomicLong SERIAL = new AtomicLong();

  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private boolean done;

  private AtomicFile(Path target, Path temporary, FileChannel channel) {
    this.target = target;
    this.temporary = temporary;
    this.channel = channel;
  }

  /**
   * Starts a file that will be {@code target}.
   *
   * @throws IOException if its directory does not exist or cannot be written
   */
  public static AtomicFile create(Path target) throws IOException {
    Path directory = target.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new IOException("write " + target + ": the directory " + directory + " does not exist");
    }
    String name = "." + target.getFileName() + "." + ProcessHandle.current().pid() + "-" + SERIAL.incrementAndGet() + ".tmp";
    Path temporary = directory.resolve(name);
    try {
      return new AtomicFile(target, temporary,
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  /** Writes a whole file. */
  public static void write(Path target, byte[] bytes) throws IOException {
    try (AtomicFile file = create(target)) {
      file.write(ByteBuffer.wrap(bytes));
      file.commit();
    }
  }

  /** Writes a whole text file in UTF-8. */
  public static void writeString(Path target, String text) throws IOException {
    write(target, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Appends all remaining bytes. */
  public void write(ByteBuffer bytes) throws IOException {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  /** Makes the file: everything written is on the disk, and the target is replaced. Nothing can be written any more. */
  public void commit() throws IOException {
    finish();
    publish();
  }

  /** The first half of {@link #commit()}: the bytes are on the disk. What can fail for lack of space fails here. */
  void finish() throws IOException {
    try {
      channel.force(true);
      channel.close();
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  /** The second half of {@link #commit()}: the target is replaced. */
  void publish() throws IOException {
    try {
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING); // some network file systems
    } catch (IOException e) {
      throw failed(target, e);
    }
    done = true;
    forceDirectory(target.toAbsolutePath().getParent());
  }

  /** Drops the file if it was not committed. */
  @Override
  public void close() throws IOException {
    if (!done) {
      channel.close();
      Files.deleteIfExists(temporary);
    }
  }

  /** Makes the renaming itself survive a power failure, where the system lets directories be opened. */
  private static void forceDirectory(Path directory) {
    try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
      opened.force(true);
    } catch (IOException e) {
      // Windows refuses to open directories; the file is whole in any case
    }
  }

  private static IOException failed(Path target, IOException e) {
    String reason = e.getMessage() == null ? e.toString() : e.getMessage();
    return new IOException("write " + target + ": " + reason, e);
  }
}
