package dev.hone.train.sweep;

import dev.hone.train.Trainer;
import java.io.IOException;

/** Trains the model of one trial: loads it, and calls {@link TrialRun#train}. */
@FunctionalInterface
public interface TrialRunner {
  /**
   * Trains until the end, or until the sweep stops it. A failure that belongs to the trial's settings is a
   * {@link dev.hone.train.TrainingException} or want of memory; anything else ends the sweep.
   */
  Trainer.Result run(TrialRun trial) throws IOException;
}
