/**
 * The seam to the hardware: one small interface per family of kernels, whole operations on tensors with their results
 * allocated by the caller. {@link dev.hone.core.kernel.Kernels} holds the implementations of each device; an operation takes
 * those of its operands' device, and kernels refuse tensors that lie elsewhere.
 *
 * <p>On the CPU the package {@code cpu} unpacks the tensors and cuts the work into fixed blocks; the {@code loops} over those
 * blocks come in two kinds, {@code vector} on the Vector API and {@code scalar} in plain Java, with the same results to
 * rounding.
 *
 * <p>Conventions. Results come last. A parameter {@code accumulate} adds to what the result holds instead of
 * overwriting it; without it the result's old contents are never read. Tensors that are computed with are F32 in Java
 * arrays; only right operands of matrix products and embedding tables may be stored otherwise, and only the former quantised.
 * Letters: N tokens or rows, C columns, M, N, K the sizes of a matrix product, H query heads, G key and value heads, D head
 * width, V vocabulary.
 */
package dev.hone.core.kernel;
