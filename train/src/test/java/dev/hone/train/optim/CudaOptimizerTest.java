package dev.hone.train.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.core.kernel.cuda.EmulatedGpu;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every optimiser against torch and transformers on the emulated driver, and a state in bytes that goes through a checkpoint. */
@Tag("fixtures")
class CudaOptimizerTest {
  private static final String DEVICE = "hone.test.device";

  @BeforeAll
  static void open() {
    EmulatedGpu.device();
    EmulatedGpu.setOrders(1);
    System.setProperty(DEVICE, "cuda");
  }

  @AfterAll
  static void close() {
    System.clearProperty(DEVICE);
    EmulatedGpu.setOrders(0);
  }

  @AfterEach
  void nothingIsWrong() {
    assertEquals("", EmulatedGpu.reports());
  }

  @TestFactory
  Stream<DynamicTest> optimizersStepAsTorchsDo() {
    return new OptimizerFixturesTest().optimizersStepAsTorchsDo();
  }

  @Test
  void aStateInBytesGoesOnWithTheSameBits() {
    new OptimizerTest().goingOnFromASavedStateGivesTheSameBitsOnAnyNumberOfThreads("adamw_8bit");
  }
}
