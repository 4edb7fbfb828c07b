package dev.hone.tokenizer.chat.jinja;

import static java.util.Map.entry;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The tests by name: {@code value is name(arguments)}. */
final class Tests {
  /** A test of a value. */
  @FunctionalInterface
  interface Test {
    boolean passes(Object value, GivenArguments arguments, Rendering rendering);
  }

  private static final Map<String, Test> ALL = Map.ofEntries(
      entry("boolean", plain(value -> value instanceof Boolean)),
      entry("callable", plain(value -> value instanceof Callable || value instanceof Undefined)),
      entry("defined", plain(value -> !(value instanceof Undefined))),
      entry("escaped", plain(value -> value instanceof SafeText)),
      entry("false", plain(value -> Boolean.FALSE.equals(value))),
      entry("float", plain(value -> value instanceof Double)),
      entry("integer", plain(value -> value instanceof Long || value instanceof BigInteger)),
      entry("iterable", plain(Values::isIterable)),
      entry("mapping", plain(value -> value instanceof Dict)),
      entry("none", plain(value -> value == None.NONE)),
      entry("number", plain(value -> Values.number(value) != null)),
      entry("sequence", plain(Tests::isSequence)),
      entry("string", plain(value -> Values.text(value) != null)),
      entry("true", plain(value -> Boolean.TRUE.equals(value))),
      entry("undefined", plain(value -> value instanceof Undefined)),
      entry("filter", plain(value -> Values.text(value) instanceof String name && Filters.exists(name))),
      entry("test", plain(value -> Values.text(value) instanceof String name && exists(name))),
      entry("lower", (v, a, r) -> StringCase.isLower(text("lower", v, a, r))),
      entry("upper", (v, a, r) -> StringCase.isUpper(text("upper", v, a, r))),
      entry("odd", (v, a, r) -> remainder(v, 2L, 1L, r)),
      entry("even", (v, a, r) -> remainder(v, 2L, 0L, r)),
      entry("divisibleby", (v, a, r) -> remainder(v, other(a), 0L, r)),
      entry("sameas", (v, a, r) -> same(v, other(a))),
      entry("in", (v, a, r) -> PythonComparison.contains(other(a), v, r.budget())),
      entry("==", Tests::equal),
      entry("eq", Tests::equal),
      entry("equalto", Tests::equal),
      entry("!=", (v, a, r) -> !equal(v, a, r)),
      entry("ne", (v, a, r) -> !equal(v, a, r)),
      entry("<", ordered("<")),
      entry("lt", ordered("<")),
      entry("lessthan", ordered("<")),
      entry("<=", ordered("<=")),
      entry("le", ordered("<=")),
      entry(">", ordered(">")),
      entry("gt", ordered(">")),
      entry("greaterthan", ordered(">")),
      entry(">=", ordered(">=")),
      entry("ge", ordered(">=")));

  private Tests() {}

  private static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  /** @throws JinjaException of kind SYNTAX if there is no such test */
  static Test find(String name, int line) {
    Test test = ALL.get(name);
    if (test == null) {
      throw JinjaException.syntax("no test named " + PythonText.quoteShort(name), line);
    }
    return test;
  }

  private static Test plain(Predicate<Object> test) {
    return (value, arguments, rendering) -> {
      arguments.none("a test without parameters");
      return test.test(value);
    };
  }

  /** Something with a length and subscripts. */
  private static boolean isSequence(Object value) {
    return switch (value) {
      case String _, SafeText _, List<?> _, Tuple _, Dict _, Undefined _ -> true;
      default -> false;
    };
  }

  private static String text(String name, Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none(name);
    String text = PythonText.str(value, rendering.budget());
    rendering.budget().chars(text.length());
    return text;
  }

  private static Object other(GivenArguments arguments) {
    return arguments.bindRequired("a test", 1, "other")[0];
  }

  private static boolean remainder(Object value, Object divisor, Object wanted, Rendering rendering) {
    Object rest = Arithmetic.modulo(value, divisor, rendering.budget());
    return PythonComparison.equal(rest, wanted, rendering.budget());
  }

  /** Python's identity; small ints, bools and short texts are shared there, so their values decide. */
  private static boolean same(Object value, Object other) {
    return value == other || value.getClass() == other.getClass()
        && (value instanceof Boolean || value instanceof Long || value instanceof String) && value.equals(other);
  }

  private static boolean equal(Object value, GivenArguments arguments, Rendering rendering) {
    return PythonComparison.equal(value, other(arguments), rendering.budget());
  }

  private static Test ordered(String operator) {
    return (value, arguments, rendering) ->
        PythonComparison.ordered(value, other(arguments), operator, rendering.budget());
  }
}
