package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.MirrorDevice;
import dev.hone.core.Scope;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Operators compute where their operands are. */
class DispatchTest {
  private static Tensor random(int stream, int... dims) {
    Tensor x = Tensor.empty(dims);
    new Philox(11, stream).fillUniform(x.array(), x.offset(), x.offset() + x.shape().length(), -1, 1);
    return x;
  }

  @Test
  void operandsOnSeveralDevicesAreRefusedByName() {
    Variable here = Variable.constant(random(1, 2, 3));
    Variable there = Variable.constant(random(2, 4, 3).to(MirrorDevice.DEVICE));
    String message = assertThrows(IllegalArgumentException.class, () -> MatMulOps.linear(here, there, null)).getMessage();
    assertEquals("linear: F32 [2, 3] is on the device cpu, F32 [4, 3] is on the device mirror; operands must be on one device, "
        + "move one of them with to()", message);
  }

  @Test
  void aStepWithoutAnItemNeverReadsFromTheDevice() {
    Parameter table = new Parameter("table", random(3, 20, 8).to(MirrorDevice.DEVICE), true);
    Parameter weight = new Parameter("weight", random(4, 8, 8).to(MirrorDevice.DEVICE), true);
    int[] ids = {3, 5, 7, 3, 19, 0};
    int[] labels = {1, -1, 4, 19, 0, 2};
    try (Scope _ = Scope.open()) {
      long reads = MirrorDevice.copiesToHost();
      long kernels = MirrorDevice.kernelsRun();
      Variable x = ActivationOps.neftune(GatherOps.embedding(table, ids), new int[] {0, 4, 6}, 5, new Philox(1, 2), 0);
      Variable ones = Variable.constant(x.value().emptyLike(8).fill(1));
      Variable hidden = NormOps.rmsNorm(MatMulOps.linear(x, weight, null), ones, 0, 1e-6f);
      HeadLoss head = LossOps.linearCrossEntropy(hidden, table, null, labels, 30, 1, CrossEntropySettings.PLAIN, 0.2f);
      MathOps.mul(head.loss(), 3).backward();
      assertEquals(reads, MirrorDevice.copiesToHost());
      assertTrue(MirrorDevice.kernelsRun() > kernels + 15);
      assertSame(MirrorDevice.DEVICE, table.gradient().device());
      assertSame(MirrorDevice.DEVICE, weight.gradient().device());
    }
  }

  @Test
  void aParameterOutlivesTheScopesThatItIsMadeIn() {
    Tensor stored = Tensor.of(MemorySegment.ofArray(new short[] {0x3f80, 0x4000}), DType.BF16, Shape.of(2));
    Parameter trained;
    Parameter moved;
    try (Scope _ = Scope.open()) {
      try (Scope _ = Scope.open()) {
        trained = new Parameter("trained", stored, true);
        moved = new Parameter("moved", Tensor.of(new float[] {1, 2}, 2), false);
        moved.moveTo(MirrorDevice.DEVICE);
      }
    }
    assertArrayEquals(new float[] {1, 2}, trained.value().toFloatArray());
    assertArrayEquals(new float[] {1, 2}, moved.value().toFloatArray());
  }

  @Test
  void bothDevicesComputeTheSameInOneGraphEach() {
    Tensor x = random(5, 3, 8);
    Tensor w = random(6, 8, 8);
    float[][] gradients = new float[2][];
    float[][] values = new float[2][];
    Device[] devices = {Device.CPU, MirrorDevice.DEVICE};
    for (int i = 0; i < 2; i++) {
      Parameter weight = new Parameter("w", w.to(devices[i]).copy(), true);
      try (Scope _ = Scope.open()) {
        Variable y = MatMulOps.linear(Variable.constant(x.to(devices[i])), weight, null);
        values[i] = y.value().toFloatArray();
        MathOps.mul(y, y).sum().backward();
        gradients[i] = weight.gradient().toFloatArray();
      }
    }
    assertArrayEquals(values[0], values[1], 1e-5f);
    assertArrayEquals(gradients[0], gradients[1], 1e-4f);
  }
}
