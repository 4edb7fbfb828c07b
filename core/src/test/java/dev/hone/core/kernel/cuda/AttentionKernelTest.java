package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.hone.core.AttentionSpec;
import dev.hone.core.KeyBias;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.KeyPages;
import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Attention forward and backward; queries, keys and values are columns of one matrix. */
class AttentionKernelTest extends KernelTest {
  private static final String FAMILY = "attention";
  private static final int TILE = 16;
  private static final int ALL = Integer.MAX_VALUE;
  private static final int[] SEQUENCES = {0, 1, 1, 20, 36, 75}; // of 1, 0, 19, 16 and 39

  /** Pairs of a sequence and the first row of a tile. */
  private static int[] items(int[] offsets) {
    List<Integer> items = new ArrayList<>();
    for (int s = 0; s + 1 < offsets.length; s++) {
      for (int first = 0; first < offsets[s + 1] - offsets[s]; first += TILE) {
        items.add(s);
        items.add(first);
      }
    }
    return items.stream().mapToInt(Integer::intValue).toArray();
  }

  private static String most(int d) {
    return d <= 64 ? "_64" : d <= 128 ? "_128" : "_256";
  }

  private static long seed(AttentionSpec spec) {
    return spec.random() == null ? 0 : spec.random().seed();
  }

  /** Of each sequence, in halves. */
  static KernelRunner.Memory streams(AttentionSpec spec) {
    return spec.random() == null ? null : gpu.put(IntStream.range(0, spec.sequences()).mapToLong(s -> spec.random(s).stream())
        .flatMap(x -> LongStream.of(x, x >>> 32)).mapToInt(x -> (int) x).toArray());
  }

  private static KernelRunner.Memory bias(AttentionSpec spec) {
    return spec.keyBias() == null ? null : gpu.put(spec.keyBias().values());
  }

  private static int biasLength(AttentionSpec spec) {
    return spec.keyBias() == null ? 0 : spec.keyBias().length();
  }

  @ParameterizedTest
  @CsvSource({
      "4, 2, 8,   true,  0,  0, 0,   false",
      "2, 2, 64,  false, 0,  0, 0,   false",
      "2, 1, 100, true,  7,  0, 0.2, false",
      "3, 3, 20,  false, 5,  0, 0,   false",
      "4, 1, 33,  true,  0,  3, 0.3, false",
      "2, 2, 12,  true,  17, 0, 0,   true",
      "1, 1, 200, true,  0,  2, 0,   false"})
  void forwardAndBackward(int heads, int kvHeads, int d, boolean causal, int window, float softCap, float dropout,
      boolean biased) {
    check(SEQUENCES, SEQUENCES, heads, kvHeads, d, causal, window == 0 ? ALL : window, softCap, dropout, biased);
  }

  @Test
  void moreKeysThanQueriesAndQueriesThatSeeNothing() {
    int[] keys = {0, 40, 40, 60, 65, 110};
    check(SEQUENCES, keys, 2, 1, 24, true, ALL, 0, 0, false);
    check(SEQUENCES, keys, 2, 2, 24, true, 9, 0, 0.1f, false);
    check(SEQUENCES, keys, 2, 2, 24, false, 3, 0, 0, false);
  }

  @Test
  void aProbabilityIsDroppedBelowTheShareAndStaysAtIt() {
    Philox random = new Philox(3, 4);
    float share = random.uniform(0); // what the only probability draws
    for (float dropout : new float[] {share, Math.nextUp(share)}) {
      KernelRunner.Memory out = gpu.room(1);
      KernelRunner.Memory one = gpu.put(new float[] {2});
      gpu.launch(FAMILY, "hone_attention_forward_64", new int[] {1, 1}, 64, (32 * 2 + 272) * 4, one, 1, one, 1, one, 1, out, 1,
          null, gpu.put(new int[] {0, 1}), gpu.put(new int[] {0, 1}), gpu.put(new int[] {0, 0}), 1, 1, 1, true, ALL, 1f, 0f,
          dropout, 3L, gpu.put(new int[] {4, 0}), null, 0, null, null, 0);
      near("out", new float[] {dropout == share ? 2 / (1 - share) : 0}, out.floats(), F32);
    }
  }

  private void check(int[] queries, int[] keys, int heads, int kvHeads, int d, boolean causal, int window, float softCap,
      float dropout, boolean biased) {
    int n = queries[queries.length - 1];
    int m = keys[keys.length - 1];
    KeyBias bias = biased ? new KeyBias(normal(5, heads * 50), 50) : null;
    AttentionSpec spec = new AttentionSpec(queries, keys, heads, kvHeads, d, 0.6f, causal, window, softCap, dropout,
        dropout > 0 ? new Philox(99, 1L << 33) : null, bias);
    int wide = heads * d;
    int narrow = kvHeads * d;
    int stride = 2 * narrow + 3;
    float[] q = normal(1, n * (wide + 2));
    float[] kv = normal(2, m * stride);
    Columns qs = new Columns(tensor(q, n, wide + 2), 1, wide);
    Columns ks = new Columns(tensor(kv, m, stride), 0, narrow);
    Columns vs = new Columns(tensor(kv, m, stride), narrow + 3, narrow);
    Tensor out = Tensor.zeros(n, wide + 1);
    Tensor lse = Tensor.zeros(heads, n);
    CPU.attention().forward(spec, qs, ks, vs, new Columns(out, 1, wide), lse);

    KernelRunner.Memory gq = gpu.put(q);
    KernelRunner.Memory gkv = gpu.put(kv);
    KernelRunner.Memory gOut = gpu.put(new float[n * (wide + 1)]);
    KernelRunner.Memory gLse = gpu.room(heads * n);
    KernelRunner.Memory gQueries = gpu.put(queries);
    KernelRunner.Memory gKeys = gpu.put(keys);
    int[] items = items(queries);
    gpu.launch(FAMILY, "hone_attention_forward" + most(d), new int[] {items.length / 2, heads}, 64, (32 * (d + 1) + 272) * 4,
        gq.at(1), wide + 2, gkv.at(0), stride, gkv.at(narrow + 3), stride, gOut.at(1), wide + 1, gLse, gQueries, gKeys,
        gpu.put(items), n, heads / kvHeads, d, causal, window, 0.6f, softCap, dropout, seed(spec), streams(spec), bias(spec),
        biasLength(spec), null, null, 0);
    near("out", out, gOut.floats(), F32);
    near("lse", lse, gLse.floats(), F32);

    float[] dOut = normal(3, n * wide);
    Tensor dq = Tensor.zeros(n, wide);
    Tensor dkv = Tensor.zeros(m, stride);
    CPU.attention().backward(spec, qs, ks, vs, new Columns(out, 1, wide), lse, Columns.of(tensor(dOut, n, wide)), Columns.of(dq),
        new Columns(dkv, 0, narrow), new Columns(dkv, narrow + 3, narrow));
    KernelRunner.Memory gdOut = gpu.put(dOut);
    KernelRunner.Memory delta = gpu.room(heads * n);
    gpu.launch(FAMILY, "hone_attention_delta", new int[] {(n + 7) / 8, heads}, 256, 0, gdOut, wide, gOut.at(1), wide + 1, delta,
        n, d);
    KernelRunner.Memory gdq = gpu.room(n * wide);
    gpu.launch(FAMILY, "hone_attention_dq" + most(d), new int[] {items.length / 2, heads}, 64, (64 * (d + 1) + 272) * 4, gq.at(1),
        wide + 2, gkv.at(0), stride, gkv.at(narrow + 3), stride, gdOut, wide, gLse, delta, gdq, wide, gQueries, gKeys,
        gpu.put(items), n, heads / kvHeads, d, causal, window, 0.6f, softCap, dropout, seed(spec), streams(spec), bias(spec),
        biasLength(spec));
    near("dq", dq, gdq.floats(), F32);
    KernelRunner.Memory gdkv = gpu.put(new float[m * stride]);
    int[] keyItems = items(keys);
    gpu.launch(FAMILY, "hone_attention_dkv" + most(d), new int[] {keyItems.length / 2, kvHeads}, 64, (64 * (d + 1) + 544) * 4,
        gq.at(1), wide + 2, gkv.at(0), stride, gkv.at(narrow + 3), stride, gdOut, wide, gLse, delta, gdkv.at(0), stride,
        gdkv.at(narrow + 3), stride, gQueries, gKeys, gpu.put(keyItems), n, heads / kvHeads, d, causal, window, 0.6f, softCap,
        dropout, seed(spec), streams(spec), bias(spec), biasLength(spec));
    near("dkv", dkv, gdkv.floats(), F32);
    gpu.release();
  }

  @Test
  void keysThatLieInPages() {
    int heads = 4;
    int kvHeads = 2;
    int d = 10;
    int[] queries = {0, 1, 4, 5};
    int[] keys = {0, 21, 30, 36};
    int[][] pages = {{5, 2, 7, 0, 1, 3}, {8, 2, 4}, {6, 5}}; // of 4 keys; one is shared
    float[] q = normal(6, 5 * heads * d);
    float[] k = normal(7, 36 * kvHeads * d);
    float[] v = normal(8, 36 * kvHeads * d);
    AttentionSpec spec = new AttentionSpec(queries, keys, heads, kvHeads, d, 0.3f, true, 15, 0, 0, null);
    Tensor out = Tensor.empty(5, heads * d);
    CPU.attention().forward(spec, Columns.of(tensor(q, 5, heads * d)), new KeyPages(tensor(k, 36, kvHeads * d),
        tensor(v, 36, kvHeads * d), pages, 4), Columns.of(out));
    KernelRunner.Memory result = gpu.room(5 * heads * d);
    int[] items = items(queries);
    gpu.launch(FAMILY, "hone_attention_forward_64", new int[] {items.length / 2, heads}, 64, (32 * (d + 1) + 272) * 4, gpu.put(q),
        heads * d, gpu.put(k), kvHeads * d, gpu.put(v), kvHeads * d, result, heads * d, null, gpu.put(queries), gpu.put(keys),
        gpu.put(items), 5, 2, d, true, 15, 0.3f, 0f, 0f, 0L, null, null, 0,
        gpu.put(new int[] {5, 2, 7, 0, 1, 3, 8, 2, 4, 6, 5}), gpu.put(new int[] {0, 6, 9}), 4);
    near("out", out, result.floats(), F32);
  }

  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "false, true", "true, true"})
  void rotation(boolean neighbours, boolean inverse) {
    int rows = 7;
    int heads = 3;
    int d = 22;
    int half = 8;
    float[] x = normal(9, rows * (heads * d + 4));
    float[] cos = normal(10, 12 * half);
    float[] sin = normal(11, 12 * half);
    int[] positions = {0, 3, 11, 3, 5, 1, 2};
    Tensor in = tensor(x, rows, heads * d + 4);
    Columns columns = new Columns(in, 3, heads * d);
    CPU.attention().rotate(columns, d, tensor(cos, 12, half), tensor(sin, 12, half), positions, neighbours, inverse, columns);
    long n = (long) rows * heads * (d - half);
    KernelRunner.Memory both = gpu.put(x);
    gpu.each(FAMILY, "hone_rotate", n, both.at(3), heads * d + 4, heads, d, half, gpu.put(cos), gpu.put(sin), gpu.put(positions),
        inverse ? -1f : 1f, neighbours, both.at(3), heads * d + 4, n);
    near("in place", in, both.floats(), F32);
    KernelRunner.Memory apart = gpu.put(x);
    KernelRunner.Memory source = gpu.put(x);
    gpu.each(FAMILY, "hone_rotate", n, source.at(3), heads * d + 4, heads, d, half, gpu.put(cos), gpu.put(sin),
        gpu.put(positions), inverse ? -1f : 1f, neighbours, apart.at(3), heads * d + 4, n);
    near("to another place", in, apart.floats(), F32);
    assertArrayEquals(x, source.floats());
  }
}
