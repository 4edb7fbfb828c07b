package dev.hone.train.source.hub;

/** Counts the bytes of a transfer over all its files and connections. */
final class Meter {
  private final TransferListener listener;
  private final long total;
  private long done;

  Meter(TransferListener listener, long total) {
    this.listener = listener;
    this.total = total;
  }

  synchronized void add(long bytes) {
    set(done + bytes);
  }

  synchronized void set(long bytes) {
    done = bytes;
    listener.progress(done, total);
  }

  synchronized long done() {
    return done;
  }

  void note(String line) {
    listener.note(line);
  }
}
