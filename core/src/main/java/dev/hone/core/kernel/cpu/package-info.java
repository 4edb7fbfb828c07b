/**
 * Kernels on the CPU. A class here takes the tensors of one family apart, checks what the loops rely on, and cuts the work into
 * blocks that depend on sizes alone; what a block is, the {@code ...Loops} classes of the package {@code loops} say.
 */
package dev.hone.core.kernel.cpu;
