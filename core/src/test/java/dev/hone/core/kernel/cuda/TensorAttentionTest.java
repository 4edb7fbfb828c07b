package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.core.AttentionSpec;
import dev.hone.core.Device;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.Kernels;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What attention takes which kernel. */
class TensorAttentionTest {
  @ParameterizedTest
  @CsvSource({"BF16, 32, bf16_64", "BF16, 72, bf16_128", "BF16, 130, 256", "TF32, 32, 64", "FP32, 32, 64"})
  void theTensorCoresTakeHeadsUpTo128InBf16(Precision precision, int d, String kernel) {
    Device cuda = EmulatedGpu.device();
    int[] offsets = {0, 70, 75};
    int wide = 2 * d;
    AttentionSpec spec = new AttentionSpec(offsets, offsets, 2, 1, d, 0.3f, true, Integer.MAX_VALUE, 0, 0, null);
    Tensor q = Tensor.of(KernelTest.normal(1, 75 * wide), 75, wide);
    Tensor k = Tensor.of(KernelTest.normal(2, 75 * d), 75, d);
    Tensor v = Tensor.of(KernelTest.normal(3, 75 * d), 75, d);
    Tensor expected = Tensor.empty(75, wide);
    Kernels.active().attention().forward(spec, Columns.of(q), Columns.of(k), Columns.of(v), Columns.of(expected), null);
    Tensor out = Tensor.empty(cuda, Shape.of(75, wide));
    String entry = "hone_attention_forward_" + kernel;
    long before = EmulatedGpu.launches().getOrDefault(entry, 0L);
    new CudaAttention(CudaProvider.memory("cuda"), precision).forward(spec, Columns.of(q.to(cuda)), Columns.of(k.to(cuda)),
        Columns.of(v.to(cuda)), Columns.of(out), null);
    KernelTest.near("out", expected, out.toFloatArray(), precision == Precision.BF16 ? 2e-2 : KernelTest.F32);
    assertEquals(before + 1, EmulatedGpu.launches().get(entry));
    assertEquals("", EmulatedGpu.reports());
  }
}
