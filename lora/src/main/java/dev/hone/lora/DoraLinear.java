package dev.hone.lora;

import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;

/**
 * DoRA: LoRA whose outputs have trained sizes, y = m / n · (x · (W + scale · B · A)ᵀ) + bias with n the norms of the rows of
 * W + scale · B · A, which count as constants in the backward pass. Source: Liu and others 2024.
 *
 * @param lora what is added to W
 * @param magnitude m
 */
record DoraLinear(LoraLinear lora, DoraMagnitude magnitude) implements LinearPiece {

  DoraLinear(LoraLinear lora, Linear base) {
    this(lora, new DoraMagnitude(base.weight().value(), base.isTransposed(), lora.a(), lora.b(), lora.scale()));
  }

  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    Variable dropped = pass.adapterDropout(x, lora.dropout(), lora.site());
    Variable factor = magnitude.factor(base.weight().value(), pass);
    Variable product = product(dropped, base);
    Variable adapted = MathOps.mul(LoraOps.addLowRank(product, dropped, lora.a(), lora.b(), lora.scale()), factor);
    if (dropped != x) { // PEFT leaves the base's own product without dropout: x · Wᵀ + (m / n - 1) · x' · Wᵀ + ...
      adapted = MathOps.add(adapted, MathOps.sub(product(x, base), product(dropped, base)));
    }
    return base.bias() == null ? adapted : MathOps.add(adapted, base.bias());
  }

  private static Variable product(Variable x, Linear base) {
    return base.isTransposed() ? MatMulOps.linear(x, base.weight(), null) : MatMulOps.conv1d(x, base.weight(), null);
  }

  @Override
  public float dropout() {
    return lora.dropout();
  }

  @Override
  public Tensor merged(Linear base) {
    Tensor merged = lora.merged(base);
    magnitude.scale(merged, base.weight().value());
    return merged;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    lora.visit(visitor);
    visitor.parameter("lora_magnitude_vector", magnitude.parameter());
  }
}
