package dev.hone.nn.encoder;

import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Embedding;
import dev.hone.nn.Pass;

/**
 * A number per head and bucket of distances (Raffel and others 2019). Before and after a token have half the buckets each: of
 * those one for each short distance, and growing ones for the others.
 *
 * @param table [BUCKETS or more, H], which all layers share
 */
public record BucketedBias(Embedding table) implements Relation {
  /** How many buckets there are, whatever the table has. */
  public static final int BUCKETS = 32;

  private static final int SIDE = BUCKETS / 2;
  private static final int EXACT = SIDE / 2;
  private static final int FARTHEST = 128;

  @Override
  public Variable scores(Variable q, Variable k, RelativeAttention attention, int layer, Pass pass) {
    int length = q.shape().dim(1);
    int[] buckets = new int[length * length];
    for (int i = 0; i < length; i++) {
      for (int j = 0; j < length; j++) {
        buckets[i * length + j] = bucket(j - i);
      }
    }
    Variable rows = table.forward(buckets, pass);
    return ShapeOps.permute(ShapeOps.reshape(rows, length, length, rows.shape().dim(1)), 2, 0, 1);
  }

  /** The bucket of a key's distance from its query, in the float32 arithmetic of the reference, which decides at the bounds. */
  static int bucket(int distance) {
    int side = distance > 0 ? SIDE : 0;
    int size = Math.abs(distance);
    if (size < EXACT) {
      return side + size;
    }
    float share = (float) Math.log((float) size / EXACT) / (float) Math.log((double) FARTHEST / EXACT);
    return side + Math.min(SIDE - 1, EXACT + (int) (share * (SIDE - EXACT)));
  }
}
