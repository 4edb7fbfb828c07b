package dev.hone.nn;

import dev.hone.autograd.Variable;
import dev.hone.core.Device;
import dev.hone.core.Tensor;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * While it is open, a model's mapped weights leave memory as soon as the layer that has read them is done: one pass over a model
 * that is larger than memory. Passes after it read the file again.
 *
 * {@snippet :
 * try (MappedPages _ = MappedPages.letGo(model)) {
 *   float[] logits = model.forward(batch, Pass.inference()).value().toFloatArray();
 * }
 * }
 */
public final class MappedPages implements AutoCloseable {
  private final List<Linear> layers = new ArrayList<>();

  private MappedPages() {}

  /** Begins for all linear layers of a model, with or without adapters, which nobody else may use meanwhile. */
  public static MappedPages letGo(PretrainedModel model) {
    MappedPages pages = new MappedPages();
    model.layers().values().forEach(layer -> {
      if (layer instanceof Linear linear && mapped(linear.weight().value()) != null) {
        linear.setAdapter(new Slot(linear.adapter()));
        pages.layers.add(linear);
      }
    });
    return pages;
  }

  /** Lets the pages of one weight leave memory, if it is mapped from a file: whoever reads it next reads the file again. */
  public static void letGo(Tensor weight) {
    MemorySegment bytes = mapped(weight);
    if (bytes != null) {
      bytes.unload();
    }
  }

  /** The bytes of a weight as a file has them; null if it is none of a file, as on devices with memory of their own. */
  private static MemorySegment mapped(Tensor weight) {
    if (!weight.isReadOnly() || !weight.device().equals(Device.CPU)) {
      return null;
    }
    MemorySegment bytes = weight.isQuantized() ? Quantized.in(weight).codes() : weight.segment();
    return bytes.isMapped() ? bytes : null;
  }

  @Override
  public void close() {
    layers.forEach(linear -> linear.setAdapter(((Slot) linear.adapter()).inner));
  }

  /** Does what was in the slot, or nothing, and lets the weight's pages go. */
  private record Slot(LinearAdapter inner) implements LinearAdapter {
    @Override
    public Variable forward(Variable x, Linear base, Pass pass) {
      Variable y = inner == null ? base.base(x) : inner.forward(x, base, pass);
      letGo(base.weight().value());
      return y;
    }

    @Override
    public void visit(LayerVisitor visitor) {
      if (inner != null) {
        inner.visit(visitor);
      }
    }
  }
}
