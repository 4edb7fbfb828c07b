package dev.hone.train.run;

import dev.hone.core.DType;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import java.util.List;
import java.util.Locale;

/** The flags that say in how many bits the base is held, by the names of transformers. */
public final class QuantFlags {
  private static final String TYPE = "quant-type";

  public static final List<Flag> ALL = List.of(
      Flag.toggle("load-in-4bit", "hold the base's linear layers in 4 bits (NF4, double quantisation)"),
      Flag.toggle("load-in-8bit", "hold the base's linear layers in 8 bits (Q8_0, blocks of 32)"),
      Flag.of(TYPE, "nf4|q8_0|int8", null, "which 4 or 8 bits; int8 has a scale for each row, as LLM.int8 does")
          .also("bnb-4bit-quant-type"));

  private QuantFlags() {}

  /** The type, or null for weights as they are stored. */
  public static DType of(Arguments arguments) {
    boolean four = arguments.on("load-in-4bit");
    boolean eight = arguments.on("load-in-8bit");
    DType type = arguments.has(TYPE) ? type(arguments.text(TYPE)) : four ? DType.NF4 : eight ? DType.Q8_0 : null;
    if (four && type != DType.NF4 || eight && type == DType.NF4 || four && eight) {
      throw new UserError("--load-in-4bit is nf4, --load-in-8bit is q8_0 or int8; give one of them"
          + (arguments.has(TYPE) ? ", and --quant-type " + arguments.text(TYPE) + " does not fit" : ""));
    }
    return type;
  }

  public static DType type(String name) {
    return switch (name) {
      case "nf4" -> DType.NF4;
      case "q8_0" -> DType.Q8_0;
      case "int8" -> DType.INT8_ROWS;
      default -> throw new UserError("--quant-type must be nf4, q8_0 or int8, is '" + name + "'");
    };
  }

  /** Whether weights can be made of this type, not only read out of a file that has them. */
  public static boolean isMade(DType type) {
    return type == DType.NF4 || type == DType.Q8_0 || type == DType.INT8_ROWS;
  }

  /** What a user calls a type. */
  public static String name(DType type) {
    return type == DType.INT8_ROWS ? "int8" : type.torchName();
  }

  /** How a model's weights are held, in a line; null if none is quantised. */
  public static String describe(PretrainedModel model) {
    DType type = model.quantization();
    if (type == null) {
      return null;
    }
    long bytes = 0;
    long plain = 0;
    for (var parameter : model.baseParameters().values()) {
      bytes += parameter.value().bytes();
      plain += parameter.value().isQuantized() ? 0 : parameter.value().bytes();
    }
    return String.format(Locale.ROOT, "base held in %s: %.1f MB of quantised weights, %.1f MB of others", name(type),
        (bytes - plain) / 1e6, plain / 1e6);
  }
}
