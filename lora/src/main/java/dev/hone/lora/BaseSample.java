package dev.hone.lora;

import dev.hone.core.Tensor;
import dev.hone.nn.PretrainedModel;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * A few numbers of a base's table of embeddings, which adapter files carry among their metadata: shapes and names say nothing
 * when two bases are of the same family and size. Rounding a base to fewer bits moves them little, another training much.
 */
final class BaseSample {
  /** The key of the metadata. */
  static final String KEY = "hone.base";

  private static final int COUNT = 16;
  private static final double MAX = 0.3; // 4-bit rounding moves normal weights by about a tenth of their size

  private BaseSample() {}

  private static double[] of(PretrainedModel model) {
    Tensor table = model.backbone().embeddings().weight().value();
    double[] values = new double[COUNT];
    Arrays.setAll(values, i -> table.get(table.size() * (2L * i + 1) / (2 * COUNT)));
    return values;
  }

  /** The sample as text, or null if the adapter has embeddings of its own. */
  static String write(Adapter adapter) {
    boolean own = adapter.parts().exchanges().values().stream()
        .anyMatch(exchange -> exchange.parameter() == adapter.model().backbone().embeddings().weight());
    return own ? null : Arrays.stream(of(adapter.model())).mapToObj(value -> Float.toString((float) value))
        .collect(Collectors.joining(" "));
  }

  /** Whether a base may be the one that a sample was taken of; also if there is no sample that can be read. */
  static boolean fits(String sample, PretrainedModel model) {
    if (sample == null) {
      return true;
    }
    String[] words = sample.split(" ");
    double[] values = of(model);
    double size = 0;
    double distance = 0;
    for (int i = 0; i < COUNT; i++) {
      double stored;
      try {
        stored = Double.parseDouble(words[i % words.length]);
      } catch (NumberFormatException e) {
        return true;
      }
      size += stored * stored;
      distance += (stored - values[i]) * (stored - values[i]);
    }
    return words.length != COUNT || distance <= MAX * MAX * size;
  }
}
