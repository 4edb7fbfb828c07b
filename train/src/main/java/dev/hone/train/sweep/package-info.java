/**
 * Many runs that differ in their settings, to find which are good. {@link dev.hone.train.sweep.SweepConfig} says what is
 * tried, {@link dev.hone.train.sweep.Sweep} does it and goes on where it was interrupted, and
 * {@link dev.hone.train.sweep.SweepTable} says what came out.
 */
package dev.hone.train.sweep;
