package dev.hone.tokenizer.chat.jinja;

import static java.util.Map.entry;

import dev.hone.tokenizer.chat.jinja.Filters.Filter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** The filters that order or group elements by a key. Unless asked, case does not count. */
final class OrderFilters {
  static final Map<String, Filter> ALL = Map.ofEntries(
      entry("dictsort", OrderFilters::dictSort),
      entry("groupby", OrderFilters::groupBy),
      entry("max", (v, a, r) -> extreme("max", v, a, r)),
      entry("min", (v, a, r) -> extreme("min", v, a, r)),
      entry("sort", OrderFilters::sort),
      entry("unique", OrderFilters::unique));

  private record Keyed(Object key, Object item) {}

  private OrderFilters() {}

  private static Object foldCase(Object value, boolean caseSensitive) {
    return !caseSensitive && Values.text(value) instanceof String text ? StringCase.lower(text) : value;
  }

  private static List<Keyed> keyed(Object value, Function<Object, Object> key, Budget budget) {
    List<Keyed> keyed = new ArrayList<>();
    for (Object item : Values.toList(value, budget)) {
      keyed.add(new Keyed(key.apply(item), item));
    }
    return keyed;
  }

  /** Stable, also where reversed: equal elements keep their order. */
  private static List<Object> sorted(List<Keyed> keyed, boolean reverse, Budget budget) {
    Comparator<Keyed> order = (a, b) -> PythonComparison.order(a.key, b.key, "<", budget);
    List<Keyed> copy = new ArrayList<>(keyed);
    copy.sort(reverse ? order.reversed() : order);
    List<Object> items = new ArrayList<>(copy.size());
    copy.forEach(k -> items.add(k.item));
    return items;
  }

  private static Object sort(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bind("sort", "reverse", "case_sensitive", "attribute");
    Budget budget = rendering.budget();
    boolean caseSensitive = GivenArguments.flag(bound[1], false);
    List<List<Object>> paths = new ArrayList<>();
    if (Values.text(bound[2]) instanceof String attributes) {
      for (String attribute : attributes.split(",", -1)) {
        paths.add(Filters.path(attribute, budget));
      }
    } else {
      paths.add(bound[2] == null || bound[2] == None.NONE ? List.of() : List.of(bound[2]));
    }
    Function<Object, Object> key = item -> {
      List<Object> keys = new ArrayList<>();
      for (List<Object> path : paths) {
        keys.add(foldCase(Filters.follow(item, path, null, budget), caseSensitive));
      }
      return keys;
    };
    return sorted(keyed(value, key, budget), GivenArguments.flag(bound[0], false), budget);
  }

  private static Object dictSort(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bind("dictsort", "case_sensitive", "by", "reverse");
    if (value instanceof Undefined u) {
      throw u.failure();
    }
    if (!(value instanceof Dict dict)) {
      throw JinjaException.value("'" + Values.typeName(value) + "' object has no attribute 'items'");
    }
    boolean caseSensitive = GivenArguments.flag(bound[0], false);
    int element = switch (bound[1] == null ? "key" : GivenArguments.text(bound[1], "by")) {
      case "key" -> 0;
      case "value" -> 1;
      default -> throw JinjaException.value("You can only sort by either \"key\" or \"value\"");
    };
    Budget budget = rendering.budget();
    Function<Object, Object> key = item -> foldCase(((Tuple) item).items().get(element), caseSensitive);
    return sorted(keyed(dict.items(), key, budget), GivenArguments.flag(bound[2], false), budget);
  }

  private static Object extreme(String name, Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bind(name, "case_sensitive", "attribute");
    Budget budget = rendering.budget();
    List<Keyed> keyed = keyed(value, attributeKey(bound[1], GivenArguments.flag(bound[0], false), budget), budget);
    if (keyed.isEmpty()) {
      return Undefined.because("No aggregated item, sequence was empty.");
    }
    String operator = name.equals("max") ? ">" : "<";
    Keyed best = keyed.getFirst();
    for (Keyed candidate : keyed.subList(1, keyed.size())) {
      if (PythonComparison.ordered(candidate.key, best.key, operator, budget)) {
        best = candidate;
      }
    }
    return best.item;
  }

  private static Function<Object, Object> attributeKey(Object attribute, boolean caseSensitive, Budget budget) {
    List<Object> path = attribute == null || attribute == None.NONE ? List.of() : Filters.path(attribute, budget);
    return item -> foldCase(Filters.follow(item, path, null, budget), caseSensitive);
  }

  private static Object unique(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bind("unique", "case_sensitive", "attribute");
    return PythonGenerator.lazy(() -> distinct(value, bound, rendering.budget()));
  }

  private static Iterator<Object> distinct(Object value, Object[] bound, Budget budget) {
    Set<Object> seen = new HashSet<>();
    List<Object> distinct = new ArrayList<>();
    for (Keyed k : keyed(value, attributeKey(bound[1], GivenArguments.flag(bound[0], false), budget), budget)) {
      if (seen.add(Dict.normalise(k.key, budget))) {
        distinct.add(k.item);
      }
    }
    return distinct.iterator();
  }

  private static Object groupBy(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bindRequired("groupby", 1, "attribute", "default", "case_sensitive");
    Budget budget = rendering.budget();
    boolean caseSensitive = GivenArguments.flag(bound[2], false);
    List<Object> path = Filters.path(bound[0], budget);
    Function<Object, Object> key = item -> foldCase(Filters.follow(item, path, bound[1], budget), caseSensitive);
    List<Object> groups = new ArrayList<>();
    List<Object> members = null;
    Object current = null;
    for (Object item : sorted(keyed(value, key, budget), false, budget)) {
      Object itemKey = key.apply(item);
      if (members == null || !PythonComparison.equal(itemKey, current, budget)) {
        members = new ArrayList<>();
        // The group is called by its first member's own spelling.
        groups.add(new Tuple(new Group(Filters.follow(item, path, bound[1], budget), members)));
      }
      members.add(item);
      current = itemKey;
    }
    return groups;
  }
}
