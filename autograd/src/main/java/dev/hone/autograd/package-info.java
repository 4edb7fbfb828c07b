/**
 * Reverse-mode gradients. A {@link dev.hone.autograd.Variable} is a tensor and, if some input needs a gradient, how to send
 * one back; a {@link dev.hone.autograd.Parameter} is a leaf that keeps its gradient. Each family of operators is one
 * class, {@code ...Ops}, with the forward pass and the pull-backs of an operator side by side. Anyone can add an operator
 * with {@link dev.hone.autograd.Variable#of} and test it with {@link dev.hone.autograd.GradCheck}.
 *
 * <p>Not here: loops over numbers, which are kernels of {@code dev.hone.core}, and layers with weights of their own, which
 * are in {@code dev.hone.nn}.
 *
 * <p>Letters in shapes: N tokens or rows, M rows of logits, S sequences, C columns, H heads, G key and value heads, D head
 * width, V vocabulary or classes; T queries and K keys of one sequence.
 */
package dev.hone.autograd;
