package dev.hone.lora;

import dev.hone.nn.Linear;
import dev.hone.nn.LinearAdapter;

/** What a method puts into the slot of a linear layer. */
sealed interface LinearPiece extends LinearAdapter permits LoraLinear, TiedLora, DoraLinear, Ia3Linear, OftLinear,
    BottleneckLinear, TokenHead {
  /** Makes the layer's weights, which become F32, give what the layer gives with this piece. */
  void mergeInto(Linear base);

  /** Whether the table that a tied head shares is all that this piece makes of the head once its own piece is merged into it. */
  default boolean followsTable() {
    return false;
  }
}
