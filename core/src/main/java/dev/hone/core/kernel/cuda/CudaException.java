package dev.hone.core.kernel.cuda;

import dev.hone.core.HoneException;

/** A GPU or one of its libraries has refused something. The message says which call, with the library's own words. */
public final class CudaException extends HoneException {
  private static final long serialVersionUID = 1L;

  CudaException(String message) {
    super(message);
  }

  CudaException(String message, Throwable cause) {
    super(message, cause);
  }
}
