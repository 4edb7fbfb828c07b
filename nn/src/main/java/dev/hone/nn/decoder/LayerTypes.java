package dev.hone.nn.decoder;

import dev.hone.nn.ModelException;
import dev.hone.nn.family.ConfigReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/** Which layers of a decoder see a window only. */
public final class LayerTypes {
  /** A layer that sees a window only. */
  public static final String SLIDING = "sliding_attention";
  /** A layer that sees everything. */
  public static final String FULL = "full_attention";

  private LayerTypes() {}

  /**
   * The window of every layer, {@link Integer#MAX_VALUE} where there is none: from {@code layer_types}, or by a rule in
   * files that do not have it.
   */
  public static List<Integer> windows(ConfigReader json, int layers, int window, IntPredicate slidesByRule) {
    return slides(json, layers, slidesByRule).stream().map(slides -> slides ? window : Integer.MAX_VALUE).toList();
  }

  /** Which layers see a window. */
  public static List<Boolean> slides(ConfigReader json, int layers, IntPredicate slidesByRule) {
    List<String> types = json.texts("layer_types");
    if (!types.isEmpty() && types.size() != layers) {
      throw new ModelException(json.file() + ": 'layer_types' has " + types.size() + " entries for " + layers + " layers");
    }
    List<Boolean> slides = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      slides.add(types.isEmpty() ? slidesByRule.test(layer) : slides(json, types.get(layer)));
    }
    return slides;
  }

  private static boolean slides(ConfigReader json, String type) {
    return switch (type) {
      case SLIDING -> true;
      case FULL -> false;
      default -> throw json.unknown("layer_types", type, Set.of(SLIDING, FULL));
    };
  }
}
