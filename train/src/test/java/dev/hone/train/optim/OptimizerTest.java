package dev.hone.train.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.TestDevice;
import dev.hone.core.parallel.Workers;
import dev.hone.core.random.Philox;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OptimizerTest {
  static List<String> names() {
    return UpdateRule.names();
  }

  private static UpdateRule rule(String name) {
    return UpdateRule.named(name, 0.9, 0.999, 1e-8, Map.of());
  }

  private static Parameter matrix(String name) {
    float[] values = new float[80 * 70]; // large enough for 8-bit means
    new Philox(3, 1).fillNormal(values, 0, values.length, 0, 1);
    return new Parameter(name, TestDevice.placed(Tensor.of(values, 80, 70)), true);
  }

  private static void gradient(Parameter parameter, long step) {
    parameter.clearGradient();
    float[] values = new float[parameter.shape().length()];
    new Philox(5, step).fillNormal(values, 0, values.length, 0, 1);
    parameter.mul(parameter).add(Variable.constant(TestDevice.placed(Tensor.of(values, 80, 70))).mul(parameter)).sum().backward();
  }

  private static void steps(Optimizer optimizer, Parameter parameter, int from, int to) {
    for (int step = from; step < to; step++) {
      gradient(parameter, step);
      optimizer.step(1e-2, 0.5f);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  void goingOnFromASavedStateGivesTheSameBitsOnAnyNumberOfThreads(String name) {
    int threads = Workers.threads();
    try {
      Workers.setThreads(1);
      Parameter plain = matrix("layers.0.weight");
      steps(new Optimizer(List.of(plain), Grouping.of(rule(name), 0.1)), plain, 0, 6);
      Workers.setThreads(3);
      Parameter paused = matrix("layers.0.weight");
      Optimizer first = new Optimizer(List.of(paused), Grouping.of(rule(name), 0.1));
      steps(first, paused, 0, 3);
      Optimizer second = new Optimizer(List.of(paused), Grouping.of(rule(name), 0.1));
      second.restore(first.state());
      steps(second, paused, 3, 6);
      assertArrayEquals(plain.value().toFloatArray(), paused.value().toFloatArray());
    } finally {
      Workers.setThreads(threads);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  void aGradientOfSomeRowsMovesTheWholeTableAsAWholeGradientDoes(String name) {
    Parameter[] tables = {matrix("words.weight"), matrix("words.weight")};
    double[] norms = new double[2];
    for (int i = 0; i < 2; i++) {
      Optimizer optimizer = new Optimizer(List.of(tables[i]), Grouping.of(rule(name), 0.1));
      for (int step = 0; step < 4; step++) {
        GatherOps.embedding(tables[i], new int[] {7 * step, 79, 7 * step, 3}).mul(0.25f * step).sum().backward();
        if (i == 1) {
          tables[i].gradient();
        }
        assertEquals(i == 0, tables[i].rowGradient() != null);
        norms[i] = Gradients.norm(List.of(tables[i]));
        optimizer.step(1e-2, 0.5f);
        Gradients.clear(List.of(tables[i]));
      }
    }
    assertArrayEquals(tables[1].value().toFloatArray(), tables[0].value().toFloatArray());
    assertEquals(norms[1], norms[0], 1e-12 * norms[1]);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  void aBowlIsDescended(String name) {
    Parameter parameter = matrix("layers.0.weight");
    Optimizer optimizer = new Optimizer(List.of(parameter), Grouping.of(rule(name), 0));
    double before = Gradients.norm(List.of(grow(parameter)));
    for (int step = 0; step < 60; step++) {
      parameter.clearGradient();
      parameter.mul(parameter).sum().backward();
      optimizer.step(name.equals("adadelta") ? 5 : name.equals("sgd") || name.equals("adagrad") ? 0.1 : 0.02, 1);
    }
    double after = Gradients.norm(List.of(grow(parameter)));
    assertTrue(after < 0.9 * before, "from " + before + " to " + after);
  }

  /** The parameter with the gradient of its squares. */
  private static Parameter grow(Parameter parameter) {
    parameter.clearGradient();
    parameter.mul(parameter).sum().backward();
    return parameter;
  }

  @Test
  void eightBitMeansTakeAQuarterOfTheMemoryAndNearlyTheSameSteps() {
    Parameter full = matrix("a");
    Parameter small = matrix("a");
    float[] start = full.value().toFloatArray();
    Optimizer of32 = new Optimizer(List.of(full), Grouping.of(AdamW.USUAL, 0));
    Optimizer of8 = new Optimizer(List.of(small), Grouping.of(new AdamW8bit(0.9, 0.999, 1e-8), 0));
    steps(of32, full, 0, 20);
    steps(of8, small, 0, 20);
    double moved = 0;
    double apart = 0;
    for (int i = 0; i < start.length; i++) {
      moved += Math.pow(full.value().get(i) - start[i], 2);
      apart += Math.pow(full.value().get(i) - small.value().get(i), 2);
    }
    assertTrue(Math.sqrt(apart / moved) < 0.1, "apart by " + Math.sqrt(apart / moved) + " of the way");
    long bytes = of8.state().tensors().values().stream().mapToLong(Tensor::bytes).sum();
    assertTrue(bytes < 0.27 * of32.state().tensors().values().stream().mapToLong(Tensor::bytes).sum(), "bytes " + bytes);
  }

  @Test
  void decayAndRatesFollowNamesAndShapes() {
    Grouping grouping = new Grouping(AdamW.USUAL, 0.1, 0.5, 2, Map.of("classifier", 10.0, "layer.1", 3.0));
    assertEquals(new ParameterGroup(AdamW.USUAL, 0.125, 0.1), grouping.apply(matrix("bert.embeddings.word_embeddings.weight")));
    assertEquals(new ParameterGroup(AdamW.USUAL, 0.25, 0.1), grouping.apply(matrix("bert.encoder.layer.0.output.dense.weight")));
    assertEquals(1.5, grouping.apply(matrix("bert.encoder.layer.1.output.dense.weight")).rateFactor());
    assertEquals(10, grouping.apply(matrix("classifier.weight")).rateFactor());
    assertEquals(1, grouping.apply(matrix("classifierX.weight")).rateFactor(), "only whole pieces of a name count");
    Parameter bias = new Parameter("classifier.bias", Tensor.zeros(3), true);
    assertEquals(0, grouping.apply(bias).weightDecay());
  }

  @Test
  void muonLeavesTablesAndHeadsToAdamW() {
    Grouping grouping = Grouping.of(new Muon(0.95, true, false), 0.1);
    assertEquals(Muon.class, grouping.apply(matrix("model.layers.3.mlp.up_proj.weight")).rule().getClass());
    assertEquals(AdamW.class, grouping.apply(matrix("model.embed_tokens.weight")).rule().getClass());
    assertEquals(AdamW.class, grouping.apply(new Parameter("model.layers.3.norm.weight", Tensor.zeros(3), true)).rule()
        .getClass());
  }

  @Test
  void mistakesAreNamed() {
    assertTrue(assertThrows(IllegalArgumentException.class, () -> rule("adamx")).getMessage()
        .startsWith("optim: 'adamx' is not known; known: adamw, "));
    assertEquals("optimizer sgd: no argument 'momentun'; known: dampening, momentum, nesterov",
        assertThrows(IllegalArgumentException.class, () -> UpdateRule.named("sgd", 0, 0, 0, Map.of("momentun", 1))).getMessage());
    Optimizer optimizer = new Optimizer(List.of(matrix("a")), Grouping.of(AdamW.USUAL, 0));
    assertEquals("optimiser state: nothing about a; it is of another run", assertThrows(IllegalArgumentException.class,
        () -> optimizer.restore(new Optimizer.State(Map.of(), Map.of()))).getMessage());
  }
}
