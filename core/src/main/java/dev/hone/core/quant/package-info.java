/**
 * Weights in 8 or 4 bits: how they are made from floats, what they stand for, and the parts that files hold. Kernels read
 * them through {@code dev.hone.core.kernel.loops.QuantLoops}; a quantised {@link dev.hone.core.Tensor} is made of one of these.
 */
package dev.hone.core.quant;
