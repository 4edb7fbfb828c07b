package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The kernels as NVIDIA's own compiler takes them from this JVM, where the library is found; it needs no GPU. */
@Tag("long")
class NvrtcTest {
  private static Nvrtc nvrtc;

  @BeforeAll
  static void find() {
    String other = System.clearProperty(CudaLibrary.NVRTC.property()); // the emulated one, where that is in use
    try {
      NativeLibrary library = NativeLibrary.find(CudaLibrary.NVRTC).library();
      assumeTrue(library != null, "NVRTC is not found: python -m pip install nvidia-cuda-nvrtc brings it");
      nvrtc = new Nvrtc(library);
    } finally {
      if (other != null) {
        System.setProperty(CudaLibrary.NVRTC.property(), other);
      }
    }
  }

  /** On a thread like that of a GPU, for one architecture: nvcc is asked for others. */
  @Test
  void everyKernelCompiles() throws IOException {
    for (String family : ShippedPtxTest.families()) {
      KernelSource source = KernelSource.of(family);
      GpuThread thread = new GpuThread("test");
      byte[] image = thread.await(() -> nvrtc.compile(family + ".cu", source.text(), KernelCompiler.options("sm_90")));
      thread.stop();
      String text = new String(image, StandardCharsets.ISO_8859_1);
      assertTrue(text.startsWith("\177ELF"), family);
      for (String entry : source.entries().keySet()) {
        assertTrue(text.contains(".text." + entry), entry);
      }
    }
  }

  @Test
  void anArchitectureThatItDoesNotKnowIsNoError() {
    assertNull(nvrtc.compile("memory.cu", KernelSource.of("memory").text(), List.of("--gpu-architecture=sm_999")));
  }

  @Test
  void itSaysWhatItDoesNotTake() {
    String message = assertThrows(CudaException.class,
        () -> nvrtc.compile("wrong.cu", "__global__ void f() { q = 1; }", KernelCompiler.options("sm_90"))).getMessage();
    assertTrue(message.contains("wrong.cu") && message.contains("identifier \"q\" is undefined"), message);
    assertEquals(0, nvrtc.version() % 10);
  }
}
