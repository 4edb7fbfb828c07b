package dev.hone.train.source.hub;

import java.util.Locale;

/** Counts the bytes of a transfer over all its files and connections, and says how far it is. */
final class Meter implements AutoCloseable {
  private static final long BETWEEN_LINES = 200_000_000; // nanoseconds
  private static final int BAR = 20;
  private static final int MARKS = 4;

  private final TransferListener listener;
  private final long total;
  private final long begun = System.nanoTime();
  private long atStart = -1;
  private long done;
  private long shown = begun;
  private long mark;

  /**
   * Begins to count.
   *
   * @param total bytes in all
   */
  Meter(TransferListener listener, long total) {
    this.listener = listener;
    this.total = total;
  }

  synchronized void add(long bytes) {
    set(done + bytes);
  }

  synchronized void set(long bytes) {
    if (atStart < 0) {
      atStart = bytes; // what an earlier process fetched says nothing about the speed
    }
    done = bytes;
    long now = System.nanoTime();
    long quarter = total == 0 ? 0 : MARKS * done / total;
    if (now - shown >= BETWEEN_LINES) {
      listener.progress(line(now), quarter > mark && quarter < MARKS);
      shown = now;
      mark = Math.max(mark, quarter);
    }
  }

  private String line(long now) {
    double share = total == 0 ? 1 : Math.min(1, (double) done / total);
    double seconds = (now - begun) / 1e9;
    double rate = (done - atStart) / Math.max(seconds, 1e-3);
    int full = (int) (BAR * share);
    return String.format(Locale.ROOT, "[%s%s] %3.0f %% of %s, %s/s%s", "#".repeat(full), "-".repeat(BAR - full), 100 * share,
        Hub.size(total), Hub.size((long) rate), rate < 1 ? "" : ", " + left((total - done) / rate) + " left");
  }

  private static String left(double seconds) {
    long whole = Math.round(seconds);
    return whole < 100 ? whole + " s" : whole < 6000 ? (whole + 30) / 60 + " min"
        : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
  }

  synchronized long done() {
    return done;
  }

  void note(String line) {
    listener.accept(line);
  }

  @Override
  public void close() {
    listener.progress("", false);
  }
}
