package dev.hone.nn.family;

import dev.hone.core.io.TensorSource;
import java.util.List;

/** What files call a parameter: the name that it has here, or one of those that older or bare files have. */
public final class FileNames {
  private FileNames() {}

  /**
   * The name in a file; the parameter's own if there is none.
   *
   * @param prefix of the backbone's parts, which files of a bare backbone lack
   */
  public static String of(TensorSource source, String prefix, String name) {
    String bare = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
    for (String candidate : List.of(name, bare, old(name), old(bare))) {
      if (source.contains(candidate)) {
        return candidate;
      }
    }
    return name;
  }

  /** The first BERT files came from TensorFlow, which calls the parts of a layer norm gamma and beta. */
  private static String old(String name) {
    return name.endsWith("LayerNorm.weight") ? name.replaceFirst("weight$", "gamma")
        : name.endsWith("LayerNorm.bias") ? name.replaceFirst("bias$", "beta") : name;
  }
}
