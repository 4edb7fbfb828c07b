/**
 * Kernels on the CPU: what both kinds of loops share. A class here takes the tensors of one family apart, checks what the
 * loops rely on, and cuts the work into blocks that depend on sizes alone; the abstract {@code ...Loops} classes say what a
 * block is.
 */
package dev.hone.core.kernel.cpu;
