package dev.hone.train.run;

import dev.hone.train.config.UserError;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The right of one run to write to a directory while it trains, among those of this process and of others. */
final class OutputLock implements AutoCloseable {
  private static final String NAME = ".lock";
  private static final Set<Path> HERE = ConcurrentHashMap.newKeySet(); // locked by this process: locks are none against itself

  private final Path directory;
  private final boolean made;
  private final FileChannel file;

  private OutputLock(Path directory, boolean made, FileChannel file) {
    this.directory = directory;
    this.made = made;
    this.file = file;
  }

  /**
   * Takes it; the directory is made if it is not there.
   *
   * @throws UserError if another run has it
   */
  static OutputLock take(Path output) throws IOException {
    boolean made = !Files.exists(output);
    Path directory = Files.createDirectories(output).toRealPath();
    FileChannel file = null;
    boolean here = HERE.add(directory);
    boolean taken = false;
    try {
      if (here) {
        file = FileChannel.open(directory.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        taken = isTaken(file);
      }
      if (!taken) {
        throw new UserError(output + ": another run is writing there; wait for its end, or give each an --output-dir of its own");
      }
      return new OutputLock(directory, made, file);
    } finally {
      if (!taken) {
        if (file != null) {
          file.close();
        }
        if (here) {
          HERE.remove(directory);
        }
      }
    }
  }

  private static boolean isTaken(FileChannel file) {
    try {
      return file.tryLock() != null;
    } catch (IOException _) {
      return true; // a file system without locks: nobody can know
    }
  }

  /** Gives it back; a directory that was made for it and is empty still goes, too. */
  @Override
  public void close() throws IOException {
    try {
      file.close();
      Files.deleteIfExists(directory.resolve(NAME));
      if (made) {
        Files.deleteIfExists(directory);
      }
    } catch (DirectoryNotEmptyException | NoSuchFileException _) {
      // the run has begun
    } finally {
      HERE.remove(directory);
    }
  }
}
