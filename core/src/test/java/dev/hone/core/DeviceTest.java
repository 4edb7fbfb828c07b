package dev.hone.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.quant.Quantized;
import dev.hone.core.random.Philox;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tensors on a device that is not the CPU: the mirror. */
class DeviceTest {
  private static final Device MIRROR = MirrorDevice.DEVICE;

  private static Tensor random(int seed, int... dims) {
    Tensor x = Tensor.empty(dims);
    new Philox(seed, 0).fillUniform(x.array(), x.offset(), x.offset() + x.shape().length(), -1, 1);
    return x;
  }

  @Test
  void devicesAreKnownByName() {
    assertSame(MIRROR, Device.named("mirror"));
    assertSame(Device.CPU, Device.named("cpu"));
    String message = assertThrows(IllegalArgumentException.class, () -> Device.named("gpu")).getMessage();
    assertTrue(message.matches("there is no device gpu; there are: cpu,.* mirror"), message);
    assertThrows(IllegalStateException.class, () -> Device.register("mirror", null));
  }

  @Test
  void aTensorMovesThereAndBackAsItIs() {
    Tensor x = random(1, 4, 3);
    Tensor there = x.to(MIRROR);
    assertSame(MIRROR, there.device());
    assertSame(there, there.to(MIRROR));
    assertFalse(there.isReadOnly());
    assertArrayEquals(x.toFloatArray(), there.toFloatArray());
    assertArrayEquals(x.slice(1, 3).toFloatArray(), there.slice(1, 3).to(Device.CPU).toFloatArray());
    assertEquals(x.get(5), there.get(5));
    assertEquals("F32 [2, 1] on mirror [1.0, 2.0]", Tensor.of(new float[] {1, 2}, 2, 1).to(MIRROR).toString());
  }

  @Test
  void filledAndCopiedThere() {
    Tensor x = Tensor.empty(MIRROR, Shape.of(3, 2)).fill(1);
    x.slice(1, 2).fill(2);
    assertArrayEquals(new float[] {1, 1, 2, 2, 1, 1}, x.toFloatArray());
    Tensor y = x.copy();
    y.slice(0, 1).copyFrom(x.slice(1, 2));
    assertArrayEquals(new float[] {2, 2, 2, 2, 1, 1}, y.toFloatArray());
    assertArrayEquals(new float[] {1, 1, 2, 2, 1, 1}, x.toFloatArray());
  }

  @Test
  void storedWeightsMoveAsTheirBytes() {
    short[] halves = {Float.floatToFloat16(0.5f), Float.floatToFloat16(-2), Float.floatToFloat16(3), Float.floatToFloat16(7)};
    Tensor stored = Tensor.of(MemorySegment.ofArray(halves), DType.F16, Shape.of(2, 2)).to(MIRROR);
    assertEquals(DType.F16, stored.dtype());
    assertTrue(stored.isReadOnly());
    assertArrayEquals(new float[] {3, 7}, stored.slice(1, 2).toFloatArray());
    assertArrayEquals(new float[] {3, 7}, stored.slice(1, 2).to(Device.CPU).toFloatArray());
    assertSame(MIRROR, stored.toF32().device());
    assertArrayEquals(new float[] {0.5f, -2, 3, 7}, stored.toF32().toFloatArray());
    assertThrows(IllegalStateException.class, () -> stored.fill(0));
    assertThrows(IllegalStateException.class, stored::segment);
    Tensor longs = Tensor.of(MemorySegment.ofArray(new long[] {1, -5}), DType.I64, Shape.of(2)).to(MIRROR);
    assertArrayEquals(new long[] {1, -5}, longs.toLongArray());
  }

  @ParameterizedTest
  @EnumSource(names = {"NF4", "Q8_0", "INT8_ROWS"})
  void quantisedWeightsMoveAsTheirBytes(DType type) {
    Tensor x = random(3, 6, 64);
    Tensor here = Quantized.of(x, type).tensor(x.shape());
    Tensor there = here.to(MIRROR);
    assertTrue(there.isQuantized());
    assertEquals(here.bytes(), there.bytes());
    assertArrayEquals(here.toFloatArray(), there.toFloatArray());
    assertArrayEquals(here.slice(2, 4).toFloatArray(), there.slice(2, 4).to(Device.CPU).toFloatArray());
    assertTrue(assertThrows(IllegalStateException.class, there::codes).getMessage().contains("on mirror"));
  }

  @Test
  void theDoorToTheHostIsFreeOnTheCpu() {
    Tensor x = random(4, 5, 2);
    try (HostArray numbers = x.slice(1, 3).onHost(HostArray.Access.READ_WRITE)) {
      assertSame(x.array(), numbers.array());
      assertEquals(x.offset() + 2, numbers.offset());
      assertEquals(4, numbers.length());
    }
  }

  @Test
  void theDoorToTheHostCopiesElsewhere() {
    Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2).to(MIRROR);
    try (HostArray numbers = x.onHost(HostArray.Access.READ)) {
      numbers.set(0, 9);
    }
    assertArrayEquals(new float[] {1, 2, 3, 4}, x.toFloatArray());
    try (HostArray numbers = x.slice(1, 2).onHost(HostArray.Access.READ_WRITE)) {
      numbers.set(0, numbers.get(1) + 6);
    }
    assertArrayEquals(new float[] {1, 2, 10, 4}, x.toFloatArray());
    long before = MirrorDevice.copiesToHost();
    try (HostArray numbers = x.onHost(HostArray.Access.WRITE)) {
      for (int i = 0; i < numbers.length(); i++) {
        numbers.set(i, i);
      }
    }
    assertEquals(before, MirrorDevice.copiesToHost());
    assertArrayEquals(new float[] {0, 1, 2, 3}, x.toFloatArray());
  }

  @Test
  void readOnlyNumbersCannotBeWrittenThroughTheDoor() {
    Tensor stored = Tensor.of(MemorySegment.ofArray(new short[] {0, 0}), DType.BF16, Shape.of(2));
    try (HostArray numbers = stored.onHost(HostArray.Access.READ)) {
      assertEquals(0, numbers.get(1));
    }
    assertThrows(IllegalStateException.class, () -> stored.onHost(HostArray.Access.READ_WRITE));
  }

  @Test
  void memoryGoesBackWithItsScope() {
    long before = MirrorDevice.liveBytes();
    Tensor lost;
    Tensor kept;
    Tensor early;
    try (Scope _ = Scope.open()) {
      lost = Tensor.empty(MIRROR, Shape.of(1000)).fill(1);
      kept = Tensor.empty(MIRROR, Shape.of(10)).fill(2).keep();
      early = lost.emptyLike(100);
      early.retain();
      assertEquals(before + 4440, MirrorDevice.liveBytes());
      early.release();
      assertEquals(before + 4040, MirrorDevice.liveBytes());
      try (Scope _ = Scope.open()) {
        lost.emptyLike(50).moveOut();
        lost.emptyLike(60);
      }
      assertEquals(before + 4240, MirrorDevice.liveBytes());
    }
    assertEquals(before + 40, MirrorDevice.liveBytes());
    assertEquals(2, kept.get(9));
    assertTrue(assertThrows(IllegalStateException.class, lost::buffer).getMessage().contains("its Scope closed"));
    assertThrows(IllegalStateException.class, early::keep);
    Tensor gradient = Tensor.lasting(MIRROR, Shape.of(20));
    gradient.release();
    assertThrows(IllegalStateException.class, gradient::buffer);
  }

  @Test
  void kernelsOfTheCpuRefuseTensorsOfOthers() {
    Tensor x = random(5, 2, 3);
    Tensor there = x.to(MIRROR);
    String message = assertThrows(IllegalStateException.class,
        () -> Kernels.of(Device.CPU).elementwise().binary(Binary.ADD, x, there, Tensor.empty(2, 3))).getMessage();
    assertEquals("tensor " + there + " is where the CPU does not compute; move it with to(Device.CPU)", message);
    assertThrows(IllegalStateException.class,
        () -> Kernels.of(Device.CPU).matmul().matmul(x, false, there, true, false, Tensor.empty(2, 2)));
    Tensor stored = Tensor.of(MemorySegment.ofArray(new short[6]), DType.BF16, Shape.of(2, 3)).to(MIRROR);
    assertThrows(IllegalStateException.class,
        () -> Kernels.of(Device.CPU).matmul().matmul(x, false, stored, true, false, Tensor.empty(2, 2)));
    assertThrows(IllegalStateException.class,
        () -> Kernels.of(Device.CPU).gather().rows(stored, new int[] {0}, 1, Tensor.empty(1, 3)));
  }

  @Test
  void kernelsOfTheMirrorRefuseTensorsOfTheCpu() {
    Tensor x = random(6, 2, 3);
    Tensor there = x.to(MIRROR);
    assertTrue(assertThrows(IllegalStateException.class,
        () -> Kernels.of(MIRROR).elementwise().addScaled(1, x, there)).getMessage().contains("is on the device cpu"));
  }

  @Test
  void operandsOnSeveralDevicesAreNamed() {
    Tensor x = random(7, 2, 3);
    Tensor there = x.to(MIRROR);
    assertEquals("add: F32 [2, 3] is on the device cpu, F32 [2, 3] is on the device mirror; operands must be on one device, "
        + "move one of them with to()",
        assertThrows(IllegalArgumentException.class, () -> Kernels.of("add", x, x, null, there)).getMessage());
  }

  @Test
  void theMirrorComputesWhatScalarKernelsDo() {
    Kernels mirror = Kernels.of(MIRROR);
    Tensor a = random(8, 3, 4);
    Tensor b = random(9, 5, 4);
    Tensor expected = Tensor.empty(3, 5);
    dev.hone.core.kernel.cpu.CpuKernels.scalar("for the test").matmul().matmul(a, false, b, true, false, expected);
    Tensor both = Tensor.empty(MIRROR, Shape.of(8, 4)); // two operands in one memory
    both.slice(0, 3).copyFrom(a);
    both.slice(3, 8).copyFrom(b);
    Tensor c = both.emptyLike(3, 5);
    long before = MirrorDevice.kernelsRun();
    long matmuls = MirrorDevice.calls().getOrDefault("matmul.matmul", 0L);
    mirror.matmul().matmul(both.slice(0, 3), false, both.slice(3, 8), true, false, c);
    assertArrayEquals(expected.toFloatArray(), c.toFloatArray());
    mirror.elementwise().addScaled(1, c, c); // in place
    assertArrayEquals(new float[] {2 * expected.get(0), 2 * expected.get(14)}, new float[] {c.get(0), c.get(14)});
    assertEquals(before + 2, MirrorDevice.kernelsRun());
    assertEquals(matmuls + 1, MirrorDevice.calls().get("matmul.matmul"));
    assertEquals(List.of(3, 5), List.of(c.dim(0), c.dim(1)));
  }
}
