package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.hone.core.Activation;
import dev.hone.core.DType;
import dev.hone.core.kernel.scalar.ScalarActivationLoops;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Products against sums in float64 of what the kernel reads: rounded to BF16 or TF32 where it rounds. */
class MatMulKernelTest extends KernelTest {
  private static final String FAMILY = "matmul";

  /** The kinds of tiled products. */
  enum Kind {
    F32("hone_matmul_f32", 64, 16),
    BF16("hone_matmul_bf16", 128, 32),
    TF32("hone_matmul_tf32", 128, 16);

    private final String entry;
    private final int tile;
    private final int depth;

    Kind(String entry, int tile, int depth) {
      this.entry = entry;
      this.tile = tile;
      this.depth = depth;
    }

    /** What is multiplied for a number. */
    float read(float x) {
      return switch (this) {
        case F32 -> x;
        case BF16 -> Float.intBitsToFloat(bf16(x) << 16);
        case TF32 -> Float.intBitsToFloat(Float.floatToRawIntBits(x) + 0x1000 & 0xffffe000);
      };
    }
  }

  private static int bf16(float x) {
    int bits = Float.floatToRawIntBits(x);
    return bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
  }

  private int m;
  private int n;
  private int k;
  private boolean transA;
  private boolean transB;
  private boolean accumulate;
  private float scale = 1;
  private float[] bias;
  private Activation activation = Activation.NONE;
  private DType type = DType.F32;

  private float[] c;
  private float[] pre;

  /** The number that a weight of the type stands for. */
  private float weight(float x) {
    return switch (type) {
      case BF16 -> Float.intBitsToFloat(bf16(x) << 16);
      case F16 -> Float.float16ToFloat(Float.floatToFloat16(x));
      default -> x;
    };
  }

  private Object stored(float[] b) {
    if (type == DType.F32) {
      return b;
    }
    short[] halves = new short[b.length];
    for (int i = 0; i < b.length; i++) {
      halves[i] = type == DType.BF16 ? (short) bf16(b[i]) : Float.floatToFloat16(b[i]);
    }
    return halves;
  }

  private void expect(Kind kind, float[] a, float[] b, float[] start) {
    c = new float[m * n];
    pre = new float[m * n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int l = 0; l < k; l++) {
          sum += (double) kind.read(a[transA ? l * m + i : i * k + l]) * kind.read(weight(b[transB ? j * k + l : l * n + j]));
        }
        pre[i * n + j] = (float) (scale * sum + (accumulate ? start[i * n + j] : 0) + (bias == null ? 0 : bias[j]));
        c[i * n + j] = ScalarActivationLoops.value(activation, pre[i * n + j]);
      }
    }
  }

  private void check(Kind kind) {
    float[] a = normal(1, m * k);
    float[] b = normal(2, k * n);
    float[] start = normal(3, m * n);
    expect(kind, a, b, start);
    KernelRunner.Memory out = gpu.put(start);
    KernelRunner.Memory before = gpu.room(m * n);
    gpu.launch(FAMILY, kind.entry, new int[] {(n + kind.tile - 1) / kind.tile, (m + kind.tile - 1) / kind.tile, 1}, 256, 0,
        gpu.put(a), transA ? m : k, transA, 0L, gpu.put(stored(b)), type, transB ? k : n, transB, 0L, out, n, 0L, m, n, k,
        accumulate, scale, bias == null ? null : gpu.put(bias), activation, before);
    near("c", c, out.floats(), F32);
    near("pre", pre, before.floats(), F32);
  }

  @ParameterizedTest
  @EnumSource
  void everyWayOfStoringTheOperands(Kind kind) {
    m = kind.tile + 5;
    n = kind.tile - 3;
    k = 2 * kind.depth + 7; // three tiles deep, the last one odd
    for (int way = 0; way < 4; way++) {
      transA = way % 2 == 1;
      transB = way / 2 == 1;
      for (DType each : new DType[] {DType.F32, DType.BF16, DType.F16}) {
        type = each;
        check(kind);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void epilogues(Kind kind) {
    m = 9;
    n = kind.tile + 1;
    k = kind.depth + 1;
    transB = true;
    bias = normal(4, n);
    check(kind);
    activation = Activation.GELU;
    scale = 0.25f;
    check(kind);
    activation = Activation.NONE;
    bias = null;
    accumulate = true;
    check(kind);
    scale = 1;
    check(kind);
    k = 1;
    check(kind);
  }

  @ParameterizedTest
  @EnumSource
  void sumsOverRowsGoOnFromC(Kind kind) {
    m = 6;
    n = 7;
    k = 4 * kind.depth;
    float[] a = normal(5, k * m);
    float[] b = normal(6, k * n);
    KernelRunner.Memory whole = gpu.put(new float[m * n]);
    KernelRunner.Memory halves = gpu.put(new float[m * n]);
    KernelRunner.Memory left = gpu.put(a);
    KernelRunner.Memory right = gpu.put(b);
    gpu.launch(FAMILY, kind.entry, new int[] {1, 1, 1}, 256, 0, left, m, true, 0L, right, DType.F32, n, false, 0L, whole, n, 0L,
        m, n, k, true, 1f, null, Activation.NONE, null);
    for (int half = 0; half < 2; half++) {
      gpu.launch(FAMILY, kind.entry, new int[] {1, 1, 1}, 256, 0, left.at(half * k / 2 * m), m, true, 0L,
          right.at(half * k / 2 * n), DType.F32, n, false, 0L, halves, n, 0L, m, n, k / 2, true, 1f, null, Activation.NONE, null);
    }
    assertArrayEquals(whole.floats(), halves.floats());
  }

  @ParameterizedTest
  @EnumSource
  void aRowHasTheSameBitsInAnyCompany(Kind kind) {
    int rows = kind.tile + 9;
    n = 11;
    k = 50;
    float[] a = normal(7, rows * k);
    KernelRunner.Memory left = gpu.put(a);
    KernelRunner.Memory right = gpu.put(normal(8, n * k));
    KernelRunner.Memory all = gpu.room(rows * n);
    KernelRunner.Memory one = gpu.room(n);
    gpu.launch(FAMILY, kind.entry, new int[] {1, 2, 1}, 256, 0, left, k, false, 0L, right, DType.F32, k, true, 0L, all, n, 0L,
        rows, n, k, false, 1f, null, Activation.NONE, null);
    int row = kind.tile + 3;
    gpu.launch(FAMILY, kind.entry, new int[] {1, 1, 1}, 256, 0, left.at(row * k), k, false, 0L, right, DType.F32, k, true, 0L,
        one, n, 0L, 1, n, k, false, 1f, null, Activation.NONE, null);
    assertArrayEquals(Arrays.copyOfRange(all.floats(), row * n, (row + 1) * n), one.floats());
  }

  @ParameterizedTest
  @EnumSource
  void batches(Kind kind) {
    m = 5;
    n = 8;
    k = 19;
    int batch = 3;
    float[] a = normal(9, batch * m * k);
    float[] b = normal(10, batch * n * k);
    KernelRunner.Memory out = gpu.room(batch * m * n);
    KernelRunner.Memory before = gpu.room(batch * m * n);
    type = DType.BF16;
    gpu.launch(FAMILY, kind.entry, new int[] {1, 1, batch}, 256, 0, gpu.put(a), k, false, (long) m * k, gpu.put(stored(b)),
        type, n, false, (long) k * n, out, n, (long) m * n, m, n, k, false, 1f, null, Activation.NONE, before);
    for (int i = 0; i < batch; i++) {
      expect(kind, Arrays.copyOfRange(a, i * m * k, (i + 1) * m * k), Arrays.copyOfRange(b, i * n * k, (i + 1) * n * k), null);
      near("matrix " + i, c, Arrays.copyOfRange(out.floats(), i * m * n, (i + 1) * m * n), F32);
      near("pre " + i, c, Arrays.copyOfRange(before.floats(), i * m * n, (i + 1) * m * n), F32);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, F32", "3, BF16", "8, F16"})
  void fewRowsByAStreamedWeight(int rows, DType stored) {
    m = rows;
    n = 37;
    k = 75;
    type = stored;
    bias = normal(11, n);
    scale = 0.5f;
    activation = Activation.SILU;
    float[] a = normal(12, m * k);
    float[] b = normal(13, n * k);
    for (boolean trans : new boolean[] {true, false}) {
      transB = trans;
      expect(Kind.F32, a, b, null);
      KernelRunner.Memory out = gpu.room(m * n);
      gpu.launch(FAMILY, trans ? "hone_matmul_few" : "hone_matmul_few_columns", new int[] {trans ? (n + 7) / 8 : (n + 31) / 32},
          256, 0, gpu.put(a), k, gpu.put(stored(b)), type, trans ? k : n, out, n, m, n, k, scale, gpu.put(bias), activation);
      near("c", c, out.floats(), F32);
    }
  }

  @Test
  void nanAndInfinityAreRoundedToThemselves() {
    float[] a = {Float.NaN, 1, Float.POSITIVE_INFINITY, 1};
    for (Kind kind : Kind.values()) {
      KernelRunner.Memory out = gpu.room(2);
      gpu.launch(FAMILY, kind.entry, new int[] {1, 1, 1}, 256, 0, gpu.put(a), 2, false, 0L, gpu.put(new float[] {1, 1}),
          DType.F32, 2, true, 0L, out, 1, 0L, 2, 1, 2, false, 1f, null, Activation.NONE, null);
      assertArrayEquals(new float[] {Float.NaN, Float.POSITIVE_INFINITY}, out.floats());
    }
  }
}
