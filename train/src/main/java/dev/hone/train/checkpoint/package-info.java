/**
 * Checkpoints of a run: one file each, whole or absent, with a hash that is checked when it is read.
 * {@link dev.hone.train.checkpoint.Checkpoint} is what one holds, {@link dev.hone.train.checkpoint.Checkpoints} the
 * directory of a run's.
 */
package dev.hone.train.checkpoint;
