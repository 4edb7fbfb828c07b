package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A check is worth what it finds: one broken operator per kind of mistake. */
class GradCheckTest {
  private static String failure(GradCheck check) {
    return assertThrows(AssertionError.class, check::verify).getMessage();
  }

  /** x³, with a gradient of choice. */
  private static GradCheck cube(Pullback.Joint pullback) {
    return GradCheck.of(in -> Variable.of("cube", in[0].mul(in[0]).mul(in[0]).value()).pullbacks(List.of(in), pullback))
        .values(Tensor.of(new float[] {0.5f, 1, 1.5f, 2}, 2, 2)).seed(3);
  }

  private static Tensor slope(Tensor up, float factor) {
    float[] x = {0.5f, 1, 1.5f, 2};
    float[] dx = up.toFloatArray();
    for (int i = 0; i < dx.length; i++) {
      dx[i] *= factor * x[i] * x[i];
    }
    return Tensor.of(dx, 2, 2);
  }

  @Test
  void aRightGradientPasses() {
    cube((up, targets) -> targets.add(0, slope(up, 3))).verify();
  }

  @Test
  void aWrongGradientIsReportedWithOperatorInputElementAndBothValues() {
    String message = failure(cube((up, targets) -> targets.add(0, slope(up, 2))));
    assertTrue(message.matches("GradCheck: cube: gradient by input 0 \\[2, 2] at \\[\\d, \\d] is -?[\\d.E-]+, central "
        + "differences "
        + "give -?[\\d.E-]+ .*seed 3.*"), message);
  }

  @Test
  void aMissingGradientIsReported() {
    String message = failure(GradCheck.of(in -> Variable.constant(in[0].mul(in[0]).value())).inputs(new int[] {3}));
    assertTrue(message.contains("is 0.0, central differences give"), message);
  }

  @Test
  void aGradientThatAddsToOldNumbersIsReported() {
    String message = failure(cube((up, targets) -> MathOps.addInto(slope(up, 3), targets.buffer(0))));
    assertTrue(message.contains("when its buffer holds old numbers"), message);
  }

  @Test
  void aGradientThatOverwritesInsteadOfAddingIsReported() {
    String message = failure(cube((up, targets) -> targets.buffer(0).copyFrom(slope(up, 3))));
    assertTrue(message.contains("after a second backward pass"), message);
  }

  @Test
  void aGradientThatDependsOnWhatElseIsTrainableIsReported() {
    String message = failure(GradCheck.of(in -> {
      boolean both = in[0].requiresGradient() && in[1].requiresGradient();
      return Variable.of("sum", MathOps.add(in[0], in[1]).value())
          .pullback(in[0], up -> MathOps.product(up, Tensor.scalar(both ? 1 : 2)))
          .pullback(in[1], up -> up);
    }).inputs(new int[] {3}, new int[] {3}));
    assertTrue(message.contains("sum: gradient by input 0") && message.contains("with no other input trainable"), message);
  }

  @Test
  void aValueThatChangesFromCallToCallIsReported() {
    AtomicInteger calls = new AtomicInteger();
    String message = failure(GradCheck.of(in -> ActivationOps.dropout(in[0], 0.5f, new Philox(1, calls.getAndIncrement())))
        .inputs(new int[] {50}));
    assertTrue(message.contains("the value changes from call to call"), message);
  }
}
