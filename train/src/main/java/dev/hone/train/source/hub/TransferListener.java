package dev.hone.train.source.hub;

/** Is told what a transfer does. */
public interface TransferListener {
  /** A line worth reading. */
  void note(String line);

  /**
   * How far a transfer is; called often, by one thread at a time.
   *
   * @param done bytes that are there, of all files of the transfer
   * @param total bytes in all
   */
  default void progress(long done, long total) {}
}
