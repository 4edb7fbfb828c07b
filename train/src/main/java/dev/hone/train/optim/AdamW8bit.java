package dev.hone.train.optim;

import dev.hone.core.HostArray;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Workers;

/**
 * AdamW whose means take a byte per element (Dettmers and others 2022): blocks of 256 elements are scaled by their largest
 * and rounded to the nearest entry of a table that is fine near 0. Parameters of fewer than 4096 elements keep full means.
 *
 * @param beta1 decay of the mean of gradients
 * @param beta2 decay of the mean of squares
 * @param eps added to the root of the mean of squares
 */
public record AdamW8bit(double beta1, double beta2, double eps) implements UpdateRule {
  private static final int BLOCK = 256;
  private static final int SMALLEST = 4096;
  private static final ByteTable SIGNED = ByteTable.signed();
  private static final ByteTable UNSIGNED = ByteTable.unsigned();

  @Override
  public double bytesPerElement() {
    return 2.1; // codes, a scale for each block, and some small parameters whole
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    Tensor value = state.parameter().value();
    int n = value.shape().length();
    if (n < SMALLEST) {
      new AdamW(beta1, beta2, eps).update(state, gradient, rate, decay, scale);
      return;
    }
    int blocks = Math.ceilDiv(n, BLOCK);
    byte[] firsts = state.bytes("exp_avg", n, SIGNED.zero());
    byte[] seconds = state.bytes("exp_avg_sq", n, UNSIGNED.zero());
    float[] firstScales = state.numbers("exp_avg_scale", 0, Shape.of(blocks));
    float[] secondScales = state.numbers("exp_avg_sq_scale", 0, Shape.of(blocks));
    float b1 = (float) beta1;
    float rest1 = (float) (1 - beta1);
    float b2 = (float) beta2;
    float rest2 = (float) (1 - beta2);
    float size = (float) (rate / (1 - Math.pow(beta1, state.step())));
    float root = (float) (1 / Math.sqrt(1 - Math.pow(beta2, state.step())));
    float keep = (float) (1 - rate * decay);
    float small = (float) eps;
    try (HostArray weights = value.onHost(HostArray.Access.READ_WRITE);
        HostArray slopes = gradient.onHost(HostArray.Access.READ)) {
      float[] p = weights.array();
      float[] g = slopes.array();
      Workers.ranges(blocks, 64, (from, to) -> {
        float[] m = new float[BLOCK];
        float[] v = new float[BLOCK];
        for (int block = from; block < to; block++) {
          int start = block * BLOCK;
          int length = Math.min(BLOCK, n - start);
          SIGNED.read(firsts, start, length, firstScales[block], m);
          UNSIGNED.read(seconds, start, length, secondScales[block], v);
          int pi = weights.offset() + start;
          int gi = slopes.offset() + start;
          for (int i = 0; i < length; i++) {
            float x = scale * g[gi + i];
            m[i] = b1 * m[i] + rest1 * x;
            v[i] = b2 * v[i] + rest2 * x * x;
            p[pi + i] = keep * p[pi + i] - size * m[i] / ((float) Math.sqrt(v[i]) * root + small);
          }
          firstScales[block] = SIGNED.write(m, length, firsts, start);
          secondScales[block] = UNSIGNED.write(v, length, seconds, start);
        }
      });
    }
  }
}
