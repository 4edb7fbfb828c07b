package dev.hone.train.distributed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.train.optim.Grouping;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.optim.UpdateRule;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizerShardsTest {
  private static final int[][] SHAPES = {{301, 7}, {33, 48}, {5}, {17, 3}, {64, 64}};

  private static Grouping grouping(String optim) {
    return Grouping.of(UpdateRule.named(optim, 0.9, 0.999, 1e-8, Map.of()), 0.01);
  }

  private static List<Parameter> parameters() {
    Random random = new Random(3);
    return IntStream.range(0, SHAPES.length).mapToObj(i -> {
      int size = SHAPES[i].length == 1 ? SHAPES[i][0] : SHAPES[i][0] * SHAPES[i][1];
      float[] numbers = new float[size];
      for (int k = 0; k < size; k++) {
        numbers[k] = (float) random.nextGaussian();
      }
      return new Parameter("layer." + i + ".weight", Tensor.of(numbers, SHAPES[i]), true);
    }).toList();
  }

  private static void gradients(List<Parameter> parameters, int step) {
    Random random = new Random(step);
    for (int i = 0; i < parameters.size(); i++) {
      Parameter parameter = parameters.get(i);
      parameter.clearGradient();
      float[] numbers = new float[parameter.shape().length()];
      for (int k = 0; k < numbers.length; k++) {
        numbers[k] = (float) random.nextGaussian();
      }
      if (i != 3 || step != 2) { // one has none once, whose step does not count
        parameter.addGradient(Tensor.of(numbers, SHAPES[i]));
      }
    }
  }

  private static void assertSame(Map<String, Tensor> expected, Map<String, Tensor> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, tensor) -> {
      assertEquals(tensor.shape(), actual.get(name).shape(), name);
      if (tensor.dtype().isFloat()) {
        assertArrayEquals(tensor.toFloatArray(), actual.get(name).toFloatArray(), name);
      } else {
        assertArrayEquals(tensor.toLongArray(), actual.get(name).toLongArray(), name);
      }
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"adamw", "adamw_8bit", "adam", "adamax", "sgd", "adafactor", "lion", "muon", "nadam", "radam",
      "rmsprop", "adagrad", "adadelta"})
  void anyNumberOfProcessesHasWeightsAndStatesOfOne(String optim) throws Exception {
    List<Parameter> expected = parameters();
    Optimizer alone = new Optimizer(expected, grouping(optim));
    for (int step = 1; step <= 6; step++) {
      gradients(expected, step);
      alone.step(1e-2, 0.7f);
    }
    for (int size : new int[] {2, 3, 7}) {
      Optimizer.State[] handed = new Optimizer.State[1];
      ThreadRanks.run(size, ranks -> () -> {
        List<Parameter> own = parameters();
        OptimizerShards shards = new OptimizerShards(ranks, own, grouping(optim));
        for (int step = 1; step <= 6; step++) {
          if (step == 4) { // goes on from what all remember
            Optimizer.State state = shards.gather();
            if (ranks.leads()) { // the others write nothing: it could take back what was handed out
              handed[0] = state;
            }
            ranks.gather(0);
            shards = new OptimizerShards(ranks, own, grouping(optim));
            shards.restore(handed[0]);
          }
          gradients(own, step);
          shards.step(1e-2, 0.7f);
        }
        for (int i = 0; i < own.size(); i++) {
          assertArrayEquals(expected.get(i).value().toFloatArray(), own.get(i).value().toFloatArray(), optim + " " + i);
        }
        Optimizer.State state = shards.gather();
        if (ranks.leads()) {
          assertEquals(alone.state().steps(), state.steps());
          assertSame(alone.state().tensors(), state.tensors());
        }
        return null;
      });
    }
  }

  @Test
  void statesShrinkWithTheNumberOfProcesses() throws Exception {
    long all = 2 * Float.BYTES * parameters().stream().mapToLong(parameter -> parameter.value().size()).sum();
    for (int size : new int[] {2, 4, 7}) {
      List<Long> bytes = ThreadRanks.run(size, ranks -> () -> {
        List<Parameter> own = parameters();
        OptimizerShards shards = new OptimizerShards(ranks, own, grouping("adamw"));
        gradients(own, 1);
        shards.step(1e-2, 1);
        return shards.bytes();
      });
      assertEquals(all, bytes.stream().mapToLong(Long::longValue).sum());
      long most = new TreeSet<>(bytes).last();
      assertTrue(most < 1.1 * all / size + 2 * 64 * 8 * Float.BYTES, size + ": " + bytes);
      assertEquals(most / (double) all, OptimizerShards.largest(parameters(), grouping("adamw"), size), 1e-9);
    }
  }

  @Test
  void whatOneLooksAtWholeIsOwnedWhole() {
    List<Parameter> parameters = parameters();
    List<OptimizerShards.Piece> all = OptimizerShards.pieces(parameters, grouping("muon"), 4).stream().flatMap(List::stream)
        .toList();
    for (int i = 0; i < SHAPES.length; i++) {
      int index = i;
      boolean matrix = SHAPES[i].length == 2;
      List<OptimizerShards.Piece> pieces = all.stream().filter(piece -> piece.index() == index).toList();
      assertTrue(!matrix || pieces.equals(List.of(new OptimizerShards.Piece(i, 0, -1))), pieces.toString());
    }
  }
}
