package dev.hone.train.sweep;

import java.util.List;

/** Hears what happens in a sweep, possibly on several threads, but one call at a time. */
public interface SweepListener {
  /** Before a trial begins or goes on. */
  default void onTrial(Trial trial, int trials) {}

  /** After a trial has come to its end, or to the next rung. */
  default void onRecord(TrialRecord record) {}

  /**
   * After all trials of a rung have reached it.
   *
   * @param rung from 1
   * @param evaluations until that rung
   * @param promoted those that go on, best first
   */
  default void onRung(int rung, int evaluations, List<TrialRecord> promoted) {}
}
