package dev.hone.nn;

import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;

/** Counts what passes compute and what they leave out, in tokens times layers, and what of it goes to other processes. */
public final class Work {
  private final LongAdder given = new LongAdder();
  private final LongAdder frozen = new LongAdder();
  private final LongAdder shared = new LongAdder();
  private final LongAdder unread = new LongAdder();
  private final LongAdder sent = new LongAdder();
  private final LongAdder early = new LongAdder();

  /** Nothing yet. */
  public Work() {}

  /** What a pass was asked for. */
  void given(long tokens, int layers) {
    given.add(tokens * layers);
  }

  /** What frozen layers had made of tokens before. */
  public void frozen(long tokens, int layers) {
    frozen.add(tokens * layers);
  }

  /** Tokens that others stand for. */
  void shared(long tokens, int layers) {
    shared.add(tokens * layers);
  }

  /** Rows of the last layer of which only keys and values were computed. */
  void unread(long rows) {
    unread.add(rows);
  }

  /**
   * Bytes of gradients that were given to other processes.
   *
   * @param before those of them that were given before a pass had ended
   */
  public void sent(long bytes, long before) {
    sent.add(bytes);
    early.add(before);
  }

  /** Tokens times layers that passes were asked for. */
  public long total() {
    return given.sum();
  }

  /** Those that were not computed because frozen layers had made them before. */
  public long frozen() {
    return frozen.sum();
  }

  /** Those that were not computed because other rows of a batch begin alike. */
  public long shared() {
    return shared.sum();
  }

  /** Those of the last layer that no head read. */
  public long unread() {
    return unread.sum();
  }

  /** Bytes of gradients that were given to other processes. */
  public long sent() {
    return sent.sum();
  }

  /** Those that were given before a pass had ended. */
  public long early() {
    return early.sum();
  }

  /** In a line. */
  @Override
  public String toString() {
    long left = frozen() + shared() + unread();
    return String.format(Locale.ROOT, "tokens through layers: %,d of %,d (%.1f%%); left out: %.1f%% in frozen layers, "
        + "%.1f%% in shared prefixes, %.1f%% as rows that no head reads", total() - left, total(), share(total() - left),
        share(frozen()), share(shared()), share(unread())) + (sent() == 0 ? "" : String.format(Locale.ROOT, "; %,.1f MB of "
        + "gradients given to other processes, %.1f%% of them before the pass back had ended", sent() / 1e6,
        100.0 * early() / sent()));
  }

  private double share(long part) {
    return 100.0 * part / Math.max(1, total());
  }
}
