package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** A {@link Fixture} with its differentiated inputs as leaves. */
final class FixtureRun {
  private final Fixture fixture;
  private final Map<String, Parameter> leaves = new LinkedHashMap<>();

  FixtureRun(Fixture fixture) {
    this.fixture = fixture;
    for (String name : fixture.gradients()) {
      leaves.put(name, new Parameter(name, fixture.tensor(name), true));
    }
  }

  Fixture fixture() {
    return fixture;
  }

  /** An input: a leaf if its gradient is recorded, null if the case has no such input. */
  Variable in(String name) {
    if (!fixture.has(name)) {
      return null;
    }
    Variable leaf = leaves.get(name);
    return leaf != null ? leaf : Variable.constant(fixture.tensor(name));
  }

  /**
   * Compares a result and the gradients it sends back with the recorded ones.
   *
   * @param tolerance relative to the largest element of the tensor. Where terms cancel in a sum, float32 cannot be that
   *     close; there PyTorch's own error, which the fixture records, says what it can.
   */
  void check(Variable result, double tolerance) {
    assertEquals(fixture.expectedShape(), result.shape(), fixture + ": shape");
    assertClose("out", fixture.expected(), result.value(), tolerance);
    result.backward(fixture.upstream());
    leaves.forEach((name, leaf) -> {
      assertNotNull(leaf.gradient(), fixture + ": no gradient by " + name);
      assertClose("grad." + name, fixture.expectedGradient(name), leaf.gradient(), tolerance);
    });
  }

  private void assertClose(String what, float[] expected, Tensor actual, double tolerance) {
    float[] values = actual.toFloatArray();
    assertEquals(expected.length, values.length, fixture + ": " + what);
    double largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    double allowed = tolerance * largest + 4 * fixture.float32Error(what);
    for (int i = 0; i < expected.length; i++) {
      double error = Math.abs((double) expected[i] - values[i]);
      assertTrue(error <= allowed, fixture + ": " + what + ": element " + i + " is " + values[i] + ", expected "
          + expected[i] + ", off by " + error / largest + " of the largest");
    }
  }
}
