package dev.hone.nn.decoder;

import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import dev.hone.nn.RmsNorm;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.Weights;
import java.util.List;

/**
 * Self-attention with rotary positions: o(attention(rotate(norm(q)), rotate(norm(k)), v)). [N, C] -> [N, C].
 *
 * @param attention sizes and visibility
 * @param query the projection of queries, null where the three are fused
 * @param key of keys, likewise
 * @param value of values, likewise
 * @param fused all three in one, rows of q, k, v; or null
 * @param queryNorm normalises the queries of every head alone, or null
 * @param keyNorm the same for keys
 * @param output the projection back
 * @param rotary turns queries and keys
 */
public record RotaryAttention(MultiHeadAttention attention, Linear query, Linear key, Linear value, Linear fused,
    RmsNorm queryNorm, RmsNorm keyNorm, Linear output, Rotary rotary) implements Layer {

  /**
   * What differs between families.
   *
   * @param bias whether the projections of queries, keys and values have one
   * @param outputBias whether the projection back has one
   * @param fused whether the three are one projection
   * @param headNorm whether queries and keys are normalised
   * @param normOffset what is added to the weight of those norms
   * @param eps of those norms
   */
  public record Form(boolean bias, boolean outputBias, boolean fused, boolean headNorm, float normOffset, float eps) {}

  /** The layer with these weights; {@code at} is its name with a dot at its end. */
  public static RotaryAttention load(MultiHeadAttention attention, Form form, int width, Rotary rotary, String at,
      Weights weights) {
    int queries = attention.heads() * attention.headDim();
    int keys = attention.kvHeads() * attention.headDim();
    boolean apart = !form.fused();
    return new RotaryAttention(attention,
        apart ? weights.linear(at + "q_proj", width, queries, form.bias()) : null,
        apart ? weights.linear(at + "k_proj", width, keys, form.bias()) : null,
        apart ? weights.linear(at + "v_proj", width, keys, form.bias()) : null,
        apart ? null : weights.linear(at + "qkv_proj", width, queries + 2 * keys, form.bias()),
        form.headNorm() ? weights.rmsNorm(at + "q_norm", attention.headDim(), form.normOffset(), form.eps()) : null,
        form.headNorm() ? weights.rmsNorm(at + "k_norm", attention.headDim(), form.normOffset(), form.eps()) : null,
        weights.linear(at + "o_proj", queries, width, form.outputBias()), rotary);
  }

  /** The layer's result. */
  public Variable forward(Variable x, TokenBatch batch, Pass pass) {
    Variable q;
    Variable k;
    Variable v;
    if (fused == null) {
      q = query.forward(x, pass);
      k = key.forward(x, pass);
      v = value.forward(x, pass);
    } else {
      int keys = attention.kvHeads() * attention.headDim();
      List<Variable> parts = ShapeOps.split(fused.forward(x, pass), 1, attention.heads() * attention.headDim(), keys, keys);
      q = parts.get(0);
      k = parts.get(1);
      v = parts.get(2);
    }
    Variable turnedQ = turned(queryNorm, q, batch);
    Variable turnedK = turned(keyNorm, k, batch);
    Variable mixed = attention.forward(turnedQ, turnedK, v, batch, pass);
    turnedQ.spent();
    turnedK.spent();
    if (fused == null) {
      v.spent();
    }
    Variable y = output.forward(mixed, pass);
    mixed.spent();
    return y;
  }

  private Variable turned(RmsNorm norm, Variable x, TokenBatch batch) {
    Variable normed = x;
    if (norm != null) {
      normed = norm.forward(x);
    }
    Variable turned = rotary.rotate(normed, attention.headDim(), batch);
    if (norm != null) {
      normed.spent();
    }
    if (fused == null) { // parts of one projection may lie in the same memory
      x.spent();
    }
    return turned;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    if (fused == null) {
      visitor.layer("q_proj", query);
      visitor.layer("k_proj", key);
      visitor.layer("v_proj", value);
    } else {
      visitor.layer("qkv_proj", fused);
    }
    if (queryNorm != null) {
      visitor.layer("q_norm", queryNorm);
      visitor.layer("k_norm", keyNorm);
    }
    visitor.layer("o_proj", output);
  }
}
