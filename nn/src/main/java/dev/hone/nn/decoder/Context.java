package dev.hone.nn.decoder;

import dev.hone.core.ShapeException;
import dev.hone.nn.TokenBatch;

/** The length that a decoder was made for. */
public final class Context {
  private Context() {}

  /** Throws if a sequence, with what a cache holds of it, is longer than the model takes. */
  public static void check(TokenBatch batch, int maxLength) {
    int extent = batch.extent();
    if (extent > maxLength) {
      throw new ShapeException("a sequence has " + extent + " tokens, the model takes " + maxLength
          + "; shorten it, or ask for fewer new tokens");
    }
  }
}
