package dev.hone.train.optim;

import dev.hone.train.fixture.OnEmulatedGpu;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every optimiser against torch and transformers on the emulated driver, and a state in bytes that goes through a checkpoint. */
@Tag("fixtures")
@ExtendWith(OnEmulatedGpu.class)
class CudaOptimizerTest {
  @TestFactory
  Stream<DynamicTest> optimizersStepAsTorchsDo() {
    return new OptimizerFixturesTest().optimizersStepAsTorchsDo();
  }

  @Test
  void aStateInBytesGoesOnWithTheSameBits() {
    new OptimizerTest().goingOnFromASavedStateGivesTheSameBitsOnAnyNumberOfThreads("adamw_8bit");
  }
}
