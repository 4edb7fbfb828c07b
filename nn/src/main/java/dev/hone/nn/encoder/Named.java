package dev.hone.nn.encoder;

import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;

/**
 * A part and what files call it within what it is a part of.
 *
 * @param name may contain dots
 */
public record Named<T extends Layer>(String name, T layer) {
  /** The part with its name, or null if there is no part. */
  public static <T extends Layer> Named<T> of(String name, T layer) {
    return layer == null ? null : new Named<>(name, layer);
  }

  /** Shows the part to a visitor, if there is one. */
  static void visit(Named<?> part, LayerVisitor visitor) {
    if (part != null) {
      visitor.layer(part.name, part.layer);
    }
  }
}
