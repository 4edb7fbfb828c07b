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
  private enum Mode { RECORDING, NOT_RECORDING, GENERATING }

  private static final ThreadLocal<Mode> MODE = new ThreadLocal<>(); // nothing: recording, and so no thread holds our class

  private final Mode before = MODE.get();

  private GradMode(Mode mode) {
    set(mode);
  }

  private static void set(Mode mode) {
    if (mode == null) {
      MODE.remove();
    } else {
      MODE.set(mode);
    }
  }

  /** Switches recording off on this thread until closed. */
  public static GradMode disabled() {
    return new GradMode(Mode.NOT_RECORDING);
  }

  /**
   * Switches gradients off for text that is written token by token: products of a few rows are taken in whatever order is
   * quickest, so that the last bits of a row may depend on how many rows there are. Otherwise they never do.
   */
  public static GradMode generating() {
    return new GradMode(Mode.GENERATING);
  }

  /** Switches recording on within a disabled stretch, as recomputation needs. */
  static GradMode enabled() {
    return new GradMode(Mode.RECORDING);
  }

  /** Whether operators record. */
  public static boolean isEnabled() {
    Mode mode = MODE.get();
    return mode == null || mode == Mode.RECORDING;
  }

  /** Whether text is written token by token. */
  public static boolean isGenerating() {
    return MODE.get() == Mode.GENERATING;
  }

  @Override
  public void close() {
    set(before);
  }
}
