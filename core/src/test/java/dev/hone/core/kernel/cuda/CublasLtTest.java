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
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.quant.Quantized;
import dev.hone.core.random.Philox;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
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

  private final List<CublasLt> opened = new ArrayList<>();

  private CublasLt library() {
    opened.add(new CublasLt(LIBRARY, memory()));
    return opened.getLast();
  }

  @Override
  MatMulKernels products(Device device) {
    return new CudaMatMul(memory(), Precision.FP32, library());
  }

  @AfterEach
  void close() {
    opened.forEach(CublasLt::close);
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
    MatMulKernels products = new CudaMatMul(memory(), precision, library());
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
    assertEquals(256, new CublasLt.Operands(0, 512, 1 << 20, 1 << 20, 0, 1, 0).alignment());
    assertEquals(4, new CublasLt.Operands(512, 516, 256, 256, 0, 1, 0).alignment());
    assertEquals(8, new CublasLt.Operands(512, 512, 256, 24, 512, 1, 0).alignment());
    assertEquals(4, new CublasLt.Operands(512, 512, 256, 256, 20, 1, 0).alignment(), "the bias counts, too");
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
  void aPartOfABiasIsAlignedAsItIs() {
    Device cuda = EmulatedGpu.device();
    Tensor x = random(5, 4, 8);
    Tensor weight = random(6, 6, 8);
    Tensor biases = random(7, 3, 6);
    Tensor expected = Tensor.empty(4, 6);
    Kernels.of(Device.CPU).matmul().matmul(x, false, weight, true, false, expected, Epilogue.bias(biases.slice(1, 2).reshape(6)));
    Tensor actual = Tensor.empty(cuda, expected.shape());
    long before = ran();
    products(cuda).matmul(x.to(cuda), false, weight.to(cuda), true, false, actual,
        Epilogue.bias(biases.to(cuda).slice(1, 2).reshape(6)));
    float[] found = actual.toFloatArray();
    assertEquals(before + 1, ran());
    for (int i = 0; i < found.length; i++) {
      assertEquals(expected.get(i), found[i], 1e-5);
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatWeightsAreWidenedToIsToldBefore(Precision precision) {
    Device cuda = EmulatedGpu.device();
    MatMulKernels byLibrary = new CudaMatMul(memory(), precision, library());
    MatMulKernels own = new CudaMatMul(memory(), precision, null);
    Tensor x = random(9, 9, 64).to(cuda);
    Tensor y = Tensor.empty(cuda, Shape.of(9, 32));
    Tensor weight = random(10, 32, 64);
    short[] halves = new short[32 * 64];
    for (Tensor here : List.of(weight, Tensor.of(MemorySegment.ofArray(halves), DType.BF16, weight.shape()),
        Quantized.of(weight, DType.NF4).tensor(weight.shape()))) {
      Tensor there = here.to(cuda);
      for (MatMulKernels products : List.of(byLibrary, own)) {
        products.matmul(x, false, there, true, false, y); // once, so that all is there that stays
        EmulatedGpu.mostBytes();
        products.matmul(x, false, there, true, false, y);
        y.get(0);
        long ofRows = products == byLibrary && precision == Precision.BF16 ? 2 * x.size() : 0;
        // scales that are quantised, too, bring a map of 256 floats
        long more = EmulatedGpu.mostBytes() - ofRows - products.scratchBytes(there);
        assertTrue(more == 0 || here.isQuantized() && more == 256 * Float.BYTES, precision + " " + here.dtype() + ": " + more);
      }
    }
  }

  @Test
  void everNewFormsDoNotAddUp() {
    Device cuda = EmulatedGpu.device();
    String before = EmulatedGpu.leaks();
    CublasLt library = new CublasLt(LIBRARY, memory());
    library.check(memory());
    int forms = 4200;
    MatMulKernels products = new CudaMatMul(memory(), Precision.FP32, library);
    Tensor x = random(8, forms, 1).to(cuda);
    Tensor one = Tensor.full(2, 1, 1).to(cuda);
    Tensor y = Tensor.empty(cuda, x.shape());
    for (int m = 1; m <= forms; m++) {
      products.matmul(x.slice(0, m), false, one, true, false, y.slice(0, m));
    }
    assertEquals(2 * x.get(forms - 1), y.get(forms - 1));
    assertEquals(4096 + count(before, "cublasLt description"), count(EmulatedGpu.leaks(), "cublasLt description"));
    assertEquals(3 * 4096 + count(before, "cublasLt layout"), count(EmulatedGpu.leaks(), "cublasLt layout"));
    library.close();
    for (String kind : new String[] {"handle", "description", "layout", "preference"}) {
      assertEquals(count(before, "cublasLt " + kind), count(EmulatedGpu.leaks(), "cublasLt " + kind), kind);
    }
  }

  private static int count(String leaks, String kind) {
    return leaks.lines().filter(line -> line.endsWith(" of " + kind))
        .mapToInt(line -> Integer.parseInt(line.split(" ")[0])).sum();
  }

  @Test
  void theLibrarySaysWhichItIs() {
    assertTrue(CublasLt.words(LIBRARY).startsWith("cublasLt 13.1.1, "), CublasLt.words(LIBRARY));
  }
}
