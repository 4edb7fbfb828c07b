package dev.hone.tokenizer.chat.jinja;

import java.math.BigInteger;
import java.time.LocalDateTime;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The functions that every template can call. */
final class Builtins {
  static final Map<String, Object> GLOBALS = Map.of(
      "range", (Callable) Builtins::range,
      "namespace", (Callable) (arguments, rendering) -> new Namespace(dict(arguments, rendering)),
      "dict", (Callable) Builtins::dict,
      "cycler", (Callable) (arguments, _) -> new Cycler(arguments.positional()),
      "joiner", (Callable) Builtins::joiner,
      "raise_exception", (Callable) Builtins::raise,
      "strftime_now", (Callable) Builtins::now);

  private Builtins() {}

  private static Object range(GivenArguments arguments, Rendering rendering) {
    List<Object> given = arguments.positional();
    if (given.isEmpty() || given.size() > 3 || !arguments.keyword().isEmpty()) {
      throw JinjaException.value("range expected 1 to 3 positional arguments, got " + given.size());
    }
    long[] bounds = new long[given.size()];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = whole(given.get(i));
    }
    Limits limits = rendering.budget().limits();
    return bounds.length == 1
        ? PythonRange.of(0, bounds[0], 1, limits)
        : PythonRange.of(bounds[0], bounds[1], bounds.length == 2 ? 1 : bounds[2], limits);
  }

  private static long whole(Object value) {
    return switch (Values.number(value)) {
      case Long l -> l;
      case BigInteger big -> throw JinjaException.limit("range() of an integer with " + big.bitLength()
          + " bits");
      case null, default -> throw JinjaException.value("'" + Values.typeName(value)
          + "' object cannot be interpreted as an integer");
    };
  }

  /** {@code dict(mapping or pairs, key=value, ...)}. */
  private static Dict dict(GivenArguments arguments, Rendering rendering) {
    Budget budget = rendering.budget();
    Dict dict = new Dict();
    if (arguments.positional().size() > 1) {
      throw JinjaException.value("dict expected at most 1 argument, got " + arguments.positional().size());
    }
    for (Object source : arguments.positional()) {
      if (source instanceof Dict other) {
        budget.items(other.size());
        dict.putAll(other);
        continue;
      }
      Iterator<Object> pairs = Values.iterate(source);
      while (pairs.hasNext()) {
        List<Object> pair = Values.toList(pairs.next(), budget);
        if (pair.size() != 2) {
          throw JinjaException.value("dictionary update sequence element has length " + pair.size()
              + "; 2 is required");
        }
        dict.put(pair.get(0), pair.get(1), budget);
      }
    }
    arguments.keyword().forEach(dict::put);
    return dict;
  }

  private static Object joiner(GivenArguments arguments, Rendering rendering) {
    Object separator = arguments.bind("joiner", "sep")[0];
    return new Joiner(separator == null ? ", " : separator);
  }

  private static Object raise(GivenArguments arguments, Rendering rendering) {
    Object message = arguments.bindRequired("raise_exception", 1, "message")[0];
    throw JinjaException.raised(PythonText.str(message, rendering.budget()));
  }

  private static Object now(GivenArguments arguments, Rendering rendering) {
    String format = GivenArguments.text(arguments.bindRequired("strftime_now", 1, "format")[0], "strftime_now() argument");
    return Strftime.format(LocalDateTime.now(rendering.clock()), format, rendering.budget());
  }
}
