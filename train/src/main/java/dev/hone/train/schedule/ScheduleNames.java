package dev.hone.train.schedule;

import dev.hone.train.config.NamedArguments;
import dev.hone.train.schedule.Schedule.Form;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Schedules by the names and arguments that configuration files use: a row for each of Hone's own, services for others. */
final class ScheduleNames {
  /** PyTorch's and Hugging Face's default where the warm-up gives no scale. */
  private static final int TIMESCALE = 10_000;

  private interface Maker {
    Schedule schedule(int warmup, int total, double rate, NamedArguments arguments);
  }

  private record Row(String name, Maker maker) implements ScheduleProvider {
    @Override
    public Schedule schedule(int warmup, int total, double learningRate, NamedArguments arguments) {
      return maker.schedule(warmup, total, learningRate, arguments);
    }
  }

  private static final List<ScheduleProvider> OWN = List.of(
      new Row("constant", (_, _, _, _) -> new Schedule.Constant(0)),
      new Row("constant_with_warmup", (warmup, _, _, _) -> new Schedule.Constant(warmup)),
      new Row("linear", (warmup, total, _, _) -> new Schedule.Linear(warmup, total)),
      new Row("cosine", (warmup, total, _, arguments) -> new Schedule.Cosine(warmup, total, cycles(arguments), 0)),
      new Row("cosine_with_restarts",
          (warmup, total, _, arguments) -> new Schedule.CosineRestarts(warmup, total, (int) arguments.number("num_cycles", 1))),
      new Row("cosine_with_min_lr", (warmup, total, rate, arguments) -> new Schedule.Cosine(warmup, total, cycles(arguments),
          lowest(rate, arguments))),
      new Row("cosine_warmup_with_min_lr", (warmup, total, rate, arguments) -> new Schedule.CosineFromFloor(warmup, total,
          cycles(arguments), lowest(rate, arguments), arguments.number("warmup_lr_rate", Double.NaN))),
      new Row("polynomial", (warmup, total, rate, arguments) -> new Schedule.Polynomial(warmup, total,
          arguments.number("power", 1), arguments.number("lr_end", 1e-7) / rate)),
      new Row("inverse_sqrt", (warmup, _, _, arguments) -> new Schedule.InverseSqrt(warmup,
          (int) arguments.number("timescale", warmup > 0 ? warmup : TIMESCALE))),
      new Row("warmup_stable_decay", ScheduleNames::warmupStableDecay),
      new Row("one_cycle", (_, total, _, arguments) -> new Schedule.OneCycle(total, arguments.number("pct_start", 0.3),
          form("one_cycle", "anneal_strategy", Form.COSINE, arguments), arguments.flag("three_phase"),
          arguments.number("div_factor", 25), arguments.number("final_div_factor", 1e4))));

  private ScheduleNames() {}

  static Schedule schedule(String name, int warmup, int total, double rate, Map<String, ?> given) {
    NamedArguments arguments = new NamedArguments("schedule " + name, given);
    Schedule schedule = provider(name).schedule(warmup, total, rate, arguments);
    arguments.checkAllKnown();
    return schedule;
  }

  private static ScheduleProvider provider(String name) {
    return all().filter(provider -> provider.name().equals(name)).findFirst()
        .orElseThrow(() -> new IllegalArgumentException("schedule: '" + name + "' is not known; known: "
            + all().map(ScheduleProvider::name).collect(Collectors.joining(", "))));
  }

  /** Hone's own, then those of users. */
  private static Stream<ScheduleProvider> all() {
    return Stream.concat(OWN.stream(), ServiceLoader.load(ScheduleProvider.class).stream().map(ServiceLoader.Provider::get));
  }

  private static Schedule warmupStableDecay(int warmup, int total, double rate, NamedArguments arguments) {
    int decay = (int) arguments.number("num_decay_steps", Math.ceilDiv(total, 10));
    int stable = (int) arguments.number("num_stable_steps", Math.max(0, total - warmup - decay));
    return new Schedule.WarmupStableDecay(warmup, stable, decay,
        form("warmup_stable_decay", "warmup_type", Form.LINEAR, arguments),
        form("warmup_stable_decay", "decay_type", Form.COSINE, arguments), cycles(arguments),
        arguments.number("min_lr_ratio", 0));
  }

  private static double cycles(NamedArguments arguments) {
    return arguments.number("num_cycles", 0.5);
  }

  private static double lowest(double rate, NamedArguments arguments) {
    double absolute = arguments.number("min_lr", 0);
    return arguments.number("min_lr_rate", absolute / rate);
  }

  private static Form form(String schedule, String key, Form otherwise, NamedArguments arguments) {
    String value = arguments.text(key, "");
    return switch (value) {
      case "" -> otherwise;
      case "linear" -> Form.LINEAR;
      case "cosine", "cos" -> Form.COSINE;
      case "1-sqrt" -> Form.ONE_MINUS_SQRT;
      default -> throw new IllegalArgumentException("schedule " + schedule + ": " + key
          + " must be linear, cosine or 1-sqrt, got '" + value + "'");
    };
  }
}
