package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.OutOfMemory;
import dev.hone.core.Scope;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.quant.Quantized;
import dev.hone.core.random.Philox;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tensors on a GPU, on the emulated driver. */
class CudaDeviceTest {
  private Device cuda;

  @BeforeEach
  void open() {
    cuda = EmulatedGpu.device();
  }

  @AfterEach
  void nothingIsWrong() {
    assertEquals("", EmulatedGpu.reports());
  }

  private static Tensor random(int seed, int... dims) {
    Tensor x = Tensor.empty(dims);
    new Philox(seed, 0).fillUniform(x.array(), x.offset(), x.offset() + x.shape().length(), -1, 1);
    return x;
  }

  @Test
  void theDeviceHasAName() {
    assertSame(cuda, Device.named("cuda"));
    assertEquals("cuda", cuda.toString());
    assertTrue(Cuda.probe().ready());
    assertTrue(Cuda.probe().facts().getFirst().startsWith("driver    CUDA 13.0, "), Cuda.probe().facts().toString());
  }

  @Test
  void aTensorMovesThereAndBackAsItIs() {
    Tensor x = random(1, 4, 3);
    Tensor there = x.to(cuda);
    assertSame(cuda, there.device());
    assertArrayEquals(x.toFloatArray(), there.toFloatArray());
    assertArrayEquals(x.slice(1, 3).toFloatArray(), there.slice(1, 3).to(Device.CPU).toFloatArray());
    assertEquals(x.get(5), there.get(5));
    Tensor large = random(2, 1 << 13, 700); // 23 MB: more than the staging memory
    assertArrayEquals(large.toFloatArray(), large.to(cuda).toFloatArray());
  }

  @Test
  void filledAndCopiedThere() {
    Tensor x = Tensor.empty(cuda, Shape.of(3, 2)).fill(1);
    x.slice(1, 2).fill(2);
    x.slice(2, 3).fill(0);
    assertArrayEquals(new float[] {1, 1, 2, 2, 0, 0}, x.toFloatArray());
    Tensor y = x.copy();
    y.slice(0, 1).copyFrom(x.slice(1, 2));
    assertArrayEquals(new float[] {2, 2, 2, 2, 0, 0}, y.toFloatArray());
  }

  @ParameterizedTest
  @EnumSource(names = {"NF4", "Q8_0", "INT8_ROWS"})
  void quantisedWeightsMoveAsTheirBytes(DType type) {
    Tensor x = random(3, 6, 64);
    Tensor here = Quantized.of(x, type).tensor(x.shape());
    assertArrayEquals(here.toFloatArray(), here.to(cuda).toFloatArray());
  }

  @Test
  void memoryGoesBackWithItsScope() {
    GpuMemory memory = ((GpuBuffer) Tensor.empty(cuda, Shape.of(1)).buffer()).memory();
    long before = memory.liveBytes();
    Tensor lost;
    try (Scope _ = Scope.open()) {
      lost = Tensor.empty(cuda, Shape.of(1000)).fill(1);
      assertEquals(before + 4000, memory.liveBytes());
    }
    assertEquals(before, memory.liveBytes());
    assertTrue(assertThrows(IllegalStateException.class, lost::buffer).getMessage().contains("its Scope closed"));
  }

  @Test
  void tenThousandTensorsComeAndGoWithoutGrowth() {
    GpuMemory memory = ((GpuBuffer) Tensor.empty(cuda, Shape.of(1)).buffer()).memory();
    long live = memory.liveBytes();
    long taken = memory.slabBytes();
    for (int i = 0; i < 100; i++) {
      try (Scope _ = Scope.open()) {
        for (int j = 0; j < 100; j++) {
          Tensor.empty(cuda, Shape.of(1 + 7 * j)).fill(j);
        }
      }
      assertTrue(memory.liveBytes() <= live, memory.liveBytes() + " bytes live, " + live + " before"); // less: of other tests
    }
    memory.trim();
    assertTrue(memory.slabBytes() <= taken, memory.slabBytes() + " bytes of the driver's, " + taken + " before");
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void forgottenMemoryIsGivenBack() throws InterruptedException {
    GpuMemory memory = ((GpuBuffer) Tensor.empty(cuda, Shape.of(1)).buffer()).memory();
    long before = memory.liveBytes();
    IntStream.range(0, 50).forEach(_ -> Tensor.persistent(cuda, Shape.of(1000)));
    assertTrue(memory.liveBytes() >= before, memory.liveBytes() + " bytes live, " + before + " before");
    while (memory.liveBytes() > before) { // whenever the collector finds it
      System.gc();
      Thread.sleep(10);
    }
  }

  @Test
  void kernelsOfEachRefuseTensorsOfTheOther() {
    Tensor x = random(5, 2, 3);
    Tensor there = x.to(cuda);
    assertThrows(IllegalStateException.class,
        () -> Kernels.of(Device.CPU).elementwise().binary(Binary.ADD, x, there, Tensor.empty(2, 3)));
    assertTrue(assertThrows(IllegalStateException.class, () -> Kernels.of(cuda).elementwise().addScaled(1, x, there)).getMessage()
        .contains("is on the device cpu"));
  }

  @Test
  void storedWeightsMoveAsTheirBytes() {
    short[] halves = {Float.floatToFloat16(0.5f), Float.floatToFloat16(-2), Float.floatToFloat16(3), Float.floatToFloat16(7)};
    Tensor stored = Tensor.of(MemorySegment.ofArray(halves), DType.F16, Shape.of(2, 2)).to(cuda);
    assertTrue(stored.isReadOnly());
    assertArrayEquals(new float[] {3, 7}, stored.slice(1, 2).toFloatArray());
    assertArrayEquals(new float[] {0.5f, -2, 3, 7}, stored.toF32().toFloatArray());
  }

  @Test
  void withoutNvrtcTheDriverCompilesThePtxOfTheJar() {
    Tensor x = Tensor.empty(cuda, Shape.of(5)).fill(0);
    GpuMemory memory = ((GpuBuffer) x.buffer()).memory();
    KernelCompiler compiler = new KernelCompiler(null, 12000);
    assertEquals("PTX of the jar, compiled by the driver (NVRTC is not there)", compiler.way());
    KernelLauncher launcher = new KernelLauncher(memory.gpu(), compiler);
    launcher.fill(((GpuBuffer) x.buffer()).address(4), 3, 7);
    assertArrayEquals(new float[] {0, 7, 7, 7, 0}, x.toFloatArray());
    launcher.close();
  }

  @Test
  void aLaunchThatDoesNotFitItsSourceIsRefused() {
    Tensor x = Tensor.empty(cuda, Shape.of(5)).fill(1);
    KernelLauncher launcher = ((GpuBuffer) x.buffer()).memory().launcher();
    KernelLauncher.Grid grid = KernelLauncher.Grid.threads(5, 256);
    assertTrue(assertThrows(IllegalStateException.class, () -> launcher.launch("memory", "hone_fill", grid, x, 5L)).getMessage()
        .contains("takes 3 arguments"));
    assertTrue(assertThrows(IllegalStateException.class, () -> launcher.launch("memory", "hone_fill", grid, x, 5L,
        1.0)).getMessage()
        .contains("value is a FLOAT, not Double"));
    assertThrows(IllegalStateException.class, () -> launcher.launch("memory", "hone_empty", grid, x));
    assertEquals("there are no kernels nothing in dev.hone.core.kernel.cuda",
        assertThrows(CudaException.class, () -> launcher.launch("nothing", "hone_fill", grid)).getMessage());
  }

  @Test
  void moreMemoryThanThereIsSaysWhatThereIs() {
    String message = assertThrows(OutOfMemory.class, () -> Tensor.empty(cuda, Shape.of(1 << 30))).getMessage();
    assertTrue(message.startsWith("out of memory: tensor [1073741824] needs 4295.0 MB, the device cuda has no room ("), message);
    assertTrue(message.contains(" MB are in use by tensors here") && message.endsWith("use a smaller batch size or maximum "
        + "length"),
        message);
  }
}
