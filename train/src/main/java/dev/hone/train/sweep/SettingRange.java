package dev.hone.train.sweep;

import dev.hone.train.config.Nearest;
import dev.hone.train.config.Settings;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The values that a setting may take in a sweep. Values are texts, as a flag would give them. */
public sealed interface SettingRange {
  /** Digits of a drawn number: what a table shows is what was used. */
  MathContext DIGITS = new MathContext(4);

  /** Some values. */
  record Choice(List<String> values) implements SettingRange {
    public Choice {
      values = List.copyOf(values);
      if (values.isEmpty()) {
        throw new IllegalArgumentException("a list of values must not be empty");
      }
    }
  }

  /** Numbers between two, all equally likely. */
  record Uniform(double min, double max) implements SettingRange {
    public Uniform {
      check(min < max && Double.isFinite(min) && Double.isFinite(max), min, max, "min must be below max");
    }
  }

  /** Numbers between two, whose logarithms are equally likely: what learning rates are drawn from. */
  record LogUniform(double min, double max) implements SettingRange {
    public LogUniform {
      check(min > 0 && min < max && Double.isFinite(max), min, max, "min must be above 0 and below max");
    }
  }

  /** Whole numbers from {@code min} to {@code max}, both possible, in steps. */
  record Whole(long min, long max, long step) implements SettingRange {
    public Whole {
      check(min <= max && max - min >= 0, min, max, "min must not be above max");
      check(step >= 1, min, max, "step must be 1 or more");
    }
  }

  private static void check(boolean holds, Number min, Number max, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(rule + ", min is " + min + ", max is " + max);
    }
  }

  /** The value at a place in [0, 1): places that are drawn uniformly give values that are distributed as the range says. */
  default String at(double place) {
    return switch (this) {
      case Choice(List<String> values) -> values.get((int) (place * values.size()));
      case Uniform(double min, double max) -> rounded(min + place * (max - min), min, max);
      case LogUniform(double min, double max) -> rounded(min * Math.pow(max / min, place), min, max);
      case Whole(long min, long max, long step) -> Long.toString(min + step * (long) (place * ((max - min) / step + 1)));
    };
  }

  private static String rounded(double value, double min, double max) {
    double short4 = new BigDecimal(value).round(DIGITS).doubleValue();
    return new BigDecimal(Double.toString(Math.clamp(short4, min, max))).stripTrailingZeros().toPlainString();
  }

  /**
   * A range as files write it: a list of values, or a mapping such as {@code {distribution: log_uniform, min: 1e-5, max:
   * 1e-2}}; distributions are {@code uniform}, {@code log_uniform}, {@code int} with an optional {@code step}, and
   * {@code choice} with {@code values}.
   *
   * @throws IllegalArgumentException naming the key and what is wrong
   */
  static SettingRange parse(String key, Object written) {
    try {
      return switch (written) {
        case List<?> list -> choice(list);
        case Map<?, ?> map -> distribution(map);
        case null, default -> throw new IllegalArgumentException("must be a list of values or a distribution, is '"
            + Settings.text(written) + "'; a single value belongs to base");
      };
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("parameters: " + key + ": " + e.getMessage(), e);
    }
  }

  private static Choice choice(List<?> values) {
    List<String> texts = new ArrayList<>();
    values.forEach(value -> texts.add(Settings.text(value)));
    return new Choice(texts);
  }

  private static SettingRange distribution(Map<?, ?> map) {
    List<String> kinds = List.of("uniform", "log_uniform", "int", "choice");
    String kind = Settings.text(map.get("distribution")).replace('-', '_');
    if (!kinds.contains(kind)) {
      throw new IllegalArgumentException(kind.isEmpty() ? "distribution is missing: one of " + String.join(", ", kinds)
          : "distribution '" + kind + "' is not known" + Nearest.hint(kind, kinds, "") + "; known: " + String.join(", ", kinds));
    }
    Set<String> known = kind.equals("choice") ? Set.of("distribution", "values")
        : kind.equals("int") ? Set.of("distribution", "min", "max", "step") : Set.of("distribution", "min", "max");
    for (Object name : map.keySet()) {
      if (!known.contains(name.toString())) {
        throw new IllegalArgumentException("distribution " + kind + " has no '" + name + "'"
            + Nearest.hint(name.toString(), known, ""));
      }
    }
    return switch (kind) {
      case "uniform" -> new Uniform(number(map, "min"), number(map, "max"));
      case "log_uniform" -> new LogUniform(number(map, "min"), number(map, "max"));
      case "int" -> new Whole(whole(map, "min"), whole(map, "max"), map.containsKey("step") ? whole(map, "step") : 1);
      default -> {
        if (map.get("values") instanceof List<?> values) {
          yield choice(values);
        }
        throw new IllegalArgumentException("values must be a list, is '" + Settings.text(map.get("values")) + "'");
      }
    };
  }

  private static double number(Map<?, ?> map, String name) {
    String text = Settings.text(map.get(name));
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + (text.isEmpty() ? " is missing" : " must be a number, is '" + text + "'"), e);
    }
  }

  private static long whole(Map<?, ?> map, String name) {
    double number = number(map, name);
    if (number != Math.rint(number) || Math.abs(number) > 1e15) {
      throw new IllegalArgumentException(name + " must be a whole number, is " + number);
    }
    return (long) number;
  }
}
