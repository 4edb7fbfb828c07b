package dev.hone.lora;

import dev.hone.core.Tensor;
import dev.hone.nn.Linear;
import dev.hone.nn.LinearAdapter;

/** What a method puts into the slot of a linear layer. */
sealed interface LinearPiece extends LinearAdapter permits LoraLinear, InvokedLora, TiedLora, DoraLinear, Ia3Linear, OftLinear,
    BottleneckLinear, TokenHead, VeraLinear, LohaLinear, AdaLoraLinear {
  /** The weight, F32 and fresh, with which the layer gives what it gives with this piece. */
  Tensor merged(Linear base);

  /** The bias that belongs to {@link #merged}, fresh; null if it is the layer's own. */
  default Tensor mergedBias(Linear base) {
    return null;
  }

  /** Whether there is a {@link #mergedBias}. */
  default boolean mergesBias(Linear base) {
    return false;
  }

  /** Makes the layer's weights, which become F32, give what the layer gives with this piece. */
  default void mergeInto(Linear base) {
    Tensor weight = merged(base).keep();
    Tensor bias = mergedBias(base);
    base.weight().setValue(weight);
    if (bias != null) {
      base.bias().setValue(bias.keep());
    }
  }

  /** Whether the table that a tied head shares is all that this piece makes of the head once its own piece is merged into it. */
  default boolean followsTable() {
    return false;
  }
}
