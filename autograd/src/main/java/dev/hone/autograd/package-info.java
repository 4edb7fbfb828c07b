/**
 * Reverse-mode gradients. A {@link dev.hone.autograd.Variable} is a tensor and, if some input needs a gradient, how to send
 * one back; a {@link dev.hone.autograd.Parameter} is a leaf that keeps its gradient. Each family of operators is one
 * class, {@code ...Ops}, with the forward pass and the pull-backs of an operator side by side. Anyone can add an operator
 * with {@link dev.hone.autograd.Variable#of}.
 *
 * <p>Letters in shapes: N tokens or rows, C columns, H heads, G key and value heads, D head width, V vocabulary.
 */
package dev.hone.autograd;
