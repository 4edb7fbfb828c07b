package dev.hone.nn.encoder;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Embedding;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Distances as vectors that queries and keys are compared with (He and others 2020): q_i · K[δ(i, j)] and
 * k_j · Q[δ(i, j)], where K and Q are projections of a table of distances.
 *
 * @param table [2 · span, C], which all layers share
 * @param norm of its rows, or null
 * @param span half of the rows
 * @param buckets number of buckets for one side, or 0 where every distance has its row
 * @param farthest the distance that the last bucket ends at
 * @param keys the projection of distances for queries; null where queries are not compared with them
 * @param queries the projection of distances for keys; null where keys are not
 * @param scale factor of the products
 * @param dropout of the rows of the table
 */
public record Disentangled(Embedding table, LayerNorm norm, int span, int buckets, int farthest, Linear keys, Linear queries,
    float scale, float dropout) implements Relation {

  @Override
  public Variable scores(Variable q, Variable k, RelativeAttention attention, int layer, Pass pass) {
    int heads = q.shape().dim(0);
    int length = q.shape().dim(1);
    if (keys == null && queries == null) {
      return Variable.constant(q.value().emptyLike(1, 1, 1).fill(0));
    }
    Pass rows = pass.routes() == null ? pass : pass.withRoutes(filled(pass.routes()[0]));
    Variable distances = distances(layer, rows);
    Variable sum = null;
    if (keys != null) {
      Variable products = MatMulOps.matmul(q, turned(attention.byHead(keys.forward(distances, rows))));
      sum = GatherOps.gather(products, -1, places(heads, length, false), heads, length, length);
    }
    if (queries != null) {
      Variable products = MatMulOps.matmul(k, turned(attention.byHead(queries.forward(distances, rows))));
      Variable other = turned(GatherOps.gather(products, -1, places(heads, length, true), heads, length, length));
      sum = sum == null ? other : MathOps.add(sum, other);
    }
    return MathOps.mul(sum, scale);
  }

  private int[] filled(int route) {
    int[] routes = new int[2 * span];
    Arrays.fill(routes, route);
    return routes;
  }

  private Variable distances(int layer, Pass pass) {
    Variable rows = table.forward(IntStream.range(0, 2 * span).toArray(), pass);
    return pass.dropout(norm == null ? rows : norm.forward(rows), dropout, Pass.site("distances", layer));
  }

  private static Variable turned(Variable x) {
    return ShapeOps.transpose(x, -1, -2);
  }

  /** The row of the table for every pair, [H, T, T]: of query and key, or of key and query. */
  private int[] places(int heads, int length, boolean keysFirst) {
    int[] byDistance = new int[2 * length - 1];
    for (int distance = 1 - length; distance < length; distance++) {
      byDistance[distance + length - 1] = Math.clamp(bucket(distance) + span, 0, 2 * span - 1);
    }
    int[] places = new int[Math.multiplyExact(heads, Math.multiplyExact(length, length))];
    for (int i = 0; i < places.length; i++) {
      int row = i / length % length;
      int column = i % length;
      places[i] = byDistance[(keysFirst ? column - row : row - column) + length - 1];
    }
    return places;
  }

  /** The bucket of a distance, in the float32 arithmetic of the reference, which decides at the bounds. */
  int bucket(int distance) {
    int middle = buckets / 2;
    int size = Math.abs(distance);
    if (buckets == 0 || size <= middle) {
      return distance;
    }
    float share = (float) Math.log((float) size / middle) / (float) Math.log((float) ((double) (farthest - 1) / middle));
    return Integer.signum(distance) * ((int) Math.ceil(share * (middle - 1)) + middle);
  }
}
