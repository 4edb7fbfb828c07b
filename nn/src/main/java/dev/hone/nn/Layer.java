package dev.hone.nn;

/**
 * A part of a model that has parameters or parts that have. Its forward pass is a method of its own: layers differ in
 * what they take.
 */
public interface Layer {
  /** Shows the visitor every parameter and every part, by the names they have in files, always in the same order. */
  void visit(LayerVisitor visitor);
}
