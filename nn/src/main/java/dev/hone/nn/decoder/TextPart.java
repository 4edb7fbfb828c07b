package dev.hone.nn.decoder;

import dev.hone.core.io.TensorSource;
import java.util.List;

/**
 * Names of a decoder that is the text part of a model for pictures and text. Here its parts are called as in transformers 5;
 * files call them as the older versions did, and what is not text stays in them as it is.
 */
final class TextPart {
  /** Before the text part's names. */
  static final String PREFIX = "model.language_model.";
  private static final String STORED = "language_model.model.";
  private static final String HEAD = "language_model.lm_head.";
  private static final List<String> OTHERS = List.of("vision_tower.", "multi_modal_projector.", "model.vision_tower.",
      "model.multi_modal_projector.");

  private TextPart() {}

  /** The name in a file, which may be of any version or of the text part alone. */
  static String fileName(String name, TensorSource source) {
    String part = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : null;
    List<String> candidates = part == null ? List.of(name, "language_model." + name)
        : List.of(name, STORED + part, "language_model." + part, "model." + part);
    return candidates.stream().filter(source::contains).findFirst().orElse(name);
  }

  /** The name in files that are written. */
  static String storedName(String name) {
    return name.startsWith(PREFIX) ? STORED + name.substring(PREFIX.length())
        : name.startsWith("lm_head.") ? HEAD + name.substring("lm_head.".length()) : name;
  }

  /** Whether a tensor belongs to the rest. */
  static boolean isOther(String name) {
    return OTHERS.stream().anyMatch(name::startsWith);
  }

  /** Whether a tensor is a head that the older versions have written beside the table that it is tied to. */
  static boolean isHead(String name) {
    return name.startsWith(HEAD);
  }
}
