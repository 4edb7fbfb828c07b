/**
 * What {@code hone train} does, for programs, too: {@link dev.hone.train.run.TrainingRun} reads settings, rows and a model, holds
 * rows out, trains with checkpoints, and leaves weights, metrics and a report. How a run is shown is not decided here.
 */
package dev.hone.train.run;
