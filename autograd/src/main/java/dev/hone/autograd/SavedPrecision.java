package dev.hone.autograd;

import dev.hone.core.Scope;
import dev.hone.core.kernel.Kernels;

/**
 * How exactly operators of this thread save what their backward passes need. Rounded to BF16 it takes half the memory; the
 * forward pass keeps every bit, gradients are those of numbers that are up to a 256th off.
 *
 * {@snippet :
 * Variable loss;
 * try (SavedPrecision _ = SavedPrecision.bf16()) {
 *   loss = model.loss(batch);
 * }
 * loss.backward();
 * }
 *
 * <p>It is for what a {@link Block} on the CPU made and operators call {@link Variable#roundable}. Weights, statistics and
 * gradients are never rounded.
 */
public final class SavedPrecision implements AutoCloseable {
  private static final ThreadLocal<Boolean> BF16 = new ThreadLocal<>(); // nothing: as they are

  private final Boolean before = BF16.get();

  private SavedPrecision() {}

  /** Rounds what this thread saves to BF16 until closed. */
  public static SavedPrecision bf16() {
    SavedPrecision precision = new SavedPrecision();
    BF16.set(true);
    return precision;
  }

  static boolean isBf16() {
    return BF16.get() != null;
  }

  /** A scope for a part of a computation, which rounds what outlives it if this thread does. */
  static Scope block() {
    return isBf16() ? Scope.block(Kernels.active().gather().halfFloats()) : Scope.block();
  }

  @Override
  public void close() {
    if (before == null) {
      BF16.remove();
    }
  }
}
