package dev.hone.lora;

import dev.hone.core.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * An adapter as its directory holds it.
 *
 * @param config what the configuration says
 * @param tensors by name, sorted
 */
record Stored(AdapterConfig config, Map<String, Tensor> tensors) {

  static Stored of(Adapter adapter) {
    Map<String, Tensor> tensors = new TreeMap<>();
    adapter.parameters().forEach((name, parameter) -> tensors.put(name, parameter.value()));
    tensors.putAll(adapter.copies());
    if (!(adapter.config() instanceof VeraConfig vera) || vera.saveProjection()) {
      adapter.parts().frozen().forEach((name, parameter) -> tensors.put(name, parameter.value()));
    }
    Map<String, List<Boolean>> pattern = RankAllocator.pattern(adapter);
    if (!pattern.isEmpty()) {
      return cut((AdaLoraConfig) adapter.config(), tensors, pattern, adapter);
    }
    return adapter.config() instanceof LoraConfig lora && lora.init().takesFromBase()
        ? converted(lora, tensors, adapter.parts().starts()) : new Stored(adapter.config(), tensors);
  }

  /**
   * PiSSA or OLoRA took scale · B0 · A0 away from the base, so on the base as it is the adapter is [B, -B0] · [A; A0]: an
   * ordinary one of twice the rank, which nobody needs to decompose the base for.
   */
  private static Stored converted(LoraConfig config, Map<String, Tensor> tensors, Map<String, Tensor[]> starts) {
    starts.forEach((path, start) -> {
      tensors.merge(path + ".lora_A.weight", start[0], Stored::above);
      tensors.merge(path + ".lora_B.weight", start[1], Stored::besideNegative);
    });
    Map<String, Integer> ranks = new LinkedHashMap<>();
    config.rankPattern().forEach((name, rank) -> ranks.put(name, 2 * rank));
    double factor = config.rslora() ? Math.sqrt(2) : 2; // keeps the scale
    Map<String, Double> alphas = new LinkedHashMap<>();
    config.alphaPattern().forEach((name, alpha) -> alphas.put(name, alpha * factor));
    return new Stored(new LoraConfig(2 * config.r(), config.alpha() * factor, config.dropout(), config.targets(),
        config.modulesToSave(), config.bias(), ranks, alphas, config.rslora(), false, LoraInit.KAIMING,
        config.ensureWeightTying(), false, config.trainableTokens(), List.of(), config.base()), tensors);
  }

  /** Without the ranks that training cut; a layer that has none left has no tensors. */
  private static Stored cut(AdaLoraConfig config, Map<String, Tensor> tensors, Map<String, List<Boolean>> pattern,
      Adapter adapter) {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    pattern.forEach((path, stays) -> {
      int[] left = IntStream.range(0, stays.size()).filter(stays::get).toArray();
      ranks.put(adapter.model().fileName(path), left.length);
      for (String part : List.of(".lora_A", ".lora_E", ".lora_B")) {
        Tensor whole = tensors.remove(path + part);
        if (left.length > 0) {
          tensors.put(path + part, part.equals(".lora_B") ? columns(whole, left) : rows(whole, left));
        }
      }
    });
    return new Stored(config.withRanks(ranks), tensors);
  }

  private static Tensor rows(Tensor whole, int[] left) {
    int width = whole.dim(1);
    float[] values = whole.toFloatArray();
    float[] rows = new float[left.length * width];
    for (int r = 0; r < left.length; r++) {
      System.arraycopy(values, left[r] * width, rows, r * width, width);
    }
    return Tensor.of(rows, left.length, width);
  }

  private static Tensor columns(Tensor whole, int[] left) {
    float[] values = whole.toFloatArray();
    float[] columns = new float[whole.dim(0) * left.length];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = values[i / left.length * whole.dim(1) + left[i % left.length]];
    }
    return Tensor.of(columns, whole.dim(0), left.length);
  }

  private static Tensor above(Tensor top, Tensor bottom) {
    float[] rows = Arrays.copyOf(top.toFloatArray(), top.shape().length() + bottom.shape().length());
    System.arraycopy(bottom.toFloatArray(), 0, rows, top.shape().length(), bottom.shape().length());
    return Tensor.of(rows, top.dim(0) + bottom.dim(0), top.dim(1));
  }

  private static Tensor besideNegative(Tensor left, Tensor right) {
    int width = left.dim(1);
    float[] columns = new float[2 * left.shape().length()];
    for (int row = 0; row < left.dim(0); row++) {
      for (int i = 0; i < width; i++) {
        columns[row * 2 * width + i] = left.get((long) row * width + i);
        columns[row * 2 * width + width + i] = -right.get((long) row * width + i);
      }
    }
    return Tensor.of(columns, left.dim(0), 2 * width);
  }
}
