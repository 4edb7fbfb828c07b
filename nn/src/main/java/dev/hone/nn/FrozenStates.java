package dev.hone.nn;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** What layers that nothing changes make of sequences: computed before, or once for all passes that ask. */
public interface FrozenStates {
  /** How many layers these are, from the first on, with the embeddings. */
  int depth();

  /**
   * What goes into the layer behind them.
   *
   * @param backbone whose layers they are
   * @param rows those of the batch that are asked for, ascending; null for all
   * @return [N, C], or [M, C] of the rows
   */
  Variable of(Backbone backbone, TokenBatch batch, int[] rows);

  /**
   * How many layers of a backbone have nothing that is trained, nor have those before them and the embeddings.
   *
   * @param layers in their order
   * @param behind what comes behind the last, null for what is not there
   */
  static int depth(Backbone backbone, List<? extends Layer> layers, Layer... behind) {
    Set<Parameter> others = trained(backbone);
    int depth = layers.size();
    for (int i = layers.size() - 1; i >= 0; i--) {
      Set<Parameter> own = trained(layers.get(i));
      depth = own.isEmpty() ? depth : i;
      others.removeAll(own);
    }
    for (Layer layer : behind) {
      if (layer != null) {
        others.removeAll(trained(layer));
      }
    }
    return others.isEmpty() ? depth : 0; // embeddings, or what several layers look at
  }

  private static Set<Parameter> trained(Layer layer) {
    Set<Parameter> found = Collections.newSetFromMap(new IdentityHashMap<>());
    new LayerVisitor() {
      @Override
      protected void visit(String name, Parameter parameter) {
        if (parameter.requiresGradient()) {
          found.add(parameter);
        }
      }
    }.layer("", layer);
    return found;
  }
}
