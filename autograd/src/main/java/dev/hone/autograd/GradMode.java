package dev.hone.autograd;

import java.util.function.Consumer;

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
  private record Mode(boolean recording, boolean generating, Consumer<Parameter> noting) {}

  private static final Mode RECORDING = new Mode(true, false, null);
  private static final Mode NOT_RECORDING = new Mode(false, false, null);
  private static final Mode GENERATING = new Mode(false, true, null);
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
    return new GradMode(NOT_RECORDING);
  }

  /**
   * Switches gradients off for text that is written token by token: products of a few rows are taken in whatever order is
   * quickest, so that the last bits of a row may depend on how many rows there are. Otherwise they never do.
   */
  public static GradMode generating() {
    return new GradMode(GENERATING);
  }

  /** Switches recording on within a disabled stretch, as recomputation needs. */
  static GradMode enabled() {
    return new GradMode(RECORDING);
  }

  /** Switches recording off for a part that is computed again later, and is told which trainable parameters operators use. */
  static GradMode noting(Consumer<Parameter> used) {
    return new GradMode(new Mode(false, false, used));
  }

  /** Says what an operator has for inputs, if somebody wants to know. */
  static void note(Variable... inputs) {
    Mode mode = MODE.get();
    if (mode != null && mode.noting != null) {
      for (Variable input : inputs) {
        if (input instanceof Parameter parameter && parameter.requiresGradient()) {
          mode.noting.accept(parameter);
        }
      }
    }
  }

  /** Whether operators record. */
  public static boolean isEnabled() {
    Mode mode = MODE.get();
    return mode == null || mode.recording;
  }

  /** Whether text is written token by token. */
  public static boolean isGenerating() {
    Mode mode = MODE.get();
    return mode != null && mode.generating;
  }

  @Override
  public void close() {
    set(before);
  }
}
