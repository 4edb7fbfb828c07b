package dev.hone.nn;

import dev.hone.autograd.ActivationOps;
import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Activation;

/**
 * y = x · Wᵀ + b, or what an adapter in its slot makes of it. [N, in] -> [N, out].
 *
 * <p>The weight is [out, in], or [in, out] in GPT-2's Conv1D layers ({@link #isTransposed()} is false).
 */
public final class Linear implements Layer {
  private Parameter weight;
  private final Parameter bias;
  private final boolean transposed;
  private boolean shared;
  private LinearAdapter adapter;

  /**
   * A linear layer.
   *
   * @param weight [out, in] if {@code transposed}, else [in, out]
   * @param bias [out] or null
   */
  public Linear(Parameter weight, Parameter bias, boolean transposed) {
    this.weight = weight;
    this.bias = bias;
    this.transposed = transposed;
    if (weight.shape().rank() != 2 || bias != null && bias.shape().dim(0) != outputs()) {
      throw new IllegalArgumentException("Linear: weight " + weight.shape() + ", bias " + (bias == null ? "none" : bias.shape()));
    }
  }

  /** A layer without bias whose weight is a table, [out, in], that belongs to another layer: a tied head. */
  public static Linear sharing(Parameter table) {
    Linear linear = new Linear(table, null, true);
    linear.shared = true;
    return linear;
  }

  /** Whether the weight belongs to another layer. */
  public boolean isShared() {
    return shared;
  }

  /** Gives a layer with a shared weight one of its own with the same values; a mapped one is not even copied. */
  public void unshare() {
    if (shared) {
      weight = new Parameter("", weight.value().isReadOnly() ? weight.value() : weight.value().copy().keep(), false);
      shared = false;
    }
  }

  /** Puts another weight of its shape into the layer: one of its own, or another layer's. */
  public void setWeight(Parameter other, boolean ofOtherLayer) {
    if (!other.shape().equals(weight.shape())) {
      throw new IllegalArgumentException("Linear: weight " + weight.shape() + " cannot become " + other.shape());
    }
    weight = other;
    shared = ofOtherLayer;
  }

  /** The layer's result. */
  public Variable forward(Variable x, Pass pass) {
    return adapter == null ? base(x) : adapter.forward(x, this, pass);
  }

  /** activation(y). */
  public Variable forward(Variable x, Activation activation, Pass pass) {
    return adapter == null
        ? MatMulOps.linearActivation(x, weight, transposed, bias, activation)
        : ActivationOps.activation(activation, adapter.forward(x, this, pass));
  }

  /** x · Wᵀ + b, whatever adapter there is. */
  public Variable base(Variable x) {
    return transposed ? MatMulOps.linear(x, weight, bias) : MatMulOps.conv1d(x, weight, bias);
  }

  /** The weight. */
  public Parameter weight() {
    return weight;
  }

  /** The bias, or null. */
  public Parameter bias() {
    return bias;
  }

  /** Whether the weight is [out, in], the usual case. */
  public boolean isTransposed() {
    return transposed;
  }

  /** Number of inputs. */
  public int inputs() {
    return weight.shape().dim(transposed ? 1 : 0);
  }

  /** Number of outputs. */
  public int outputs() {
    return weight.shape().dim(transposed ? 0 : 1);
  }

  /** What is in the slot, or null. */
  public LinearAdapter adapter() {
    return adapter;
  }

  /** Puts an adapter in the slot, or empties it with null. */
  public void setAdapter(LinearAdapter adapter) {
    this.adapter = adapter;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("weight", shared ? null : weight);
    visitor.parameter("bias", bias);
    if (adapter != null) {
      visitor.adapter(adapter);
    }
  }
}
