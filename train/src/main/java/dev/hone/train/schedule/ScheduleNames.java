package dev.hone.train.schedule;

import dev.hone.train.schedule.Schedule.Form;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Schedules by the names and arguments that configuration files use. */
final class ScheduleNames {
  private static final List<String> KNOWN = List.of("constant", "constant_with_warmup", "linear", "cosine",
      "cosine_with_restarts", "cosine_with_min_lr", "cosine_warmup_with_min_lr", "polynomial", "inverse_sqrt",
      "warmup_stable_decay", "one_cycle");
  /** PyTorch's and Hugging Face's default where the warm-up gives no scale. */
  private static final int TIMESCALE = 10_000;

  private final String name;
  private final Map<String, ?> arguments;
  private final Set<String> used = new HashSet<>();

  private ScheduleNames(String name, Map<String, ?> arguments) {
    this.name = name;
    this.arguments = arguments;
  }

  static Schedule schedule(String name, int warmup, int total, double rate, Map<String, ?> arguments) {
    ScheduleNames reader = new ScheduleNames(name, arguments);
    Schedule schedule = reader.read(warmup, total, rate);
    for (String key : arguments.keySet()) {
      if (!reader.used.contains(key)) {
        throw new IllegalArgumentException("schedule " + name + ": no argument '" + key + "'; known: "
            + String.join(", ", reader.used.stream().sorted().toList()));
      }
    }
    return schedule;
  }

  private Schedule read(int warmup, int total, double rate) {
    return switch (name) {
      case "constant" -> new Schedule.Constant(0);
      case "constant_with_warmup" -> new Schedule.Constant(warmup);
      case "linear" -> new Schedule.Linear(warmup, total);
      case "cosine" -> new Schedule.Cosine(warmup, total, number("num_cycles", 0.5), 0);
      case "cosine_with_restarts" -> new Schedule.CosineRestarts(warmup, total, (int) number("num_cycles", 1));
      case "cosine_with_min_lr" -> new Schedule.Cosine(warmup, total, number("num_cycles", 0.5), lowest(rate));
      case "cosine_warmup_with_min_lr" -> new Schedule.CosineFromFloor(warmup, total, number("num_cycles", 0.5),
          lowest(rate), number("warmup_lr_rate", Double.NaN));
      case "polynomial" -> new Schedule.Polynomial(warmup, total, number("power", 1), number("lr_end", 1e-7) / rate);
      case "inverse_sqrt" -> new Schedule.InverseSqrt(warmup, (int) number("timescale", warmup > 0 ? warmup : TIMESCALE));
      case "warmup_stable_decay" -> {
        int decay = (int) number("num_decay_steps", Math.ceilDiv(total, 10));
        int stable = (int) number("num_stable_steps", Math.max(0, total - warmup - decay));
        yield new Schedule.WarmupStableDecay(warmup, stable, decay, form("warmup_type", Form.LINEAR),
            form("decay_type", Form.COSINE), number("num_cycles", 0.5), number("min_lr_ratio", 0));
      }
      case "one_cycle" -> new Schedule.OneCycle(total, number("pct_start", 0.3), form("anneal_strategy", Form.COSINE),
          flag("three_phase"), number("div_factor", 25), number("final_div_factor", 1e4));
      default -> throw new IllegalArgumentException("schedule: '" + name + "' is not known; known: "
          + String.join(", ", KNOWN));
    };
  }

  private double lowest(double rate) {
    double absolute = number("min_lr", 0);
    return number("min_lr_rate", absolute / rate);
  }

  private double number(String key, double otherwise) {
    used.add(key);
    Object value = arguments.get(key);
    if (value == null) {
      return otherwise;
    }
    try {
      return value instanceof Number n ? n.doubleValue() : Double.parseDouble(value.toString());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("schedule " + name + ": " + key + " must be a number, got '" + value + "'", e);
    }
  }

  private boolean flag(String key) {
    used.add(key);
    return arguments.get(key) != null && Boolean.parseBoolean(arguments.get(key).toString());
  }

  private Form form(String key, Form otherwise) {
    used.add(key);
    Object value = arguments.get(key);
    return switch (value == null ? "" : value.toString()) {
      case "" -> otherwise;
      case "linear" -> Form.LINEAR;
      case "cosine", "cos" -> Form.COSINE;
      case "1-sqrt" -> Form.ONE_MINUS_SQRT;
      default -> throw new IllegalArgumentException("schedule " + name + ": " + key
          + " must be linear, cosine or 1-sqrt, got '" + value + "'");
    };
  }
}
