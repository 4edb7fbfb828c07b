package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What operators say to operands that do not fit. */
class OpErrorsTest {
  private static Variable x(int... dims) {
    return Variable.constant(Tensor.zeros(dims));
  }

  private static Arguments error(String message, Executable call) {
    return Arguments.of(message, call);
  }

  static Stream<Arguments> errors() {
    return Stream.of(
        error("add: [2, 3] and [4] do not fit: axis -1 is 3 and 4; sizes must be equal or 1", () -> x(2, 3).add(x(4))),
        error("mul: [2, 3] and [3, 3] do not fit: axis -2 is 2 and 3; sizes must be equal or 1", () -> x(2, 3).mul(x(3, 3))),
        error("matmul: inner sizes differ: lhs [2, 7, 768] has 768, rhs [3072, 768] has 3072; rhs looks transposed, try "
            + "rhs.transpose(-1, -2)", () -> x(2, 7, 768).matmul(x(3072, 768))),
        error("matmul: [2] and [3] do not fit: axis -1 is 2 and 3; sizes must be equal or 1",
            () -> x(2, 4, 5).matmul(x(3, 5, 4))),
        error("linear: the input [2, 3] has 3 columns, the weight [5, 4] takes 4",
            () -> MatMulOps.linear(x(2, 3), x(5, 4), null)),
        error("conv1d: the input [2, 3] has 3 columns, the weight [5, 4] takes 5",
            () -> MatMulOps.conv1d(x(2, 3), x(5, 4), null)),
        error("convolution: the windows of [1, 2, 9] are longer than the input [1, 2, 5] with padding 1",
            () -> MatMulOps.convolution(x(1, 2, 5), x(1, 2, 9), null, 1, 1)),
        error("reshape: [2, 3] has 6 elements, [4, 2] has 8", () -> x(2, 3).reshape(4, 2)),
        error("permute: [0, 0] does not name every axis of [2, 3] once", () -> ShapeOps.permute(x(2, 3), 0, 0)),
        error("permute: [0] does not name every axis of [2, 3] once", () -> ShapeOps.permute(x(2, 3), 0)),
        error("expand: [2, 3] cannot become [3]: only axes of size 1 can grow", () -> ShapeOps.expand(x(2, 3), 3)),
        error("cat along axis 1: [3, 3] does not fit [2, 3]; other sizes must be equal",
            () -> ShapeOps.cat(-1, List.of(x(2, 3), x(3, 3)))),
        error("split along axis 1: [2, 2] do not add up to 3 of [2, 3]", () -> ShapeOps.split(x(2, 3), 1, 2, 2)),
        error("slice: [1, 5) of axis 0 of [4, 2]", () -> ShapeOps.slice(x(4, 2), 0, 1, 5)),
        error("axis 2 of [2, 3], which has 2 axes", () -> x(2, 3).sum(2)),
        error("clamp: min 2.0 must not exceed max 1.0", () -> MathOps.clamp(x(3), 2, 1)),
        error("mask: [5] and [2, 3] do not fit: axis -1 is 5 and 3; sizes must be equal or 1",
            () -> MathOps.maskedFill(x(2, 3), Mask.of(new boolean[5], 5), 0)),
        error("Mask: shape [2, 3] has 6 elements, the array 5", () -> Mask.of(new boolean[5], 2, 3)),
        error("embedding: id 7 at position 1, the table has 7 rows",
            () -> GatherOps.embedding(x(7, 2), new int[] {0, 7})),
        error("rows: number -2 at position 0 of [7, 2]", () -> GatherOps.rows(x(7, 2), new int[] {-2})),
        error("gather: index 5 on axis 1 of [3, 5]", () -> GatherOps.gather(x(3, 5), 1, new int[] {0, 1, 5}, 3, 1)),
        error("gather along axis 1: 3 indices of shape [1, 3] do not fit [3, 5]; sizes must be equal but for that axis",
            () -> GatherOps.gather(x(3, 5), 1, new int[] {0, 1, 4}, 1, 3)),
        error("dropout: p must be from 0 to below 1, got 1.0", () -> ActivationOps.dropout(x(3), 1, new Philox(1, 1))),
        error("neftune: noise [3, 2] for embeddings [4, 2]",
            () -> ActivationOps.neftune(x(4, 2), new int[] {0, 4}, 5, Tensor.zeros(3, 2))),
        error("meanPerSequence: sequence 1 of [0, 4, 4] is empty",
            () -> ReduceOps.meanPerSequence(x(4, 2), new int[] {0, 4, 4})),
        error("crossEntropy: label 3 at row 1; there are 3 classes",
            () -> LossOps.crossEntropy(x(2, 3), new int[] {0, 3}, CrossEntropySettings.PLAIN, 1)),
        error("crossEntropy: class weights [2] for 3 classes", () -> LossOps.crossEntropy(x(2, 3), new int[] {0, 1},
            new CrossEntropySettings(Tensor.zeros(2), 0, 0), 1)),
        error("cross-entropy: label smoothing must be from 0 to 1, got 1.5", () -> new CrossEntropySettings(null, 1.5f, 0)),
        error("cross-entropy: the factor of the z-loss must not be negative, got -1.0",
            () -> new CrossEntropySettings(null, 0, -1)),
        error("squaredError: the target [3] must have the shape of the values [3, 1]",
            () -> LossOps.squaredError(x(3, 1), Tensor.zeros(3), 1)),
        error("forwardKl: the temperature must be above 0, got 0.0",
            () -> LossOps.forwardKl(x(2, 3), Tensor.zeros(2, 3), null, 0, 1)),
        error("parameter w: [3] cannot become [4]",
            () -> new Parameter("w", Tensor.zeros(3), true).setValue(Tensor.zeros(4))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("errors")
  void theMessageNamesOperatorOperandsAndRule(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @Test
  void aMaskIsBroadcastLikeATensor() {
    Mask mask = Mask.of(new boolean[] {true, false, false, true}, 2, 1, 2).expand(Shape.of(2, 3, 2));
    assertArrayEquals(new boolean[] {true, false, true, false, true, false, false, true, false, true, false, true},
        mask.values());
    assertArrayEquals(new boolean[] {true, true, true}, Mask.of(new boolean[] {true}).expand(Shape.of(3)).values());
  }

  @Test
  void lossesOfExtremeLogitsStayFinite() {
    Variable extreme = Variable.leaf(Tensor.of(new float[] {800, -800, 100, -100}, 2, 2));
    Tensor target = Tensor.of(new float[] {1, 0, 0, 1}, 2, 2);
    assertEquals(200, LossOps.binaryCrossEntropy(extreme, target, null, 1).value().item());
    for (Variable loss : List.of(LossOps.sigmoidFocal(extreme, target, 0.5f, 0.25f, 1),
        LossOps.focal(extreme, new int[] {0, 0}, 0.5f, null, 1), LossOps.reverseKl(extreme, target, null, 1, 1))) {
      Parameter leaf = (Parameter) extreme;
      leaf.clearGradient();
      loss.backward();
      for (float value : leaf.gradient().toFloatArray()) {
        assertTrue(Float.isFinite(value), loss + ": gradient " + value);
      }
    }
  }
}
