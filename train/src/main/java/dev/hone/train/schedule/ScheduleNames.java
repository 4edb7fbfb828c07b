package dev.hone.train.schedule;

import dev.hone.train.config.NamedArguments;
import dev.hone.train.schedule.Schedule.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/** Schedules by the names and arguments that configuration files use. */
final class ScheduleNames {
  private static final List<String> KNOWN = List.of("constant", "constant_with_warmup", "linear", "cosine",
      "cosine_with_restarts", "cosine_with_min_lr", "cosine_warmup_with_min_lr", "polynomial", "inverse_sqrt",
      "warmup_stable_decay", "one_cycle");
  /** PyTorch's and Hugging Face's default where the warm-up gives no scale. */
  private static final int TIMESCALE = 10_000;

  private final String name;
  private final NamedArguments arguments;

  private ScheduleNames(String name, NamedArguments arguments) {
    this.name = name;
    this.arguments = arguments;
  }

  static Schedule schedule(String name, int warmup, int total, double rate, Map<String, ?> arguments) {
    NamedArguments reader = new NamedArguments("schedule " + name, arguments);
    Schedule schedule = new ScheduleNames(name, reader).read(warmup, total, rate);
    reader.checkAllKnown();
    return schedule;
  }

  private Schedule read(int warmup, int total, double rate) {
    return switch (name) {
      case "constant" -> new Schedule.Constant(0);
      case "constant_with_warmup" -> new Schedule.Constant(warmup);
      case "linear" -> new Schedule.Linear(warmup, total);
      case "cosine" -> new Schedule.Cosine(warmup, total, arguments.number("num_cycles", 0.5), 0);
      case "cosine_with_restarts" -> new Schedule.CosineRestarts(warmup, total, (int) arguments.number("num_cycles", 1));
      case "cosine_with_min_lr" -> new Schedule.Cosine(warmup, total, arguments.number("num_cycles", 0.5), lowest(rate));
      case "cosine_warmup_with_min_lr" -> new Schedule.CosineFromFloor(warmup, total, arguments.number("num_cycles", 0.5),
          lowest(rate), arguments.number("warmup_lr_rate", Double.NaN));
      case "polynomial" -> new Schedule.Polynomial(warmup, total, arguments.number("power", 1),
          arguments.number("lr_end", 1e-7) / rate);
      case "inverse_sqrt" -> new Schedule.InverseSqrt(warmup, (int) arguments.number("timescale", warmup > 0 ? warmup
          : TIMESCALE));
      case "warmup_stable_decay" -> {
        int decay = (int) arguments.number("num_decay_steps", Math.ceilDiv(total, 10));
        int stable = (int) arguments.number("num_stable_steps", Math.max(0, total - warmup - decay));
        yield new Schedule.WarmupStableDecay(warmup, stable, decay, form("warmup_type", Form.LINEAR),
            form("decay_type", Form.COSINE), arguments.number("num_cycles", 0.5), arguments.number("min_lr_ratio", 0));
      }
      case "one_cycle" -> new Schedule.OneCycle(total, arguments.number("pct_start", 0.3), form("anneal_strategy", Form.COSINE),
          arguments.flag("three_phase"), arguments.number("div_factor", 25), arguments.number("final_div_factor", 1e4));
      default -> service(warmup, total, rate);
    };
  }

  /** One of the user's own. */
  private Schedule service(int warmup, int total, double rate) {
    List<String> known = new ArrayList<>(KNOWN);
    for (ScheduleProvider provider : ServiceLoader.load(ScheduleProvider.class)) {
      if (provider.name().equals(name)) {
        return provider.schedule(warmup, total, rate, arguments);
      }
      known.add(provider.name());
    }
    throw new IllegalArgumentException("schedule: '" + name + "' is not known; known: " + String.join(", ", known));
  }

  private double lowest(double rate) {
    double absolute = arguments.number("min_lr", 0);
    return arguments.number("min_lr_rate", absolute / rate);
  }

  private Form form(String key, Form otherwise) {
    String value = arguments.text(key, "");
    return switch (value) {
      case "" -> otherwise;
      case "linear" -> Form.LINEAR;
      case "cosine", "cos" -> Form.COSINE;
      case "1-sqrt" -> Form.ONE_MINUS_SQRT;
      default -> throw new IllegalArgumentException("schedule " + name + ": " + key
          + " must be linear, cosine or 1-sqrt, got '" + value + "'");
    };
  }
}
