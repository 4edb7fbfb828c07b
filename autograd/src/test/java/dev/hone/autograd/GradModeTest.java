package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Tensor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class GradModeTest {
  private final Parameter x = new Parameter("x", Tensor.of(new float[] {1, 2}, 2), true);

  @Test
  void nothingIsRecordedWhileDisabled() {
    try (GradMode _ = GradMode.disabled()) {
      assertFalse(GradMode.isEnabled());
      Variable y = x.mul(x).sum();
      assertFalse(y.requiresGradient());
      String message = assertThrows(IllegalStateException.class, y::backward).getMessage();
      assertTrue(message.contains("GradMode is disabled"), message);
    }
    assertTrue(GradMode.isEnabled());
    assertTrue(x.mul(x).requiresGradient());
  }

  @Test
  void valuesAreTheSameEitherWay() {
    float[] recorded = MathOps.exp(x).value().toFloatArray();
    try (GradMode _ = GradMode.disabled()) {
      assertArrayEquals(recorded, MathOps.exp(x).value().toFloatArray());
    }
  }

  @Test
  void nestedModesRestoreWhatWasBefore() {
    try (GradMode _ = GradMode.disabled()) {
      try (GradMode _ = GradMode.disabled()) {
        assertFalse(GradMode.isEnabled());
      }
      assertFalse(GradMode.isEnabled());
      try (GradMode _ = GradMode.enabled()) {
        assertTrue(GradMode.isEnabled());
      }
      assertFalse(GradMode.isEnabled());
    }
    assertTrue(GradMode.isEnabled());
  }

  @Test
  void otherThreadsAreNotAffected() throws InterruptedException {
    AtomicBoolean enabled = new AtomicBoolean();
    try (GradMode _ = GradMode.disabled()) {
      Thread thread = new Thread(() -> enabled.set(GradMode.isEnabled()));
      thread.start();
      thread.join();
    }
    assertTrue(enabled.get());
  }
}
