package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Device;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.NormKernels;
import dev.hone.core.random.Philox;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What machines with GPUs have beside kernels: limits, libraries here and there, damaged files, errors of the hardware. */
class CudaMachineTest {
  private Device cuda;

  @BeforeEach
  void open() {
    cuda = EmulatedGpu.device();
  }

  private static Tensor random(int seed, int... dims) {
    Tensor x = Tensor.empty(dims);
    new Philox(seed, 0).fillUniform(x.array(), x.offset(), x.offset() + x.shape().length(), -1, 1);
    return x;
  }

  /** 48 KiB are what a block has without asking: for its own variables, too, of which norms have some. */
  @Test
  void rowsThatFillTheSharedMemoryAskForMore() {
    for (int width : new int[] {12_200, 12_288, 12_300}) {
      Tensor x = random(1, 2, width);
      Tensor weight = random(2, width);
      Tensor expected = Tensor.empty(2, width);
      Tensor rstd = Tensor.empty(2);
      Kernels.of(Device.CPU).norm().rmsNorm(x, null, weight, 0, 1e-6f, null, expected, rstd);
      Tensor actual = Tensor.empty(cuda, expected.shape());
      Kernels.of(cuda).norm().rmsNorm(x.to(cuda), null, weight.to(cuda), 0, 1e-6f, null, actual,
          Tensor.empty(cuda, rstd.shape()));
      assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), 1e-5f);
    }
    assertEquals("", EmulatedGpu.reports());
  }

  @Test
  void rowsThatNoBlockHoldsAreRefused() {
    Tensor x = Tensor.empty(cuda, Shape.of(1, 70_000)).fill(1);
    Tensor y = Tensor.empty(cuda, x.shape());
    Tensor rstd = Tensor.empty(cuda, Shape.of(1));
    NormKernels norm = Kernels.of(cuda).norm();
    assertEquals("hone_norm: a block needs 280000 bytes of shared memory, Emulated GPU 0 gives at most 232448; --device cpu "
        + "computes it", assertThrows(IllegalArgumentException.class, () -> norm.rmsNorm(x, null, null, 0, 1e-6f, null, y, rstd))
            .getMessage());
  }

  private static KernelCompiler compiler(Path cache) {
    String before = System.getProperty("hone.cuda.cache");
    System.setProperty("hone.cuda.cache", cache.toString());
    try {
      return new KernelCompiler(new Nvrtc(NativeLibrary.find(CudaLibrary.NVRTC).library()), 13000);
    } finally {
      System.setProperty("hone.cuda.cache", before);
    }
  }

  private static Path onlyFile(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all = files.toList();
      assertEquals(1, all.size());
      return all.getFirst();
    }
  }

  @Test
  void aDamagedFileOfKernelsIsMadeAgain(@TempDir Path cache) throws IOException {
    KernelSource source = KernelSource.of("memory");
    byte[] image = compiler(cache).image(source, "sm_90", 0);
    Path kept = onlyFile(cache);
    byte[] whole = Files.readAllBytes(kept);
    for (byte[] damaged : new byte[][] {{}, Arrays.copyOf(whole, 20), Arrays.copyOf(whole, whole.length / 2),
        changed(whole)}) {
      Files.write(kept, damaged);
      assertArrayEquals(image, compiler(cache).image(source, "sm_90", 0));
      assertArrayEquals(whole, Files.readAllBytes(onlyFile(cache)));
    }
  }

  private static byte[] changed(byte[] whole) {
    byte[] other = whole.clone();
    other[whole.length - 100] ^= 1;
    return other;
  }

  @Test
  void whereTheDriverRefusesMachineCodeItGetsPtx(@TempDir Path cache) throws IOException, NoSuchAlgorithmException {
    compiler(cache).image(KernelSource.of("memory"), "sm_90", 0);
    byte[] unknown = "machine code of another driver".getBytes(StandardCharsets.UTF_8);
    byte[] file = Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(unknown), 32 + unknown.length);
    System.arraycopy(unknown, 0, file, 32, unknown.length);
    Files.write(onlyFile(cache), file);
    Tensor x = Tensor.empty(cuda, Shape.of(5)).fill(0);
    GpuBuffer buffer = (GpuBuffer) x.buffer();
    KernelLauncher launcher = new KernelLauncher(buffer.memory().gpu(), compiler(cache));
    launcher.fill(buffer.address(4), 3, 7);
    assertArrayEquals(new float[] {0, 7, 7, 7, 0}, x.toFloatArray());
    launcher.close();
    assertTrue(EmulatedGpu.reports().contains("neither a library that was compiled here nor PTX"));
  }

  @Test
  void anErrorOfTheHardwareEndsTheUseOfItsGpuAlone() {
    EmulatedGpu.setMachine(2, 2L << 30);
    Gpu other = new Gpu(NativeLibrary.find(CudaLibrary.DRIVER).library(), 1);
    GpuMemory memory = new GpuMemory(other, null);
    GpuBuffer buffer = (GpuBuffer) memory.allocate(64);
    assertFalse(other.isDead());
    buffer.fill(0, 16, 0);
    float[] numbers = new float[16];
    buffer.read(0, MemorySegment.ofArray(numbers));
    assertArrayEquals(new float[16], numbers);
    EmulatedGpu.fail(CudaConstant.CUDA_ERROR_ECC_UNCORRECTABLE.value());
    buffer.fill(0, 16, 0);
    List<Executable> uses = List.of(() -> buffer.read(0, MemorySegment.ofArray(numbers)), () -> memory.allocate(1 << 20));
    for (Executable use : uses) {
      String message = assertThrows(CudaException.class, use).getMessage();
      assertTrue(message.contains("CUDA_ERROR_ECC_UNCORRECTABLE (214), uncorrectable ECC error encountered")
          && message.contains("; the context of GPU 1 is dead, start again (checkpoints that were written are whole)"), message);
    }
    assertTrue(other.isDead());
    buffer.free(); // is no error: it went with the context
    assertArrayEquals(new float[] {1, 1}, Tensor.empty(cuda, Shape.of(2)).fill(1).toFloatArray());
    other.close();
    EmulatedGpu.reports();
    EmulatedGpu.setMachine(1, 2L << 30);
  }

  @Test
  void pythonPackagesAreFoundByThePythonOfThePath(@TempDir Path root) throws IOException {
    Path environment = root.resolve("torch/.venv");
    Files.createDirectories(environment.resolve("bin"));
    Files.createFile(environment.resolve("bin/python3"));
    Path wheel = Files.createDirectories(environment.resolve("lib/python3.12/site-packages/nvidia/cu13/lib"));
    Path debian = Files.createDirectories(root.resolve("conda/lib/python3/dist-packages/nvidia/cublas/lib"));
    Map<String, String> variables = Map.of("PATH", root.resolve("nowhere") + ":" + environment.resolve("bin"), "CONDA_PREFIX",
        root.resolve("conda").toString());
    assertTrue(CudaLibrary.CUBLAS_LT.folders(variables).containsAll(List.of(wheel, debian)));
    assertTrue(CudaLibrary.NVRTC.folders(variables).contains(wheel));
    assertFalse(CudaLibrary.NVRTC.folders(variables).contains(debian));
    assertFalse(CudaLibrary.DRIVER.folders(variables).contains(wheel));
    assertFalse(CudaLibrary.NVRTC.folders(Map.of()).contains(wheel));
  }

  @Test
  void librariesOfALaterCudaThanTheDriversAreNotTaken() {
    String chosen = System.getProperty(CudaLibrary.NVRTC.property());
    System.clearProperty(CudaLibrary.NVRTC.property());
    try {
      assertTrue(CudaLibrary.NVRTC.candidates(13).containsAll(List.of("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so")));
      assertEquals(List.of("libnvrtc.so.12", "libnvrtc.so"), CudaLibrary.NVRTC.candidates(12).subList(0, 2));
      assertTrue(CudaLibrary.NVRTC.candidates(12).stream().noneMatch(name -> name.endsWith(".13")));
    } finally {
      System.setProperty(CudaLibrary.NVRTC.property(), chosen);
    }
  }
}
