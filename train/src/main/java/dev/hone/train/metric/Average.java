package dev.hone.train.metric;

/** How the scores of several classes become one. */
public enum Average {
  /** Hits, predictions and true cases of all classes are added up first. */
  MICRO,
  /** The plain mean over classes: rare ones count as much as frequent ones. */
  MACRO,
  /** The mean over classes, weighted by their true cases. */
  WEIGHTED
}
