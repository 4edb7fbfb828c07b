package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.random.Philox;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products by cublasLt, as the emulated library has it: all that holds for our own kernels, and the other precisions. */
class CublasLtTest extends CudaProductTest {
  private static final NativeLibrary LIBRARY = open(EmulatedGpu.device());

  private static NativeLibrary open(Device device) {
    assertEquals("cuda", device.name());
    return NativeLibrary.find(CudaLibrary.CUBLAS_LT).library();
  }

  private static GpuMemory memory() {
    return ((GpuBuffer) Tensor.empty(EmulatedGpu.device(), Shape.of(1)).buffer()).memory();
  }

  @Override
  MatMulKernels products(Device device) {
    return new CudaMatMul(memory(), Precision.FP32, new CublasLt(LIBRARY, memory()));
  }

  private static Tensor random(int seed, int... dims) {
    Tensor x = Tensor.empty(dims);
    new Philox(seed, 0).fillNormal(x.array(), x.offset(), x.offset() + x.shape().length(), 0, 1);
    return x;
  }

  private static long ran() {
    return EmulatedGpu.launches().getOrDefault("cublasLtMatmul", 0L);
  }

  @ParameterizedTest
  @EnumSource
  void everyPrecisionGoesThroughTheLibrary(Precision precision) {
    Device cuda = EmulatedGpu.device();
    MatMulKernels products = new CudaMatMul(memory(), precision, new CublasLt(LIBRARY, memory()));
    double bound = precision == Precision.FP32 ? 1e-5 : 2e-2;
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      Tensor x = random(1, 17, 40);
      Tensor weight = random(2, 24, 40);
      short[] halves = new short[24 * 40];
      for (int i = 0; i < halves.length; i++) {
        halves[i] = (short) (Float.floatToRawIntBits(weight.get(i)) >>> 16);
      }
      Tensor stored = type == DType.F32 ? weight : Tensor.of(MemorySegment.ofArray(halves), type, weight.shape());
      Tensor expected = Tensor.empty(17, 24);
      Kernels.of(Device.CPU).matmul().matmul(x, false, stored, true, false, expected);
      Tensor actual = Tensor.empty(cuda, expected.shape());
      Tensor again = Tensor.empty(cuda, expected.shape());
      long before = ran();
      products.matmul(x.to(cuda), false, stored.to(cuda), true, false, actual);
      products.matmul(x.to(cuda), false, stored.to(cuda), true, false, again);
      float[] found = actual.toFloatArray();
      float[] wanted = expected.toFloatArray();
      for (int i = 0; i < found.length; i++) {
        assertEquals(wanted[i], found[i], bound * 20, precision + " " + type);
      }
      assertArrayEquals(found, again.toFloatArray());
      assertEquals(before + 2, ran());
    }
  }

  @Test
  void partsOfTensorsSayHowTheyAreAligned() {
    assertEquals(256, CublasLt.alignment(0, 512, 1 << 20));
    assertEquals(4, CublasLt.alignment(512, 516));
    assertEquals(8, CublasLt.alignment(512, 24));
    Device cuda = EmulatedGpu.device();
    Tensor x = random(3, 10, 5);
    Tensor weight = random(4, 7, 5);
    Tensor expected = Tensor.empty(4, 7);
    Kernels.of(Device.CPU).matmul().matmul(x.slice(3, 7), false, weight, true, false, expected);
    Tensor actual = Tensor.empty(cuda, expected.shape());
    long before = ran();
    products(cuda).matmul(x.to(cuda).slice(3, 7), false, weight.to(cuda), true, false, actual);
    float[] found = actual.toFloatArray(); // waits
    assertEquals(before + 1, ran());
    for (int i = 0; i < found.length; i++) {
      assertEquals(expected.get(i), found[i], 1e-5);
    }
  }

  @Test
  void theLibrarySaysWhichItIs() {
    assertTrue(CublasLt.words(LIBRARY).startsWith("cublasLt 13.1.1, "), CublasLt.words(LIBRARY));
  }
}
