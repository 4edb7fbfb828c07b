package dev.hone.nn;

/** What a model is for: which head stands on its backbone. */
public enum Task {
  /** Logits of classes, or one number, per sequence. */
  SEQUENCE_CLASSIFICATION,
  /** Logits of classes per token. */
  TOKEN_CLASSIFICATION,
  /** Logits of the next token, per token. */
  CAUSAL_LM,
  /** One vector per sequence. */
  EMBEDDING;

  /** Whether the head answers with labels. */
  public boolean hasLabels() {
    return this == SEQUENCE_CLASSIFICATION || this == TOKEN_CLASSIFICATION;
  }
}
