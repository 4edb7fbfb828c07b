package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Cuts the ranks of an {@link AdaLoraConfig adapter} while it is trained, those that matter least first (Zhang and others 2023,
 * as PEFT does it). A rank is a row of A, a number of E and a column of B; it is cut by making its number zero, and taken out
 * when the adapter is written.
 *
 * {@snippet :
 * RankAllocator ranks = adapter.rankAllocator();
 * ranks.begin(total);
 * for (int step = 0; step < total; step++) {
 *   // backward, then a step of the optimiser
 *   ranks.moved(step, clipped);
 * }
 * }
 *
 * <p>Implementation note: how much the loss feels an element is |w · ∂w|, smoothed (beta1), and how sure that is the smoothed
 * distance from it (beta2); their product is the element's score. A rank has that of its number plus the means of its row and its
 * column. All ranks of all layers compete for the budget of a step, which falls with the third power.
 */
public final class RankAllocator {
  private static final String SENSITIVITY = "sensitivity";
  private static final String UNCERTAINTY = "uncertainty";
  private static final String KEPT = "kept";

  private final AdaLoraConfig.Budget budget;
  private final Map<String, AdaLoraLinear> pieces;
  private final Map<Parameter, float[]> sensitivity = new LinkedHashMap<>();
  private final Map<Parameter, float[]> uncertainty = new LinkedHashMap<>();
  private final Map<String, boolean[]> kept = new LinkedHashMap<>(); // by layer, of the last cut
  private int total;

  RankAllocator(AdaLoraConfig.Budget budget, Map<String, AdaLoraLinear> pieces) {
    this.budget = budget;
    this.pieces = pieces;
  }

  /**
   * Begins a run.
   *
   * @param steps of the run
   * @throws IllegalArgumentException if so few steps leave none in which ranks are cut
   */
  public void begin(int steps) {
    if (budget.tinit() >= steps - budget.tfinal()) {
      throw new IllegalArgumentException("adalora: of " + steps + " steps, tinit " + budget.tinit() + " and tfinal "
          + budget.tfinal() + " leave none in which ranks are cut; take lower ones, or more steps");
    }
    total = steps;
    sensitivity.clear();
    uncertainty.clear();
    kept.clear();
  }

  /** The steps of the run that was begun last; 0 if none was. */
  int total() {
    return total;
  }

  /** What makes two runs cut differently, in words. */
  public String settings() {
    return "target_r " + budget.targetRank() + ", tinit " + budget.tinit() + ", tfinal " + budget.tfinal() + ", deltaT "
        + budget.deltaT() + ", beta1 " + budget.beta1() + ", beta2 " + budget.beta2() + ", steps " + total;
  }

  /**
   * Looks at a step that the optimiser took, and cuts if it is time.
   *
   * @param step its number, from 0
   * @param gradientScale what clipping multiplied the gradients by, which are those of the step still
   */
  public void moved(int step, float gradientScale) {
    int settling = total - budget.tfinal();
    if (step < settling) {
      pieces.values().forEach(piece -> piece.parts().forEach(part -> feel(part, gradientScale)));
    }
    if (step < settling && step > budget.tinit() && (step % budget.deltaT() == 0 || step == total - 1)) {
      cut(budgetOf(step));
    } else if (step >= settling && !sensitivity.isEmpty()) {
      cut(budget.targetRank() * pieces.size());
      sensitivity.clear();
      uncertainty.clear();
    } else if (step >= settling) {
      mask();
    }
  }

  /** The ranks of all layers together that a step leaves. */
  private int budgetOf(int step) {
    int target = budget.targetRank() * pieces.size();
    double left = 1 - (step - budget.tinit()) / (double) (total - budget.tfinal() - budget.tinit());
    return (int) ((all() - target) * (left * left * left) + target);
  }

  private int all() {
    return pieces.values().stream().mapToInt(AdaLoraLinear::rank).sum();
  }

  private void feel(Parameter part, float gradientScale) {
    float[] weights = part.value().toFloatArray();
    float[] gradients = part.hasGradient() ? part.gradient().toFloatArray() : new float[weights.length];
    float[] felt = sensitivity.computeIfAbsent(part, _ -> new float[weights.length]);
    float[] unsure = uncertainty.computeIfAbsent(part, _ -> new float[weights.length]);
    float keep = (float) budget.beta1();
    float take = (float) (1 - budget.beta1());
    float keepUnsure = (float) budget.beta2();
    float takeUnsure = (float) (1 - budget.beta2());
    for (int i = 0; i < weights.length; i++) {
      float now = Math.abs(weights[i] * (gradients[i] * gradientScale));
      felt[i] = keep * felt[i] + take * now;
      unsure[i] = keepUnsure * unsure[i] + takeUnsure * Math.abs(now - felt[i]);
    }
  }

  /** Scores of a layer's ranks. */
  private float[] scores(AdaLoraLinear piece) {
    int rank = piece.rank();
    float[] scores = new float[rank];
    float[] rows = means(piece.a(), rank, true);
    float[] columns = means(piece.b(), rank, false);
    float[] numbers = means(piece.e(), rank, true);
    for (int r = 0; r < rank; r++) {
      scores[r] = numbers[r] + (rows[r] + columns[r]);
    }
    return scores;
  }

  /** The mean score of each row, or column. */
  private float[] means(Parameter part, int rank, boolean rows) {
    float[] felt = sensitivity.get(part);
    float[] unsure = uncertainty.get(part);
    int count = felt.length / rank;
    float[] means = new float[rank];
    for (int r = 0; r < rank; r++) {
      double sum = 0;
      for (int i = 0; i < count; i++) {
        int at = rows ? r * count + i : i * rank + r;
        sum += felt[at] * unsure[at];
      }
      means[r] = (float) (sum / count);
    }
    return means;
  }

  /** Leaves the ranks with the best scores; what is as bad as the worst that goes, goes too. */
  private void cut(int left) {
    Map<String, float[]> scores = new LinkedHashMap<>();
    float[] sorted = new float[all()];
    int at = 0;
    for (Map.Entry<String, AdaLoraLinear> piece : pieces.entrySet()) {
      float[] own = scores(piece.getValue());
      scores.put(piece.getKey(), own);
      System.arraycopy(own, 0, sorted, at, own.length);
      at += own.length;
    }
    Arrays.sort(sorted);
    int cut = sorted.length - left;
    scores.forEach((path, own) -> {
      boolean[] stays = new boolean[own.length];
      for (int r = 0; r < own.length; r++) {
        stays[r] = cut <= 0 || own[r] > sorted[cut - 1];
      }
      kept.put(path, stays);
    });
    mask();
  }

  private void mask() {
    kept.forEach((path, stays) -> {
      Parameter numbers = pieces.get(path).e();
      float[] values = numbers.value().toFloatArray();
      for (int r = 0; r < values.length; r++) {
        values[r] = stays[r] ? values[r] : 0;
      }
      numbers.value().copyFrom(Tensor.of(values, numbers.shape().toArray()));
    });
  }

  /** All that it remembers, by name. */
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new TreeMap<>();
    sensitivity.forEach((part, values) -> state.put(part.name() + "/" + SENSITIVITY, Tensor.of(values.clone(), values.length)));
    uncertainty.forEach((part, values) -> state.put(part.name() + "/" + UNCERTAINTY, Tensor.of(values.clone(), values.length)));
    kept.forEach((path, stays) -> {
      float[] flags = new float[stays.length];
      for (int r = 0; r < flags.length; r++) {
        flags[r] = stays[r] ? 1 : 0;
      }
      state.put(path + "/" + KEPT, Tensor.of(flags, flags.length));
    });
    return state;
  }

  /**
   * Takes up what another one remembered.
   *
   * @param state of a run of the same adapter and as many steps
   */
  public void restore(Map<String, Tensor> state) {
    begin(total);
    pieces.forEach((path, piece) -> {
      for (Parameter part : piece.parts()) {
        Tensor felt = state.get(part.name() + "/" + SENSITIVITY);
        if (felt != null) {
          sensitivity.put(part, felt.toFloatArray());
          uncertainty.put(part, state.get(part.name() + "/" + UNCERTAINTY).toFloatArray());
        }
      }
      Tensor flags = state.get(path + "/" + KEPT);
      if (flags != null) {
        boolean[] stays = new boolean[piece.rank()];
        float[] values = flags.toFloatArray();
        for (int r = 0; r < stays.length; r++) {
          stays[r] = values[r] != 0;
        }
        kept.put(path, stays);
      }
    });
  }

  /** The bytes that it needs for what it remembers. */
  public long bytes() {
    return pieces.values().stream().flatMap(piece -> piece.parts().stream()).mapToLong(part -> part.shape().size()).sum()
        * 2 * Float.BYTES;
  }

  /** The ranks of each layer that are not zero, where some are and some are not; empty otherwise. By the layers' paths. */
  static Map<String, List<Boolean>> pattern(Adapter adapter) {
    Map<String, List<Boolean>> pattern = new LinkedHashMap<>();
    boolean[] seen = new boolean[2];
    if (adapter.config() instanceof AdaLoraConfig ada && ada.budget() != null) {
      adapter.parts().linears().forEach((path, piece) -> {
        List<Boolean> stays = new ArrayList<>();
        for (float number : ((AdaLoraLinear) piece).e().value().toFloatArray()) {
          stays.add(number != 0);
          seen[number != 0 ? 1 : 0] = true;
        }
        pattern.put(path, stays);
      });
    }
    return seen[0] && seen[1] ? pattern : Map.of();
  }
}
