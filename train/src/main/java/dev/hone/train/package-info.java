/**
 * The training loop and what it works on. {@link dev.hone.train.Trainer} is the loop, {@link dev.hone.train.TrainConfig} its
 * settings, an {@link dev.hone.train.Objective} says what is learnt from a batch. Optimisers, schedules, data, metrics,
 * reports and the command line have packages of their own.
 */
package dev.hone.train;
