package dev.hone.lora;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What LoRA adapts and how, by PEFT's names.
 *
 * @param r R, the rank
 * @param alpha the adapter's output is multiplied by alpha / r
 * @param dropout on the adapter's input while training, from 0 to below 1
 * @param targetModules which linear layers: last parts of their names such as {@code query}; or {@code all-linear} alone for
 *     all but the head; or one regular expression that matches whole names; empty for the family's usual ones
 * @param modulesToSave parts that are trained whole and stored with the adapter, such as {@code classifier}
 */
public record LoraConfig(int r, double alpha, float dropout, List<String> targetModules, List<String> modulesToSave) {
  /** All linear layers but the head. */
  public static final String ALL_LINEAR = "all-linear";

  public LoraConfig {
    if (r < 1) {
      throw new IllegalArgumentException("LoraConfig: r must be at least 1, got " + r);
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException("LoraConfig: dropout must be from 0 to below 1, got " + dropout);
    }
    targetModules = List.copyOf(targetModules);
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  /** Rank and alpha, with everything else as usual: no dropout, the family's usual layers, the head saved. */
  public static LoraConfig of(int r, double alpha) {
    return new LoraConfig(r, alpha, 0, List.of(), List.of());
  }

  /** These targets instead. */
  public LoraConfig withTargets(List<String> targets) {
    return new LoraConfig(r, alpha, dropout, targets, modulesToSave);
  }

  /** These modules trained whole instead. */
  public LoraConfig withModulesToSave(Collection<String> modules) {
    return new LoraConfig(r, alpha, dropout, targetModules, new ArrayList<>(modules));
  }

  /** What the product of A and B is multiplied by. */
  public float scale() {
    return (float) (alpha / r);
  }

  /** The layers that PEFT adapts in a family if none are named. */
  public static List<String> usualTargets(String modelType) {
    return switch (modelType) {
      case "distilbert" -> List.of("q_lin", "v_lin");
      case "gpt2" -> List.of("c_attn");
      case "bert", "roberta", "xlm-roberta", "camembert" -> List.of("query", "value");
      case "phi3" -> List.of("qkv_proj");
      case "modernbert" -> List.of("Wqkv");
      default -> List.of("q_proj", "v_proj");
    };
  }

  /** Whether a linear layer is a target. */
  boolean targets(String path, Set<String> headPaths) {
    if (targetModules.equals(List.of(ALL_LINEAR))) {
      return !headPaths.contains(path);
    }
    for (String target : targetModules) {
      if (path.equals(target) || path.endsWith("." + target)) {
        return true;
      }
    }
    return targetModules.size() == 1 && isPattern(targetModules.getFirst())
        && compiled(targetModules.getFirst()).matcher(path).matches();
  }

  private static boolean isPattern(String target) {
    return target.chars().anyMatch(c -> "*+?()[]|^$\\".indexOf(c) >= 0);
  }

  private static Pattern compiled(String target) {
    try {
      return Pattern.compile(target);
    } catch (PatternSyntaxException e) {
      throw new AdapterException("target_modules '" + target + "' is not a regular expression: " + e.getDescription());
    }
  }

  /** Whether a parameter belongs to a module that is trained whole. */
  boolean saves(String parameterName) {
    String dotted = "." + parameterName;
    return modulesToSave.stream().anyMatch(module -> dotted.contains("." + module + "."));
  }
}
