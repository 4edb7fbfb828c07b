package dev.hone.tokenizer.definition;

/**
 * A tokenizer file that cannot be used, or a request a tokenizer cannot fulfil. The message says what
 * was being done, with which values, and which rule they break. It is the root of the module's exceptions: the module
 * depends on no other of Hone's, whose root is {@code dev.hone.core.HoneException}.
 */
public class TokenizerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An error with a full explanation. */
  public TokenizerException(String message) {
    super(message);
  }

  /** An error with a full explanation and what led to it. */
  public TokenizerException(String message, Throwable cause) {
    super(message, cause);
  }
}
