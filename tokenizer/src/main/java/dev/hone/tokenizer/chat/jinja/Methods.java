package dev.hone.tokenizer.chat.jinja;

import dev.hone.tokenizer.chat.jinja.BoundMethod.Method;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The methods of Python's types, by name: a closed table, so that a template can reach nothing else. What would change
 * a list or a dict is withheld, as in Jinja's immutable sandbox.
 */
final class Methods {
  private static final Map<String, Method> LIST = Map.of(
      "count", Methods::count,
      "index", Methods::indexOf,
      "copy", (list, arguments, budget) -> Values.toList(list, budget));
  private static final Map<String, Method> TUPLE = Map.of("count", Methods::count, "index", Methods::indexOf);
  private static final Map<String, Method> DICT = Map.of(
      "get", Methods::get,
      "items", (dict, arguments, _) -> view(DictView.Kind.ITEMS, dict, arguments),
      "keys", (dict, arguments, _) -> view(DictView.Kind.KEYS, dict, arguments),
      "values", (dict, arguments, _) -> view(DictView.Kind.VALUES, dict, arguments),
      "copy", (dict, arguments, budget) -> copy((Dict) dict, arguments, budget));
  private static final Map<String, Method> FLOAT = Map.of(
      "is_integer", (number, _, _) -> (Double) number == Math.rint((Double) number));
  private static final Map<String, Method> INT = Map.of(
      "bit_length", (number, _, _) -> (long) Arithmetic.big((Number) number).abs().bitLength());

  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
  private static final Set<String> DICT_CHANGES = Set.of("clear", "pop", "popitem", "setdefault", "update");

  private Methods() {}

  /**
   * {@return the method as a bound value, an {@link Undefined} that refuses use for one that is withheld, or null
   * where the type has no such attribute}
   */
  static Object find(Object owner, String name) {
    Method method = switch (owner) {
      case String _ -> StringMethods.find(name);
      case SafeText _ -> StringMethods.findSafe(name);
      case List<?> _ -> owner instanceof PythonRange ? TUPLE.get(name) : LIST.get(name);
      case Tuple _ -> TUPLE.get(name);
      case Dict _ -> DICT.get(name);
      case Double _ -> FLOAT.get(name);
      case Long _ -> INT.get(name);
      default -> null;
    };
    if (method != null) {
      return new BoundMethod(owner, method);
    }
    boolean withheld = name.startsWith("__") && name.endsWith("__")
        || owner instanceof List<?> && !(owner instanceof PythonRange) && LIST_CHANGES.contains(name)
        || owner instanceof Dict && DICT_CHANGES.contains(name);
    return withheld ? Undefined.withheld(owner, name) : null;
  }

  private static Object get(Object dict, GivenArguments arguments, Budget budget) {
    Object[] bound = arguments.bindRequired("get", 1, "key", "default");
    Object value = ((Dict) dict).get(bound[0], budget);
    return value != null ? value : bound[1] != null ? bound[1] : None.NONE;
  }

  private static Object view(DictView.Kind kind, Object dict, GivenArguments arguments) {
    arguments.none(kind.name().toLowerCase(Locale.ROOT));
    return new DictView(kind, (Dict) dict);
  }

  private static Object copy(Dict dict, GivenArguments arguments, Budget budget) {
    arguments.none("copy");
    budget.items(dict.size());
    return new Dict(dict);
  }

  private static Object count(Object sequence, GivenArguments arguments, Budget budget) {
    Object wanted = arguments.bindRequired("count", 1, "value")[0];
    long count = 0;
    for (Object item : items(sequence)) {
      if (PythonComparison.equal(item, wanted, budget)) {
        count++;
      }
    }
    return count;
  }

  private static Object indexOf(Object sequence, GivenArguments arguments, Budget budget) {
    Object[] bound = arguments.bindRequired("index", 1, "value", "start", "stop");
    List<?> items = items(sequence);
    int from = within(GivenArguments.integer(bound[1], 0, "start"), items.size());
    int to = within(GivenArguments.integer(bound[2], items.size(), "stop"), items.size());
    for (int i = from; i < to; i++) {
      if (PythonComparison.equal(items.get(i), bound[0], budget)) {
        return (long) i;
      }
    }
    throw JinjaException.value(PythonText.repr(bound[0], budget) + " is not in " + Values.typeName(sequence));
  }

  /** A bound of a search: negative counts from the end, and all is clipped. */
  static int within(int at, int length) {
    return Math.clamp(at < 0 ? (long) at + length : at, 0, length);
  }

  private static List<?> items(Object sequence) {
    return sequence instanceof Tuple(List<Object> items) ? items : (List<?>) sequence;
  }
}
