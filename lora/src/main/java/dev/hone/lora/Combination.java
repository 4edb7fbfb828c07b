package dev.hone.lora;

import dev.hone.core.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** How {@link Adapters#combine} makes one LoRA adapter of several; PEFT's {@code combination_type}. */
public enum Combination {
  /** Weighted sums of the A and of the B, by the roots of the weights: cheap, but not the weighted sum of the changes. */
  LINEAR,
  /** All A and all B side by side: exactly the weighted sum of the changes, its rank the sum of the ranks. */
  CAT,
  /** The best approximation of that sum by a given rank. */
  SVD;

  /**
   * The matrices of the combination.
   *
   * @param a by path
   * @param b by path
   */
  record Result(Map<String, Tensor> a, Map<String, Tensor> b) {
    /** The configuration whose scale is one everywhere. */
    LoraConfig config(LoraConfig first, Targets targets, UnaryOperator<String> fileName) {
      int largest = a.values().stream().mapToInt(tensor -> tensor.dim(0)).max().orElseThrow();
      Map<String, Integer> ranks = new TreeMap<>();
      Map<String, Double> alphas = new TreeMap<>();
      a.forEach((path, tensor) -> {
        if (tensor.dim(0) != largest) {
          ranks.put(fileName.apply(path), tensor.dim(0));
          alphas.put(fileName.apply(path), (double) tensor.dim(0));
        }
      });
      return new LoraConfig(largest, largest, first.dropout(), targets, List.of(), LoraConfig.Bias.NONE, ranks, alphas, false,
          false, LoraInit.KAIMING, false, false);
    }
  }

  /** One adapter's share in a layer: s · B · A. */
  private record Share(LoraLinear lora, float factor) {
    int rank() {
      return lora.a().shape().dim(0);
    }
  }

  Result of(List<Adapter> adapters, double[] weights, int svdRank) {
    Set<String> paths = new LinkedHashSet<>();
    adapters.forEach(adapter -> paths.addAll(adapter.parts().linears().keySet()));
    Result result = new Result(new LinkedHashMap<>(), new LinkedHashMap<>());
    for (String path : paths) {
      List<Share> shares = new ArrayList<>();
      for (int i = 0; i < weights.length; i++) {
        if (adapters.get(i).parts().linears().get(path) instanceof LoraLinear lora) {
          shares.add(new Share(lora, (float) (weights[i] * lora.scale())));
        }
      }
      switch (this) {
        case LINEAR -> linear(path, shares, result);
        case CAT -> cat(path, shares, result);
        case SVD -> svd(path, shares, svdRank, result);
      }
    }
    return result;
  }

  private static void linear(String path, List<Share> shares, Result result) {
    int rank = shares.getFirst().rank();
    float[] a = new float[shares.getFirst().lora.a().shape().length()];
    float[] b = new float[shares.getFirst().lora.b().shape().length()];
    for (Share share : shares) {
      if (share.rank() != rank) {
        throw new AdapterException("combine: linear needs equal ranks, " + path + " has " + rank + " and " + share.rank()
            + "; cat and svd do not");
      }
      float root = (float) Math.sqrt(Math.abs(share.factor));
      add(share.lora.a().value().toFloatArray(), Math.signum(share.factor) * root, a);
      add(share.lora.b().value().toFloatArray(), root, b);
    }
    result.a.put(path, Tensor.of(a, rank, a.length / rank));
    result.b.put(path, Tensor.of(b, b.length / rank, rank));
  }

  private static void add(float[] values, float factor, float[] sum) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * values[i];
    }
  }

  private static void cat(String path, List<Share> shares, Result result) {
    int rank = shares.stream().mapToInt(Share::rank).sum();
    int in = shares.getFirst().lora.a().shape().dim(1);
    int out = shares.getFirst().lora.b().shape().dim(0);
    float[] a = new float[rank * in];
    float[] b = new float[out * rank];
    int first = 0;
    for (Share share : shares) {
      float[] own = share.lora.a().value().toFloatArray();
      for (int i = 0; i < own.length; i++) {
        a[first * in + i] = share.factor * own[i];
      }
      for (int row = 0; row < out; row++) {
        System.arraycopy(share.lora.b().value().toFloatArray(), row * share.rank(), b, row * rank + first, share.rank());
      }
      first += share.rank();
    }
    result.a.put(path, Tensor.of(a, rank, in));
    result.b.put(path, Tensor.of(b, out, rank));
  }

  private static void svd(String path, List<Share> shares, int asked, Result result) {
    int rank = asked > 0 ? asked : shares.stream().mapToInt(Share::rank).max().orElseThrow();
    int in = shares.getFirst().lora.a().shape().dim(1);
    int out = shares.getFirst().lora.b().shape().dim(0);
    List<double[]> left = new ArrayList<>();
    List<double[]> right = new ArrayList<>();
    for (Share share : shares) {
      float[] up = share.lora.b().value().toFloatArray();
      float[] down = share.lora.a().value().toFloatArray();
      for (int r = 0; r < share.rank(); r++) {
        double[] column = new double[out];
        double[] row = new double[in];
        for (int i = 0; i < out; i++) {
          column[i] = (double) share.factor * up[i * share.rank() + r];
        }
        for (int i = 0; i < in; i++) {
          row[i] = down[r * in + i];
        }
        left.add(column);
        right.add(row);
      }
    }
    Svd svd = Svd.ofProduct(left.toArray(double[][]::new), right.toArray(double[][]::new));
    float[] a = new float[rank * in];
    float[] b = new float[out * rank];
    for (int r = 0; r < Math.min(rank, svd.s().length); r++) {
      for (int i = 0; i < in; i++) {
        a[r * in + i] = (float) svd.v()[r][i];
      }
      for (int i = 0; i < out; i++) {
        b[i * rank + r] = (float) (svd.s()[r] * svd.u()[r][i]);
      }
    }
    result.a.put(path, Tensor.of(a, rank, in));
    result.b.put(path, Tensor.of(b, out, rank));
  }
}
