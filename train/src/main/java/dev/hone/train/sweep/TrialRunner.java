package dev.hone.train.sweep;

import dev.hone.train.Trainer;
import java.io.IOException;

/** Trains the model of one trial: loads it, and calls {@link TrialRun#train}. */
@FunctionalInterface
public interface TrialRunner {
  /**
   * Trains until the end, or until the sweep stops it. What it throws is noted down as the trial's failure; input and output
   * that fail end the sweep.
   */
  Trainer.Result run(TrialRun trial) throws IOException;
}
