package dev.hone.train.monitor;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * The right to write to a directory, of one at a time: among all that this process does, and among processes.
 *
 * <p>Implementation note: the lock of a file is the process' own. A second one in the process is an error, and on POSIX systems
 * closing the file of a second attempt gives up the first one's lock, too. So nobody here opens the file but who has the place.
 */
final class DirectoryLock implements AutoCloseable {
  private static final String NAME = "lock";
  private static final Map<Path, Semaphore> HERE = new ConcurrentHashMap<>(); // one place for each directory

  private final Semaphore place;
  private final FileChannel file;

  private DirectoryLock(Semaphore place, FileChannel file) {
    this.place = place;
    this.file = file;
  }

  /** Waits until nobody else has it. */
  static DirectoryLock take(Path directory) throws IOException {
    Semaphore place = place(directory);
    place.acquireUninterruptibly();
    return locked(directory, place, true);
  }

  /** Takes it if nobody has it, else gives null. */
  static DirectoryLock tryTake(Path directory) throws IOException {
    Semaphore place = place(directory);
    return place.tryAcquire() ? locked(directory, place, false) : null;
  }

  private static Semaphore place(Path directory) throws IOException {
    return HERE.computeIfAbsent(directory.toRealPath(), _ -> new Semaphore(1)); // however it is called
  }

  private static DirectoryLock locked(Path directory, Semaphore place, boolean waits) throws IOException {
    FileChannel file = null;
    boolean taken = false;
    try {
      file = FileChannel.open(directory.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = waits ? file.lock() : file.tryLock();
      taken = lock != null;
      return taken ? new DirectoryLock(place, file) : null;
    } finally {
      if (!taken) {
        try {
          if (file != null) {
            file.close();
          }
        } finally {
          place.release();
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    if (!file.isOpen()) {
      return;
    }
    try {
      file.close();
    } finally {
      place.release();
    }
  }
}
