package dev.hone.lora;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Embedding;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Pass;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Some rows of a table with values of their own: row ids[i] becomes D[i], whatever the table has there.
 *
 * @param ids K numbers of rows, each once
 * @param rows D, [K, C]; at first what the table has
 */
record TokenRows(List<Integer> ids, Parameter rows) implements TablePiece {
  /** What files call D, behind the name of the table. */
  static final String NAME = "token_adapter.trainable_tokens_delta";

  static TokenRows of(List<Integer> ids, Tensor table) {
    return new TokenRows(ids, new Parameter("", own(ids, table), true));
  }

  /** The rows as they are. */
  static Tensor own(List<Integer> ids, Tensor table) {
    int width = table.dim(1);
    float[] values = new float[ids.size() * width];
    for (int i = 0; i < ids.size(); i++) {
      table.read((long) ids.get(i) * width, width, values, i * width);
    }
    return Tensor.of(values, ids.size(), width);
  }

  @Override
  public Variable forward(int[] tokens, Embedding base, Pass pass) {
    Map<Integer, Integer> places = new HashMap<>();
    for (int i = 0; i < ids.size(); i++) {
      places.put(ids.get(i), tokens.length + i);
    }
    int[] from = new int[tokens.length];
    for (int i = 0; i < from.length; i++) {
      from[i] = places.getOrDefault(tokens[i], i);
    }
    Variable own = base.scale() == 1 ? rows : MathOps.mul(rows, base.scale());
    return GatherOps.rows(ShapeOps.cat(0, List.of(base.base(tokens), own)), from);
  }

  @Override
  public Tensor merged(Embedding base) {
    return merged(base.weight().value());
  }

  /** A table with these rows in it, as a fresh tensor. */
  Tensor merged(Tensor table) {
    float[] values = table.toFloatArray();
    float[] own = rows.value().toFloatArray();
    int width = table.dim(1);
    for (int i = 0; i < ids.size(); i++) {
      System.arraycopy(own, i * width, values, ids.get(i) * width, width);
    }
    return Tensor.of(values, table.dim(0), width);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter(NAME, rows);
  }
}
