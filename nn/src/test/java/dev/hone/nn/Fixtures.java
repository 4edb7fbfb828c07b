package dev.hone.nn;

import dev.hone.core.ReferenceFiles;
import dev.hone.core.io.Safetensors;

/** {@link ReferenceFiles} with batches of a model. */
final class Fixtures extends ReferenceFiles {
  private Fixtures() {}

  /** The padded input of {@code io.safetensors} as ragged sequences. */
  static TokenBatch batch(Safetensors io, String prefix) {
    return TokenBatch.of(sequences(io, prefix, "input_ids"), sequences(io, prefix, "token_type_ids"));
  }
}
