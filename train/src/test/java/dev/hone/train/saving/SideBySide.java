package dev.hone.train.saving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.lora.Adapter;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Pass;
import dev.hone.nn.Pass.Savings;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;

/** Losses and gradients of passes that save work beside those of passes that do not. */
final class SideBySide {
  static final double BOUND = 1e-6; // of the largest number of all gradients

  private SideBySide() {}

  /** Four rows of random tokens, one of them a single token. */
  static TokenBatch rows(PretrainedModel model) {
    Random random = new Random(5);
    List<int[]> rows = new ArrayList<>();
    for (int length : new int[] {5, 17, 1, 12}) {
      rows.add(random.ints(length, 4, model.config().vocabSize()).toArray());
    }
    return TokenBatch.of(rows);
  }

  /** The loss and the gradients of one pass, by name. */
  static Map<String, float[]> gradients(PretrainedModel model, Function<Pass, Variable> loss, Pass pass) {
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

  /** Asserts that these passes give the same with these savings. */
  static void same(PretrainedModel model, Function<Pass, Variable> loss, Savings savings, List<Pass> passes) {
    for (Pass pass : passes) {
      Map<String, float[]> plain = gradients(model, loss, pass);
      Map<String, float[]> saved = gradients(model, loss, pass.withSavings(savings));
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

  /** Makes a model trainable, or puts LoRA into it. */
  static void prepare(PretrainedModel model, boolean adapted, float dropout) {
    if (adapted) {
      Adapter adapter = Adapter.attach(model, new LoraConfig(4, 8, dropout, List.of(), List.of()), 7);
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
}
