package dev.hone.train.saving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.lora.Adapter;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.Pass.Savings;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.train.fixture.Fixtures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the last layer computes for rows that nobody reads is left out: losses and gradients are those of the plain way. */
@Tag("fixtures")
class UnreadRowsTest {
  private static final double BOUND = 1e-6; // of the largest number of a gradient
  private static final Savings SAVED = new Savings(true);

  static List<Path> models() {
    return Fixtures.directories("models", directory -> true);
  }

  static List<Path> decoders() {
    return Fixtures.directories("models", directory -> Fixtures.json(directory.resolve("config.json")).path("architectures")
        .path(0).asString().matches(".*(CausalLM|LMHeadModel)"));
  }

  private static TokenBatch batch(PretrainedModel model) {
    Random random = new Random(5);
    List<int[]> rows = new ArrayList<>();
    for (int length : new int[] {5, 17, 1, 12}) {
      rows.add(random.ints(length, 4, model.config().vocabSize()).toArray());
    }
    return TokenBatch.of(rows);
  }

  private static Map<String, float[]> gradients(PretrainedModel model, Function<Pass, Variable> loss, Pass pass) {
    Map<String, float[]> found = new LinkedHashMap<>();
    try (Scope _ = Scope.open()) {
      Variable value = loss.apply(pass);
      value.backward();
      found.put("loss", value.value().toFloatArray());
    }
    for (Map.Entry<String, Parameter> entry : model.parameters().entrySet()) {
      if (entry.getValue().hasGradient()) {
        found.put(entry.getKey(), entry.getValue().gradient().toFloatArray());
        entry.getValue().clearGradient();
      }
    }
    return found;
  }

  private static void same(PretrainedModel model, Function<Pass, Variable> loss) {
    for (Pass pass : List.of(Pass.training(3, 1).withModelDropout(0), Pass.training(3, 2).withModelDropout(0.2f),
        Pass.training(3, 3).withModelDropout(0.2f).withCheckpointing())) {
      Map<String, float[]> plain = gradients(model, loss, pass);
      Map<String, float[]> saved = gradients(model, loss, pass.withSavings(SAVED));
      assertEquals(plain.keySet(), saved.keySet());
      assertTrue(plain.size() > 2, "gradients");
      double largest = 0;
      for (float[] each : plain.values()) {
        for (float number : each) {
          largest = Math.max(largest, Math.abs(number));
        }
      }
      for (Map.Entry<String, float[]> entry : plain.entrySet()) {
        float[] other = saved.get(entry.getKey());
        for (int i = 0; i < other.length; i++) {
          assertEquals(entry.getValue()[i], other[i], BOUND * largest, entry.getKey() + "[" + i + "]");
        }
      }
    }
  }

  private static void prepare(PretrainedModel model, boolean adapted) {
    if (adapted) {
      Adapter adapter = Adapter.attach(model, new LoraConfig(4, 8, 0.2f, List.of(), List.of()), 7);
      Random random = new Random(11);
      for (Parameter parameter : adapter.parameters().values()) { // LoRA's B begins with zeros, which stop every gradient of A
        float[] values = parameter.value().toFloatArray();
        for (int i = 0; i < values.length; i++) {
          values[i] += 0.05f * (float) random.nextGaussian();
        }
        parameter.value().copyFrom(Tensor.of(values, parameter.shape().toArray()));
      }
    } else {
      model.setTrainable(true);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void classifiersLearnTheSame(Path directory) {
    for (boolean adapted : new boolean[] {false, true}) {
      PretrainedModel model = PretrainedModel.load(directory, new Labels(List.of("a", "b", "c"), Labels.Kind.SINGLE_LABEL), 9);
      prepare(model, adapted);
      TokenBatch batch = batch(model);
      same(model, pass -> LossOps.crossEntropy(model.forward(batch, pass), new int[] {0, 2, 1, 2}, CrossEntropySettings.PLAIN,
          0.25f));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("decoders")
  void languageModelsLearnTheSame(Path directory) {
    for (boolean adapted : new boolean[] {false, true}) {
      PretrainedModel model = PretrainedModel.load(directory, Task.CAUSAL_LM);
      prepare(model, adapted);
      TokenBatch batch = batch(model);
      int[] labels = batch.tokens().clone();
      Arrays.fill(labels, 0, 4, -1); // the last token of the first row, parts of the second and the last, nothing of the third
      Arrays.fill(labels, 9, 12, -1);
      Arrays.fill(labels, 22, 30, -1);
      same(model, pass -> model.loss(batch, labels, CrossEntropySettings.PLAIN, 0.1f, pass).loss());
      same(model, pass -> model.tokenLosses(batch, labels, pass).sum());
    }
  }
}
