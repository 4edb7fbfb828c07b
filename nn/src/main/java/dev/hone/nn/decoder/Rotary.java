package dev.hone.nn.decoder;

import dev.hone.autograd.AttentionOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Device;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.nn.TokenBatch;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * Turns queries and keys by their positions. All layers of a model share one.
 *
 * <p>Implementation note: cosines and sines are in a table by position, which grows as longer sequences come. Where long
 * sequences have other frequencies their rows follow those of the short ones, and each sequence picks for itself, so a
 * batch gives what its sequences give alone.
 */
public final class Rotary {
  private static final int FIRST_TABLE = 64;

  private final Rope rope;
  private final boolean interleaved;
  private final Map<Device, Table> tables = new ConcurrentHashMap<>();

  /** With these frequencies. */
  public Rotary(Rope rope) {
    this(rope, false);
  }

  /**
   * With these frequencies.
   *
   * @param interleaved whether pairs that turn are neighbours, not a half apart
   */
  public Rotary(Rope rope, boolean interleaved) {
    this.rope = rope;
    this.interleaved = interleaved;
  }

  /** The frequencies. */
  public Rope rope() {
    return rope;
  }

  /** Whether pairs that turn are neighbours, not a half apart. */
  public boolean interleaved() {
    return interleaved;
  }

  private record Table(int length, Tensor cos, Tensor sin) {}

  /** x [N, heads · D] turned. */
  public Variable rotate(Variable x, int headDim, TokenBatch batch) {
    return rotate(x, headDim, batch, null);
  }

  /**
   * Some rows turned.
   *
   * @param x [M, heads · D]
   * @param some which rows of the batch they are, or null for all
   */
  public Variable rotate(Variable x, int headDim, TokenBatch batch, int[] some) {
    Table current = table(batch.extent(), x.value().device());
    int[] all = rows(batch, current.length);
    int[] rows = some == null ? all : IntStream.of(some).map(row -> all[row]).toArray();
    return AttentionOps.rotate(x, headDim, current.cos, current.sin, rows, interleaved);
  }

  private int[] rows(TokenBatch batch, int length) {
    if (rope.reach() == Integer.MAX_VALUE) {
      return batch.positions();
    }
    int[] rows = batch.positions().clone();
    for (int s = 0; s < batch.sequences(); s++) {
      int from = batch.offsets()[s];
      int to = batch.offsets()[s + 1];
      int extent = 0;
      for (int i = from; i < to; i++) {
        extent = Math.max(extent, rows[i] + 1);
      }
      for (int i = from; i < to && extent > rope.reach(); i++) {
        rows[i] += length;
      }
    }
    return rows;
  }

  private Table table(int extent, Device device) {
    Table current = tables.get(device);
    if (current == null || current.length < extent) {
      synchronized (this) {
        current = tables.get(device);
        if (current == null || current.length < extent) {
          int before = current == null ? 0 : current.length;
          current = compute(Math.max(FIRST_TABLE, Math.max(extent, before * 2)), device);
          tables.put(device, current);
        }
      }
    }
    return current;
  }

  private Table compute(int length, Device device) {
    int half = rope.near().length;
    int kinds = rope.reach() == Integer.MAX_VALUE ? 1 : 2;
    float[] cos = new float[Math.multiplyExact(kinds * length, half)];
    float[] sin = new float[cos.length];
    for (int row = 0; row < kinds * length; row++) {
      double[] angles = row < length ? rope.near() : rope.far();
      for (int i = 0; i < half; i++) {
        double angle = row % length * angles[i];
        cos[row * half + i] = (float) (Math.cos(angle) * rope.magnitude());
        sin[row * half + i] = (float) (Math.sin(angle) * rope.magnitude());
      }
    }
    Shape shape = Shape.of(kinds * length, half);
    return new Table(length, Tensor.persistent(device, shape).copyFrom(Tensor.of(cos, shape.toArray())),
        Tensor.persistent(device, shape).copyFrom(Tensor.of(sin, shape.toArray())));
  }
}
