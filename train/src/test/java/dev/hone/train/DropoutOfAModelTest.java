package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.ReduceOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a pass drops forward it drops backward, and no two places, rows, layers or steps drop alike. */
class DropoutOfAModelTest {
  private static final List<int[]> ROWS = List.of(new int[] {3, 7, 9}, new int[] {4, 5, 6, 7, 8, 9, 10}, new int[] {11},
      new int[] {12, 13, 14, 15, 16});

  @TempDir
  Path directory;

  /** The gradient of a pass with dropout of every kind, times a direction, is the difference of the losses along it. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "bert", "gpt2", "deberta-v2"})
  void gradientsAreThoseOfThePassThatWasRun(String family) throws IOException {
    Path config = Files.writeString(directory.resolve("config.json"), "{" + StepBlocksTest.CONFIGS.get(family)
        + ", \"vocab_size\": 50, \"hidden_size\": 32, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, "
        + "\"intermediate_size\": 64, \"max_position_embeddings\": 64, \"initializer_range\": 0.2}");
    PretrainedModel model = ModelLoader.ofConfig(config).task(Task.EMBEDDING).seed(3).load();
    model.setTrainable(true);
    Pass pass = Pass.training(5, 6).ofRows(3, ROWS.size());
    List<Parameter> parameters = List.copyOf(model.parameters().values());
    loss(model, pass).backward();
    double expected = 0;
    List<Tensor> directions = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      float[] direction = new float[parameters.get(i).value().shape().length()];
      new Philox(9, i).fillNormal(direction, 0, direction.length, 0, 1);
      directions.add(Tensor.of(direction, parameters.get(i).value().shape().toArray()));
      float[] gradient = parameters.get(i).gradient().toFloatArray();
      for (int j = 0; j < gradient.length; j++) {
        expected += (double) gradient[j] * direction[j];
      }
    }
    double h = 5e-4;
    double difference = (along(model, pass, parameters, directions, h) - along(model, pass, parameters, directions, -h))
        / (2 * h);
    assertEquals(expected, difference, 0.01 * Math.abs(expected) + 0.02, family);
    double otherMasks = (along(model, Pass.training(5, 7).ofRows(3, ROWS.size()), parameters, directions, h)
        - along(model, Pass.training(5, 7).ofRows(3, ROWS.size()), parameters, directions, -h)) / (2 * h);
    assertTrue(Math.abs(otherMasks - expected) > 0.1 * Math.abs(expected), "other masks have another gradient");
  }

  private static Variable loss(PretrainedModel model, Pass pass) {
    Variable hidden = model.hidden(TokenBatch.of(ROWS), pass);
    float[] weights = new float[hidden.shape().length()];
    new Philox(2, 3).fillNormal(weights, 0, weights.length, 0, 1);
    return ReduceOps.sum(MathOps.mul(hidden, Variable.constant(Tensor.of(weights, hidden.shape().toArray()))), false, 0, 1);
  }

  private static double along(PretrainedModel model, Pass pass, List<Parameter> parameters, List<Tensor> directions, double h) {
    List<float[]> before = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      float[] values = parameters.get(i).value().toFloatArray();
      before.add(values.clone());
      float[] direction = directions.get(i).toFloatArray();
      for (int j = 0; j < values.length; j++) {
        values[j] += (float) (h * direction[j]);
      }
      parameters.get(i).value().copyFrom(Tensor.of(values, parameters.get(i).value().shape().toArray()));
    }
    double loss;
    try (Scope _ = Scope.open()) {
      loss = loss(model, pass).value().item();
    }
    for (int i = 0; i < parameters.size(); i++) {
      parameters.get(i).value().copyFrom(Tensor.of(before.get(i), parameters.get(i).value().shape().toArray()));
    }
    return loss;
  }

  /** Correlations of masks are those of chance: of 4,000 elements, below 5 standard deviations. */
  @Test
  void masksAreIndependent() {
    int width = 1000;
    List<int[]> rows = List.of(new int[4], new int[4], new int[4]);
    List<float[]> masks = new ArrayList<>();
    for (long seed : new long[] {1, 42}) {
      for (long step = 0; step < 4; step++) {
        for (int first : new int[] {0, 3}) {
          Pass pass = Pass.training(seed, step).ofRows(first, 3).over(TokenBatch.of(rows));
          for (int layer = 0; layer < 3; layer++) {
            for (String name : new String[] {"lora.query", "lora.key"}) {
              float[] ones = new float[12 * width];
              Arrays.fill(ones, 1);
              float[] all = pass.adapterDropout(Variable.constant(Tensor.of(ones, 12, width)), 0.1f,
                  Pass.site(name, layer)).value().toFloatArray();
              for (int s = 0; s < 3; s++) {
                masks.add(Arrays.copyOfRange(all, s * 4 * width, (s + 1) * 4 * width));
              }
            }
          }
        }
      }
    }
    int n = 4 * width;
    double deviation = Math.sqrt(0.1 * 0.9 / n);
    for (int i = 0; i < masks.size(); i++) {
      assertEquals(0.1, dropped(masks.get(i), masks.get(i)), 5 * deviation);
      for (int j = 0; j < i; j++) {
        double both = dropped(masks.get(i), masks.get(j));
        assertEquals(0.01, both, 5.5 * Math.sqrt(0.01 * 0.99 / n), i + " and " + j);
      }
    }
  }

  private static double dropped(float[] a, float[] b) {
    int both = 0;
    for (int i = 0; i < a.length; i++) {
      both += a[i] == 0 && b[i] == 0 ? 1 : 0;
    }
    return (double) both / a.length;
  }
}
