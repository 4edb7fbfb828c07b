/**
 * What a block of work is on the CPU: an abstract class of loops for each family, and the records and numbers that the package
 * {@code cpu}, which cuts the work into blocks, and the loops of the packages {@code scalar} and {@code vector} share.
 */
package dev.hone.core.kernel.loops;
