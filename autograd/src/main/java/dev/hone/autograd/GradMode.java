package dev.hone.autograd;

/**
 * Whether operators of this thread record how to send gradients back.
 *
 * {@snippet :
 * try (GradMode _ = GradMode.disabled()) {
 *   Variable logits = model.forward(batch); // nothing is recorded
 * }
 * }
 */
public final class GradMode implements AutoCloseable {
  private static final ThreadLocal<Boolean> DISABLED = ThreadLocal.withInitial(() -> false);

  private final boolean before = DISABLED.get();

  private GradMode(boolean disabled) {
    DISABLED.set(disabled);
  }

  /** Switches recording off on this thread until closed. */
  public static GradMode disabled() {
    return new GradMode(true);
  }

  /** Switches recording on within a disabled stretch, as recomputation needs. */
  static GradMode enabled() {
    return new GradMode(false);
  }

  /** Whether operators record. */
  public static boolean isEnabled() {
    return !DISABLED.get();
  }

  @Override
  public void close() {
    DISABLED.set(before);
  }
}
