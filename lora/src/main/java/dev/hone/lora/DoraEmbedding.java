package dev.hone.lora;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Embedding;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Pass;

/**
 * DoRA on a table of rows: row i becomes m / n ∘ (E[i] + scale · B · A[:, i]), where m and n are of its columns.
 *
 * @param lora what is added to E
 * @param magnitude m, [C]
 */
record DoraEmbedding(LoraEmbedding lora, DoraMagnitude magnitude) implements TablePiece {

  DoraEmbedding(LoraEmbedding lora, Embedding base) {
    this(lora, new DoraMagnitude(base.weight().value(), false, lora.a(), lora.b(), lora.scale()));
  }

  @Override
  public Variable forward(int[] ids, Embedding base, Pass pass) {
    return MathOps.mul(lora.forward(ids, base, pass), magnitude.factor(base.weight().value(), pass));
  }

  @Override
  public Tensor merged(Embedding base) {
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
