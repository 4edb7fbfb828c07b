package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** A pass back says when a gradient is whole: once for each, in the order of the pass, and nothing is added to it afterwards. */
class WholeGradientTest {
  private final Parameter table = parameter("table", 5, 3);
  private final Parameter first = parameter("first", 3, 3);
  private final Parameter second = parameter("second", 3, 3);
  private final Parameter bias = parameter("bias", 3);
  private final Parameter frozen = new Parameter("frozen", first.value().copy(), false);
  private final Parameter elsewhere = parameter("elsewhere", 3, 3);

  private static Parameter parameter(String name, int... dims) {
    Tensor value = Tensor.zeros(dims);
    for (int i = 0; i < value.shape().length(); i++) {
      value.array()[i] = (name.length() * 7 + i * 5) % 11 / 10f - 0.4f;
    }
    return new Parameter(name, value, true);
  }

  /** Names and what the gradient was then; afterwards it must be the same. */
  private List<String> pass(Variable loss) {
    Map<Parameter, float[]> seen = new LinkedHashMap<>();
    loss.backward(parameter -> seen.put(parameter, parameter.gradient().toFloatArray()));
    seen.forEach((parameter, then) -> assertArrayEquals(parameter.gradient().toFloatArray(), then, parameter.name()));
    return seen.keySet().stream().map(Parameter::name).toList();
  }

  private Variable model(UnaryOperator<Variable> layer, UnaryOperator<Variable> next) {
    Variable x = GatherOps.embedding(table, new int[] {1, 4, 1, 0});
    return next.apply(layer.apply(x).matmul(frozen));
  }

  private Variable layer(Variable x) {
    return MatMulOps.linear(x, first, bias);
  }

  private Variable next(Variable x) {
    return MatMulOps.linear(MatMulOps.linear(x, second, bias), table, null);
  }

  @Test
  void whatIsUsedTwiceIsWholeWithItsEarlierUse() {
    try (Scope _ = Scope.open()) {
      assertEquals(List.of("second", "bias", "first", "table"), pass(squares(model(this::layer, this::next))));
      assertEquals(false, elsewhere.hasGradient());
    }
  }

  @Test
  void aPartThatIsComputedAgainHasItsParametersToo() {
    try (Scope _ = Scope.open()) {
      pass(squares(model(this::layer, this::next)));
      Map<Parameter, float[]> recorded = new LinkedHashMap<>();
      for (Parameter each : List.of(table, first, second, bias)) {
        recorded.put(each, each.gradient().toFloatArray());
        each.clearGradient();
      }
      Variable again = squares(model(x -> GradientCheckpoint.run(this::layer, x), x -> GradientCheckpoint.run(this::next, x)));
      List<String> order = pass(again);
      assertEquals(List.of("second", "bias", "first", "table"), order);
      recorded.forEach((each, gradient) -> assertArrayEquals(gradient, each.gradient().toFloatArray(), each.name()));
    }
  }

  @Test
  void aPartThatDoesSomethingElseTheSecondTimeIsRefused() {
    boolean[] again = {false};
    try (Scope _ = Scope.open()) {
      Variable x = GatherOps.embedding(table, new int[] {1, 2});
      Variable loss = squares(GradientCheckpoint.run(in -> in.matmul(again[0] ? elsewhere : first), x));
      again[0] = true;
      assertEquals("gradient checkpoint: the part uses elsewhere F32 [3, 3] when it is computed again, and did not at first; it "
          + "must do the same both times", assertThrows(IllegalStateException.class, loss::backward).getMessage());
    }
  }

  private static Variable squares(Variable x) {
    return x.mul(x).sum();
  }
}
