package dev.hone.core;

/** Operands that do not fit together. The message names the operation, the shapes, the rule and, if certain, the fix. */
public final class ShapeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** With the whole message: {@code "matmul: inner sizes differ: lhs [2, 3] has 3, rhs [4, 5] has 4"}. */
  public ShapeException(String message) {
    super(message);
  }
}
