package dev.hone.nn;

import dev.hone.autograd.Parameter;

/** Walks over the parts of a model; knows the full name of where it is, such as {@code encoder.layer.0.output.dense}. */
public abstract class LayerVisitor {
  private String path = "";

  /** A visitor that stands at the root. */
  protected LayerVisitor() {}

  /** A part, under a name that may contain dots; an empty name adds nothing to the path. */
  public final void layer(String name, Layer layer) {
    String before = path;
    path = join(name);
    enter(path, layer);
    layer.visit(this);
    path = before;
  }

  /** A parameter of the current part; null is left out. */
  public final void parameter(String name, Parameter parameter) {
    if (parameter != null) {
      visit(join(name), parameter);
    }
  }

  /** The adapter in a slot of the current layer. Overridden by those who want to see the base model only. */
  public void adapter(Layer adapter) {
    adapter.visit(this);
  }

  /** Called for every part before its own parts. */
  protected void enter(String path, Layer layer) {}

  /** Called for every parameter. */
  protected void visit(String name, Parameter parameter) {}

  private String join(String name) {
    return path.isEmpty() ? name : name.isEmpty() ? path : path + "." + name;
  }
}
