package dev.hone.lora;

import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.KvCache;
import dev.hone.nn.Pass;
import java.lang.ref.WeakReference;
import java.util.function.Supplier;

/** A matrix that is made of weights, and kept for a generation, in which no weight changes. */
final class PerGeneration {
  private volatile Made made;

  private record Made(WeakReference<KvCache> generation, Tensor value) {}

  /** The matrix of a pass: that of the generation it belongs to, or a new one. */
  Variable of(Pass pass, Supplier<Variable> maker) {
    Made last = made;
    if (pass.cache() != null && last != null && last.generation.get() == pass.cache()) {
      return Variable.constant(last.value);
    }
    Variable own = maker.get();
    if (pass.cache() != null) {
      made = new Made(new WeakReference<>(pass.cache()), own.value().copy().keep());
    }
    return own;
  }
}
