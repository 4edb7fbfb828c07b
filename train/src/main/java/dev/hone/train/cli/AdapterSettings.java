package dev.hone.train.cli;

import dev.hone.lora.AdaLoraConfig;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.BottleneckConfig;
import dev.hone.lora.Ia3Config;
import dev.hone.lora.LnTuningConfig;
import dev.hone.lora.LohaConfig;
import dev.hone.lora.LoraConfig;
import dev.hone.lora.ModuleNames;
import dev.hone.lora.OftConfig;
import dev.hone.lora.PrefixConfig;
import dev.hone.lora.PromptConfig;
import dev.hone.lora.SubsetConfig;
import dev.hone.lora.Targets;
import dev.hone.lora.TokenIndices;
import dev.hone.lora.TokensConfig;
import dev.hone.lora.VeraConfig;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What an adapter's configuration says, for people to read: settings by PEFT's names, without those that say nothing. */
final class AdapterSettings {
  private AdapterSettings() {}

  static Map<String, String> of(AdapterConfig config) {
    Map<String, String> lines = new LinkedHashMap<>();
    switch (config) {
      case LoraConfig lora -> {
        lines.put("r", Integer.toString(lora.r()));
        lines.put("lora_alpha", plain(lora.alpha()));
        lines.put("rank_pattern", pairs(lora.rankPattern()));
        lines.put("alpha_pattern", pairs(lora.alphaPattern()));
        lines.put("lora_dropout", lora.dropout() == 0 ? "" : Float.toString(lora.dropout()));
        targets(lines, lora.targets());
        lines.put("bias", lora.bias() == LoraConfig.Bias.NONE ? "" : word(lora.bias()));
        lines.put("use_rslora", lora.rslora() ? "true" : "");
        lines.put("use_dora", lora.dora() ? "true" : "");
        lines.put("lora_bias", lora.loraBias() ? "true" : "");
        tokens(lines, "trainable_token_indices", lora.trainableTokens());
      }
      case Ia3Config ia3 -> {
        targets(lines, ia3.targets());
        lines.put("feedforward_modules", names(ia3.feedforward()));
      }
      case BottleneckConfig bottleneck -> {
        lines.put("bottleneck_size", Integer.toString(bottleneck.size()));
        lines.put("bottleneck_placement", word(bottleneck.placement()));
      }
      case PromptConfig prompt -> lines.put("num_virtual_tokens", Integer.toString(prompt.virtualTokens()));
      case PrefixConfig prefix -> lines.put("num_virtual_tokens", Integer.toString(prefix.virtualTokens()));
      case VeraConfig vera -> {
        lines.put("r", Integer.toString(vera.r()));
        lines.put("vera_dropout", vera.dropout() == 0 ? "" : Float.toString(vera.dropout()));
        lines.put("projection_prng_key", Long.toString(vera.key()));
        lines.put("save_projection", Boolean.toString(vera.saveProjection()));
        targets(lines, vera.targets());
      }
      case LohaConfig loha -> {
        lines.put("r", Integer.toString(loha.r()));
        lines.put("alpha", plain(loha.alpha()));
        lines.put("rank_pattern", pairs(loha.rankPattern()));
        lines.put("alpha_pattern", pairs(loha.alphaPattern()));
        targets(lines, loha.targets());
      }
      case AdaLoraConfig ada -> {
        lines.put("init_r", Integer.toString(ada.initialRank()));
        lines.put("lora_alpha", plain(ada.alpha()));
        lines.put("lora_dropout", ada.dropout() == 0 ? "" : Float.toString(ada.dropout()));
        lines.put("orth_reg_weight", plain(ada.orthogonality()));
        if (ada.budget() != null) {
          lines.put("target_r", Integer.toString(ada.budget().targetRank()));
          lines.put("tinit", Integer.toString(ada.budget().tinit()));
          lines.put("tfinal", Integer.toString(ada.budget().tfinal()));
          lines.put("deltaT", Integer.toString(ada.budget().deltaT()));
          lines.put("beta1", plain(ada.budget().beta1()));
          lines.put("beta2", plain(ada.budget().beta2()));
          lines.put("total_step", Integer.toString(ada.budget().steps()));
        }
        lines.put("ranks left", pairs(ada.ranks()));
        targets(lines, ada.targets());
      }
      case OftConfig oft -> {
        lines.put("r", oft.blocks() == 0 ? "" : Integer.toString(oft.blocks()));
        lines.put("oft_block_size", oft.size() == 0 ? "" : Integer.toString(oft.size()));
        lines.put("num_cayley_neumann_terms", oft.terms() == 0 ? "" : Integer.toString(oft.terms()));
        targets(lines, oft.targets());
      }
      case TokensConfig tokens -> tokens(lines, "token_indices", tokens.tokens());
      case LnTuningConfig norms -> targets(lines, norms.targets());
      case SubsetConfig subset -> lines.put("layers", subset.layers() == 0 ? "" : "the last " + subset.layers());
    }
    lines.put("modules_to_save", join(config.modulesToSave()));
    return lines;
  }

  private static void tokens(Map<String, String> lines, String setting, TokenIndices tokens) {
    lines.put(setting, tokens.byModule().entrySet().stream().map(entry -> (entry.getKey().isEmpty() ? "" : entry.getKey() + ": ")
        + join(entry.getValue())).collect(Collectors.joining("; ")));
  }

  private static void targets(Map<String, String> lines, Targets targets) {
    lines.put("target_modules", names(targets.modules()));
    lines.put("exclude_modules", names(targets.exclude()));
    lines.put("layers_to_transform", join(targets.layers()));
    lines.put("layers_pattern", join(targets.layersPattern()));
  }

  private static String names(ModuleNames names) {
    return names.pattern() ? names.toString() : join(names.names());
  }

  private static String join(Collection<?> values) {
    return values.stream().map(Object::toString).collect(Collectors.joining(", "));
  }

  private static String pairs(Map<String, ?> values) {
    return values.entrySet().stream().map(entry -> entry.getKey() + "=" + entry.getValue()).collect(Collectors.joining(", "));
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
