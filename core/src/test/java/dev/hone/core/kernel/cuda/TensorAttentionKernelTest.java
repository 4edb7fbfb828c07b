package dev.hone.core.kernel.cuda;

import dev.hone.core.AttentionSpec;
import dev.hone.core.KeyBias;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Attention on the tensor cores, whose operands are rounded to BF16: so are the test's, but for the probabilities. */
class TensorAttentionKernelTest extends KernelTest {
  private static final double BF16 = 1e-2; // of the largest number
  private static final int TILE = 64;
  private static final int ALL = Integer.MAX_VALUE;

  /** Normal numbers that BF16 holds. */
  private static float[] halves(long stream, int n) {
    float[] x = normal(stream, n);
    for (int i = 0; i < n; i++) {
      x[i] = Float.intBitsToFloat(Float.floatToRawIntBits(x[i]) & 0xffff0000);
    }
    return x;
  }

  @ParameterizedTest
  @CsvSource({
      "2, 2, 64,  true,  0,  0, 0,   false, 0",
      "2, 1, 40,  false, 0,  0, 0,   false, 0",
      "2, 1, 33,  true,  70, 0, 0.2, false, 0",
      "1, 1, 128, true,  0,  3, 0,   false, 0",
      "2, 2, 100, false, 30, 0, 0,   true,  0",
      "2, 2, 24,  true,  20, 0, 0,   false, 40",
      "2, 1, 24,  true,  0,  0, 0,   false, -30"})
  void forward(int heads, int kvHeads, int d, boolean causal, int window, float softCap, float dropout, boolean biased,
      int moreKeys) {
    int[] queries = {0, 1, 1, 66, 110, 240};
    int[] keys = queries.clone();
    for (int s = 3; s < keys.length; s++) {
      keys[s] += moreKeys; // of sequence 2: some queries see nothing where there are less
    }
    int n = queries[queries.length - 1];
    int m = keys[keys.length - 1];
    int wide = heads * d;
    int narrow = kvHeads * d;
    AttentionSpec spec = new AttentionSpec(queries, keys, heads, kvHeads, d, 0.25f, causal, window == 0 ? ALL : window, softCap,
        dropout, dropout > 0 ? new Philox(7, 8) : null, biased ? new KeyBias(normal(1, heads * 140), 140) : null);
    float[] q = halves(2, n * (wide + 1));
    float[] kv = halves(3, m * (2 * narrow + 1));
    Tensor source = tensor(kv, m, 2 * narrow + 1);
    Tensor out = Tensor.zeros(n, wide);
    Tensor lse = Tensor.zeros(heads, n);
    CPU.attention().forward(spec, new Columns(tensor(q, n, wide + 1), 1, wide), new Columns(source, 0, narrow),
        new Columns(source, narrow + 1, narrow), Columns.of(out), lse);
    List<Integer> items = new ArrayList<>();
    for (int s = 0; s + 1 < queries.length; s++) {
      for (int first = 0; first < queries[s + 1] - queries[s]; first += TILE) {
        items.addAll(List.of(s, first));
      }
    }
    int[] pairs = items.stream().mapToInt(Integer::intValue).toArray();
    KernelRunner.Memory both = gpu.put(kv);
    KernelRunner.Memory result = gpu.room(n * wide);
    KernelRunner.Memory logs = gpu.room(heads * n);
    gpu.launch("attention_tensor", "hone_attention_forward_bf16_" + (d <= 64 ? 64 : 128), new int[] {pairs.length / 2, heads},
        128, 0, gpu.put(q).at(1), wide + 1, both.at(0), 2 * narrow + 1, both.at(narrow + 1), 2 * narrow + 1, result, wide, logs,
        gpu.put(queries), gpu.put(keys), gpu.put(pairs), n, heads / kvHeads, d, causal, spec.window(), 0.25f, softCap, dropout,
        7L, AttentionKernelTest.streams(spec), biased ? gpu.put(spec.keyBias().values()) : null, biased ? 140 : 0);
    near("out", out, result.floats(), BF16);
    near("lse", lse, logs.floats(), F32);
  }
}
