package dev.hone.nn;

import dev.hone.core.HoneException;

/** A model directory that cannot be used; the message says which file, what is wrong, and what is known. */
public final class ModelException extends HoneException {
  private static final long serialVersionUID = 1L;

  /** With the whole message. */
  public ModelException(String message) {
    super(message);
  }

  /** With the whole message and what caused it, or null. */
  public ModelException(String message, Throwable cause) {
    super(message, cause);
  }

  /** What it means when reading mapped weights fails: the JVM says so by an error; other errors are thrown as they are. */
  static ModelException cutShort(InternalError e) {
    if (!String.valueOf(e.getMessage()).contains("unsafe memory access")) {
      throw e;
    }
    return new ModelException("the file of the model's weights was cut short or its disk failed while it was in use; load the "
        + "model again, and replace its files by renaming others to their names", e);
  }
}
