package dev.hone.core;

/** The activations of feed-forward layers, which kernels fuse with what stands before them. */
public enum Activation {
  /** x. */
  NONE,
  /** max(x, 0). */
  RELU,
  /** x · Φ(x) with the exact normal distribution function, (1 + erf(x / √2)) / 2. */
  GELU,
  /** The approximation x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2. */
  GELU_TANH,
  /** x · sigmoid(x), also called swish. */
  SILU,
  /** Hyperbolic tangent. */
  TANH,
  /** 1 / (1 + e^-x). */
  SIGMOID
}
