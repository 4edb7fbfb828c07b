package dev.hone.core;

/**
 * What Hone refuses or gives up on at run time: a model, an adapter, data, a run, memory. The message is one line that names
 * the place, the value, the rule and, if certain, the fix, so that a service can log or return it as it is.
 *
 * <p>Three things are deliberately not below it. Arguments that calling code got wrong are {@link IllegalArgumentException}s
 * ({@link ShapeException} among them), as in the JDK. Files that cannot be read at all are {@link java.io.IOException}s. The
 * tokenizer module depends on no other, so its root is {@code dev.hone.tokenizer.definition.TokenizerException}.
 */
public abstract class HoneException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the whole message. */
  protected HoneException(String message) {
    super(message);
  }

  /** With the whole message and what caused it, or null. */
  protected HoneException(String message, Throwable cause) {
    super(message, cause);
  }
}
