package dev.hone.tokenizer.training;

/** Hears how far a training is. Calls come often and from one thread at a time. */
@FunctionalInterface
public interface TrainingListener {
  /** Hears nothing. */
  TrainingListener NONE = (phase, done, total) -> { };

  /** What is being done. */
  enum Phase {
    /** Reading text; counted in bytes. */
    READING,
    /** Merging pairs; counted in tokens. */
    MERGING,
    /** Leaving pieces out; counted in pieces. */
    PRUNING
  }

  /** So much of a phase is done. */
  void progress(Phase phase, long done, long total);
}
