package dev.hone.nn.decoder;

/** How attention and feed-forward layer of a decoder follow each other. */
public enum BlockOrder {
  /** h = x + norm(attention(norm(x))), y = h + norm(feedForward(norm(h))). */
  IN_TURN,
  /** y = x + attention(norm(x)) + feedForward(norm(x)). */
  PARALLEL,
  /** h = norm(x + attention(x)), y = norm(h + feedForward(h)), as in the first transformers. */
  NORM_OF_SUM
}
