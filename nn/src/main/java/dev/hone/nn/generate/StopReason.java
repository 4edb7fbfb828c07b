package dev.hone.nn.generate;

/** Why a generated sequence ended. */
public enum StopReason {
  /** The model gave a token that ends texts. */
  END_TOKEN,
  /** One of the stop strings came up. */
  STOP_STRING,
  /** As many tokens as were asked for. */
  LENGTH,
  /** The thread was interrupted. */
  INTERRUPTED
}
