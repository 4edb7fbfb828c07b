package dev.hone.train.source;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A directory in which a model of the cache is made, beside the place it will have. When one is opened, those that killed
 * processes have left there are removed.
 *
 * <p>Implementation note: each has a file beside it that its process holds a lock on, which the system releases when the process
 * dies, however it does. Only what is older than this process is looked at: opening and closing the lock file of another thread
 * here would release its lock on POSIX systems, and a process just starting may not have its lock yet. Where a file system has
 * no locks, nothing is removed.
 */
final class TemporaryDirectory implements AutoCloseable {
  private static final String PREFIX = ".import-";
  private static final String LOCK = ".lock";

  private final Path directory;
  private final Path lockFile;
  private final FileChannel lock;

  private TemporaryDirectory(Path directory, Path lockFile, FileChannel lock) {
    this.directory = directory;
    this.lockFile = lockFile;
    this.lock = lock;
  }

  /**
   * Makes an empty one.
   *
   * @param parent an existing directory
   */
  static TemporaryDirectory open(Path parent) throws IOException {
    sweep(parent);
    String name = PREFIX + UUID.randomUUID();
    Path lockFile = parent.resolve(name + LOCK);
    FileChannel lock = FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    hold(lock);
    return new TemporaryDirectory(Files.createDirectory(parent.resolve(name)), lockFile, lock);
  }

  Path directory() {
    return directory;
  }

  /** Removes it with all that is in it. */
  @Override
  public void close() throws IOException {
    try (lock) {
      Directories.delete(directory);
    }
    Files.deleteIfExists(lockFile); // after it is closed: Windows keeps open files
  }

  private static void sweep(Path parent) throws IOException {
    Optional<Instant> start = ProcessHandle.current().info().startInstant();
    if (start.isEmpty()) {
      return;
    }
    List<Path> left;
    try (Stream<Path> all = Files.list(parent)) {
      left = all.filter(path -> path.getFileName().toString().startsWith(PREFIX)).toList();
    }
    for (Path path : left) {
      try {
        if (Files.getLastModifiedTime(path).toInstant().isBefore(start.get())) {
          remove(path.resolveSibling(path.getFileName().toString().replace(LOCK, "")));
        }
      } catch (IOException e) {
        // another process is removing it, too, or it is not ours to remove: no reason not to make a model
      }
    }
  }

  /** Removes what a dead process has left; nothing if its process lives. */
  private static void remove(Path directory) throws IOException {
    Path lockFile = directory.resolveSibling(directory.getFileName() + LOCK);
    try (FileChannel lock = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      if (!hold(lock)) {
        return;
      }
      Directories.delete(directory);
    }
    Files.deleteIfExists(lockFile);
  }

  private static boolean hold(FileChannel lock) {
    try {
      return lock.tryLock() != null;
    } catch (IOException | OverlappingFileLockException e) {
      return false;
    }
  }
}
