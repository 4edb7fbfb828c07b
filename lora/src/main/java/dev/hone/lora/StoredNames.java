package dev.hone.lora;

import dev.hone.nn.PretrainedModel;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Names of the tensors in an adapter file, as PEFT writes them today, from what they are called in files of other programs and
 * older versions: with the name of the adapter ({@code lora_A.default.weight}), with what compiling and distributed training
 * put around modules, without {@code base_model.model.}, or with the prefix of a backbone where the model is nothing but that.
 */
final class StoredNames {
  private StoredNames() {}

  /** The names in the file by the usual ones. */
  static Map<String, String> of(Collection<String> names, AdapterConfig config, PretrainedModel model) {
    Map<String, String> usual = new LinkedHashMap<>();
    for (String name : names) {
      String other = usual.put(usual(name, config, model), name);
      if (other != null) {
        throw new AdapterException(AdapterFiles.WEIGHTS + ": " + other + " and " + name + " are names of the same tensor");
      }
    }
    return usual;
  }

  private static String usual(String name, AdapterConfig config, PretrainedModel model) {
    String prefix = config.fileName("");
    String own = name.replaceAll("(^|\\.)(_orig_mod|_fsdp_wrapped_module)\\.", "$1").replaceFirst("^(module\\.)+", "");
    String path = own.startsWith(prefix) ? own.substring(prefix.length()) : own;
    return config.fileName(model.fileName(path
        .replaceFirst("\\.(lora_[AB]|oft_R)\\.[^.]+\\.(weight|bias)$", ".$1.$2")
        .replaceFirst("\\.(lora_embedding_[AB]|lora_magnitude_vector|ia3_l|trainable_tokens_delta)\\..+$", ".$1")
        .replaceFirst("(^|\\.)(vera_lambda_[bd]|vera_[AB]|hada_w[12]_[ab])\\.[^.]+$", "$1$2")
        .replaceFirst("\\.(lora_[ABE])\\.(?!weight$|bias$)[^.]+$", ".$1")
        .replaceFirst("\\.(ln_tuning_layers)\\.default\\.", ".$1.")
        .replaceFirst("\\.modules_to_save\\.default\\.", ".")));
  }
}
