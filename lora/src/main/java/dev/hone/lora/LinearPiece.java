package dev.hone.lora;

import dev.hone.nn.Linear;
import dev.hone.nn.LinearAdapter;

/** What a method puts into the slot of a linear layer. */
sealed interface LinearPiece extends LinearAdapter permits LoraLinear, TiedLora, DoraLinear, Ia3Linear, OftLinear,
    BottleneckLinear {
  /** Makes the layer's weights, which become F32, give what the layer gives with this piece. */
  void mergeInto(Linear base);
}
