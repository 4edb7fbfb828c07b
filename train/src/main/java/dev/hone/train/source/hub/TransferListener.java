package dev.hone.train.source.hub;

import java.util.function.Consumer;

/** Is told what a transfer does: lines worth reading, and how far it is. */
@FunctionalInterface
public interface TransferListener extends Consumer<String> {
  /**
   * How far a transfer is, a few times a second.
   *
   * @param line in words; empty when the transfer has ended, so that a line that is written over can be taken away
   * @param mark whether another quarter has come, for those who only keep lines
   */
  default void progress(String line, boolean mark) {}

  /** The listener that a consumer is, or one that hands it the lines. */
  static TransferListener of(Consumer<String> say) {
    return say instanceof TransferListener listener ? listener : say::accept;
  }
}
