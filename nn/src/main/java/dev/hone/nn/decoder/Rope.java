package dev.hone.nn.decoder;

import dev.hone.nn.ModelException;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.Arrays;
import java.util.Set;

/**
 * The frequencies of rotary position embedding. Sources: Su and others 2021; Chen and others 2023 (linear); Peng and others
 * 2023 (yarn); Meta's Llama 3.1 (llama3); Ding and others 2024 (longrope). Dynamic scaling changes nothing up to the length that
 * a model was made for, and longer sequences are refused.
 *
 * @param near angle per position of each pair of numbers, [rotary / 2], in sequences up to {@code reach}
 * @param far the same in longer sequences
 * @param reach the longest sequence that {@code near} is for; {@link Integer#MAX_VALUE} if there is no difference
 * @param magnitude what cosines and sines are multiplied by
 */
public record Rope(double[] near, double[] far, int reach, double magnitude) {
  /** What a base of the frequencies may be. */
  public static final Range BASE = new Range(1, true, Float.MAX_VALUE, false);
  private static final Set<String> KNOWN = Set.of("default", "linear", "dynamic", "llama3", "yarn", "longrope");
  private static final Set<String> PARTIAL = Set.of("default", "longrope", "su", "yarn");
  private static final String ORIGINAL = "original_max_position_embeddings";

  /** Without any scaling. */
  public static Rope plain(double theta, int rotary) {
    double[] angles = angles(theta, rotary);
    return new Rope(angles, angles, Integer.MAX_VALUE, 1);
  }

  /**
   * Reads {@code rope_scaling} and {@code rope_theta} (transformers 4), or {@code rope_parameters} (transformers 5). The whole
   * head turns: a {@code partial_rotary_factor} counts for nothing in these families.
   *
   * @param headDim D
   * @param maxLength the most tokens that the model takes
   */
  public static Rope read(ConfigReader json, int headDim, int maxLength) {
    return read(json, 10_000, Double.NaN, headDim, maxLength);
  }

  /**
   * Reads the rotation of families that name a base of their own, or in which only a part of each head turns.
   *
   * @param theta the base where the file does not say
   * @param partial the part where it does not say; NaN if heads turn as a whole, whatever it says
   */
  public static Rope read(ConfigReader json, double theta, double partial, int headDim, int maxLength) {
    ConfigReader section = section(json);
    String type = type(section);
    boolean whole = Double.isNaN(partial);
    if (whole && !type.equals("default") && rotary(json, section, headDim) != headDim) {
      throw new ModelException(section.file() + ": 'partial_rotary_factor' with rope_type '" + type + "': heads of this family "
          + "turn as a whole");
    }
    return read(section, type, json.number("rope_theta", theta, BASE), headDim,
        whole ? headDim : rotary(json, section, partial, headDim), json.integer(ORIGINAL, section.integer(ORIGINAL, maxLength)),
        maxLength);
  }

  /** Reads the rotation of Phi-3, in which {@code partial_rotary_factor} says how much of a head turns. */
  public static Rope partial(ConfigReader json, int headDim, int maxLength) {
    ConfigReader section = section(json);
    String type = type(section);
    if (!PARTIAL.contains(type)) {
      throw section.unknown("rope_type", type, PARTIAL);
    }
    return read(section, type.equals("yarn") ? "longrope" : type, json.number("rope_theta", 10_000, BASE), headDim,
        rotary(json, section, headDim), json.integer(ORIGINAL, 4096), maxLength);
  }

  /**
   * Reads one of several sections, as Gemma 3 has one per kind of layer.
   *
   * @param theta where the section does not say
   */
  public static Rope read(ConfigReader section, double theta, int headDim, int maxLength) {
    return read(section, type(section), theta, headDim, headDim, section.size(ORIGINAL, maxLength), maxLength);
  }

  /** As in transformers the older of the two wins where both are there. */
  private static ConfigReader section(ConfigReader json) {
    ConfigReader scaling = json.section("rope_scaling");
    return scaling.tree().isEmpty() ? json.section("rope_parameters") : scaling;
  }

  private static String type(ConfigReader section) {
    return section.text("rope_type", section.text("type", "default"));
  }

  private static int rotary(ConfigReader json, ConfigReader section, int headDim) {
    return rotary(json, section, 1, headDim);
  }

  private static int rotary(ConfigReader json, ConfigReader section, double usual, int headDim) {
    return (int) (headDim * section.number("partial_rotary_factor", json.number("partial_rotary_factor", usual, Range.FRACTION),
        Range.FRACTION));
  }

  private static Rope read(ConfigReader section, String type, double theta, int headDim, int rotary, int original,
      int maxLength) {
    double base = section.number("rope_theta", theta, BASE);
    if (rotary < 2 || rotary > headDim || rotary % 2 != 0) {
      throw section.fault("rotary embedding of " + rotary + " of " + headDim
          + " numbers; the number must be even, at least 2 and at most the head's width");
    }
    double[] plain = angles(base, rotary);
    Rope rope = switch (type) {
      case "default", "dynamic" -> same(plain, 1);
      case "linear" -> same(divided(plain, factor(section)), 1);
      case "llama3" -> same(llama3(plain, section, original), 1);
      case "yarn" -> yarn(plain, base, section, original, maxLength);
      case "longrope", "su" -> longrope(plain, section, original, maxLength);
      default -> throw section.unknown("rope_type", type, KNOWN);
    };
    if (!(rope.magnitude > 0 && rope.magnitude <= Float.MAX_VALUE)) {
      throw section.fault("cosines and sines would be multiplied by " + rope.magnitude + ", which must be above 0 and finite");
    }
    return rope;
  }

  private static Rope same(double[] angles, double magnitude) {
    return new Rope(angles, angles, Integer.MAX_VALUE, magnitude);
  }

  private static double[] angles(double theta, int rotary) {
    double[] angles = new double[rotary / 2];
    Arrays.setAll(angles, i -> Math.pow(theta, -2.0 * i / rotary));
    return angles;
  }

  private static double[] divided(double[] angles, double factor) {
    return Arrays.stream(angles).map(angle -> angle / factor).toArray();
  }

  private static double factor(ConfigReader section) {
    if (!section.has("factor")) {
      throw section.fault("'factor' is missing");
    }
    return section.number("factor", 1, Range.FROM_ONE);
  }

  /** Slow turns are slowed down by the factor, fast ones stay, those between are blended. */
  private static double[] llama3(double[] plain, ConfigReader section, int original) {
    double factor = factor(section);
    double low = section.number("low_freq_factor", 1, Range.POSITIVE);
    double high = section.number("high_freq_factor", 4, Range.POSITIVE);
    if (!(high > low)) {
      throw new ModelException(section.file() + ": 'high_freq_factor' " + high + " must be above 'low_freq_factor' " + low);
    }
    return Arrays.stream(plain).map(angle -> {
      double turns = original * angle / (2 * Math.PI); // how often the pair turns within the original length
      double keep = Math.clamp((turns - low) / (high - low), 0, 1);
      return (1 - keep) * angle / factor + keep * angle;
    }).toArray();
  }

  private static Rope yarn(double[] plain, double theta, ConfigReader section, int original, int maxLength) {
    double factor = section.has("factor") ? factor(section) : (double) maxLength / original;
    double from = pairWithTurns(section.number("beta_fast", 32, Range.POSITIVE), plain.length * 2, theta, original);
    double to = pairWithTurns(section.number("beta_slow", 1, Range.POSITIVE), plain.length * 2, theta, original);
    if (section.flag("truncate", true)) {
      from = Math.floor(from);
      to = Math.ceil(to);
    }
    from = Math.max(from, 0);
    to = Math.min(to, plain.length * 2 - 1);
    double width = from == to ? 0.001 : to - from;
    double[] angles = plain.clone();
    for (int i = 0; i < angles.length; i++) {
      double slow = Math.clamp((i - from) / width, 0, 1);
      angles[i] = plain[i] / factor * slow + plain[i] * (1 - slow);
    }
    double usual = yarnMagnitude(factor, 1);
    if (section.has("mscale") && section.has("mscale_all_dim")) {
      usual = yarnMagnitude(factor, section.number("mscale", 1)) / yarnMagnitude(factor, section.number("mscale_all_dim", 1));
    }
    return same(angles, section.number("attention_factor", usual, Range.POSITIVE));
  }

  private static double yarnMagnitude(double factor, double scale) {
    return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
  }

  /** The (fractional) number of the pair that turns so often within the original length. */
  private static double pairWithTurns(double turns, int rotary, double theta, int original) {
    return rotary * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private static Rope longrope(double[] plain, ConfigReader section, int original, int maxLength) {
    double stretch = section.number("factor", (double) maxLength / original, Range.POSITIVE);
    double usual = stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original));
    return new Rope(divided(plain, section, "short_factor"), divided(plain, section, "long_factor"), original,
        section.number("attention_factor", usual, Range.POSITIVE));
  }

  private static double[] divided(double[] plain, ConfigReader section, String key) {
    double[] factors = section.numbers(key, Range.POSITIVE);
    if (factors == null || factors.length != plain.length) {
      throw new ModelException(section.file() + ": '" + key + "' must be a list of " + plain.length + " numbers, "
          + (factors == null ? "is missing" : "has " + factors.length));
    }
    double[] angles = plain.clone();
    for (int i = 0; i < angles.length; i++) {
      angles[i] /= factors[i];
    }
    return angles;
  }
}
