package dev.hone.nn.gguf;

import dev.hone.nn.PretrainedModel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a file says about a model besides its tensors. llama.cpp takes much of a family for given, such as its activation or which
 * layers have windows: a configuration that says otherwise is refused.
 */
sealed interface GgufSettings permits DecoderSettings, EncoderSettings {
  /**
   * The settings of a model.
   *
   * @throws dev.hone.nn.ModelException if llama.cpp would compute something else
   */
  static GgufSettings of(PretrainedModel model, GgufFamily family) {
    return family.encodes() ? new EncoderSettings(model, family) : new DecoderSettings(model, family);
  }

  /** Metadata of the model, without that of the tokenizer. */
  Map<String, Object> metadata(String name, int fileType);

  /** Tensors of numbers that the frequencies of rotary embeddings are divided by, by their names. */
  Map<String, float[]> factors();

  /** D. */
  int headDim();

  /** What llama.cpp computes otherwise. */
  List<String> warnings();

  /** What all files of models begin with. */
  static Map<String, Object> header(PretrainedModel model, String architecture, String name) {
    Map<String, Object> out = new LinkedHashMap<>();
    long numbers = model.baseParameters().values().stream().mapToLong(p -> p.value().size()).sum();
    out.put("general.architecture", architecture);
    out.put("general.type", "model");
    out.put("general.name", name);
    out.put("general.size_label", sizeLabel(numbers));
    return out;
  }

  /** Such as 31K, 135M or 1.2B: two digits at least. */
  static String sizeLabel(long numbers) {
    String[] units = {"K", "M", "B", "T"};
    int unit = numbers > 1e12 ? 3 : numbers > 1e9 ? 2 : numbers > 1e6 ? 1 : 0;
    double scaled = numbers / Math.pow(1000, unit + 1);
    String whole = Long.toString(Math.round(scaled));
    int digits = Math.max(0, 2 - (whole.equals("0") ? 0 : whole.length()));
    return String.format(Locale.ROOT, "%." + digits + "f", scaled) + units[unit];
  }
}
