package dev.hone.nn.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

class SamplingTest {
  private static final int DRAWS = 10;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 100, 1500})
  void theCutRulesGiveWhatSortingTheWholeVocabularyGives(int vocabulary) {
    for (float spread : new float[] {0, 0.1f, 3, 30}) {
      Random random = new Random(vocabulary);
      float[] logits = new float[vocabulary];
      for (int i = 0; i < vocabulary; i++) {
        logits[i] = Math.round(4 * spread * random.nextGaussian()) / 4f; // with ties
      }
      for (Sampling sampling : samplings()) {
        for (int step = 0; step < DRAWS; step++) {
          Philox draws = new Philox(sampling.seed(), 1);
          int token = sampling.choose(logits.clone(), new int[0], draws, step);
          assertEquals(plain(sampling, logits, draws.uniform(step)), token,
              sampling + ", spread " + spread + ", step " + step);
        }
      }
    }
  }

  private static List<Sampling> samplings() {
    List<Sampling> all = new ArrayList<>();
    for (int topK : new int[] {0, 1, 5, 50}) {
      for (float topP : new float[] {1, 0.95f, 0.3f}) {
        for (float minP : new float[] {0, 0.05f}) {
          all.add(new Sampling(0.8f, topK, topP, minP, 1, 7));
        }
      }
    }
    return all;
  }

  /** The rules one after the other on all tokens in order. */
  private static int plain(Sampling sampling, float[] logits, float uniform) {
    double[] weights = new double[logits.length];
    double largest = IntStream.range(0, logits.length).mapToDouble(i -> logits[i]).max().orElseThrow();
    Arrays.setAll(weights, i -> Math.exp((logits[i] - largest) / sampling.temperature()));
    List<Integer> order = new ArrayList<>(IntStream.range(0, weights.length).filter(i -> weights[i] > 0).boxed()
        .sorted(Comparator.<Integer>comparingDouble(i -> -weights[i]).thenComparingInt(i -> i)).toList());
    if (sampling.topK() > 0 && sampling.topK() < order.size()) {
      order = order.subList(0, sampling.topK());
    }
    if (sampling.topP() < 1) {
      double total = order.stream().mapToDouble(i -> weights[i]).sum();
      int count = 0;
      for (double reached = 0; count < order.size() && reached < sampling.topP() * total; count++) {
        reached += weights[order.get(count)];
      }
      order = order.subList(0, count);
    }
    order = order.stream().filter(i -> weights[i] >= sampling.minP()).toList();
    double left = uniform * order.stream().mapToDouble(i -> weights[i]).sum();
    for (int token : order) {
      left -= weights[token];
      if (left < 0) {
        return token;
      }
    }
    return order.getLast();
  }

  @Test
  void tokensWithoutAnyProbabilityAreNeverDrawn() {
    float[] logits = {Float.NEGATIVE_INFINITY, 1, Float.NEGATIVE_INFINITY, 1};
    Philox draws = new Philox(3, 1);
    for (int step = 0; step < DRAWS; step++) {
      int token = new Sampling(1, 0, 1, 0, 1, 3).choose(logits.clone(), new int[0], draws, step);
      assertTrue(token == 1 || token == 3, "token " + token + " at step " + step);
    }
  }
}
